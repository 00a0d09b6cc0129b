/** Types of torchx.mjs, for the tests that use it. */
export function findTorchx(env?: NodeJS.ProcessEnv): string | null;
