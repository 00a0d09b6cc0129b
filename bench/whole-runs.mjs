/**
 * Prints what whole simulated runs cost and bring, with a search that waits until candidates are decided and one that
 * goes on: `node bench/whole-runs.mjs`.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

await withTypeScript('/bench/believable/whole-runs.ts', ({ wholeRunsReport }) => console.log(wholeRunsReport()));
