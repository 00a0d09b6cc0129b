/**
 * What an engine takes with it over continue-as-new, by number of experiments: bytes of the payload as it is sent, and
 * the time to make it and to read it; beside it the whole state, which earlier versions took.
 *
 *   node bench/carried-state.mjs [experiments ...]      200 2000 20000 unless told, a few seconds
 */
import { withTypeScript } from '../scripts/typescript.mjs';

process.exitCode = await withTypeScript('/bench/carried-state/carried-state.ts', ({ measureCarriedState }) =>
  measureCarriedState(process.argv.slice(2)),
);
