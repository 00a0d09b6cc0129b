/** The real torchx for tests, where one is installed (scripts/setup/torchx.mjs says where it is looked for). */
import { findTorchx } from '../../scripts/setup/torchx.mjs';

/** Absolute path, or null. */
export const torchxProgram: string | null = findTorchx();

/** For the title of tests that are skipped where there is no torchx: it tells why. */
export const onTorchx = (title: string) =>
  torchxProgram !== null
    ? title
    : `${title} [skipped: there is no torchx; \`node scripts/setup.mjs torchx\` installs it, AUTORESEARCH_TORCHX_PROGRAM names one]`;
