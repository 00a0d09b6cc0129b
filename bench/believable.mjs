/**
 * Prints how often a lucky run is kept and a real gain is missed, with repeats and without: `node
 * bench/believable.mjs`.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

await withTypeScript('/bench/believable/believable-report.ts', ({ believableReport }) =>
  console.log(believableReport()),
);
