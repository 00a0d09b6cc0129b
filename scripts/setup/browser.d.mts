/** Types of browser.mjs, for the tests that use it. */
export function findChromium(env?: NodeJS.ProcessEnv): string | null;
