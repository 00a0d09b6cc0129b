/** The time that a tree of 2,000 files takes to open, against `git worktree add`: `node bench/open-tree.mjs`. */
import { withTypeScript } from '../scripts/typescript.mjs';

await withTypeScript('/bench/use/open-tree.ts', ({ measureTrees }) => measureTrees());
