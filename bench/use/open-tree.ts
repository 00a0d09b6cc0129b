/** How long an experiment's tree of 2,000 files takes to open, beside `git worktree add` of the same commit. */
import { join } from 'node:path';
import { open, repository, run, temporaryFolder } from '../../test/activities/source-fixture.js';
import { removeFolder } from '../../test/support/remove-folder.js';

const FILES = 2000;
/** The best of interleaved rounds counts: what else the machine does hits both. */
const ROUNDS = ['a', 'b', 'c', 'd'];

export async function measureTrees(): Promise<void> {
  const folder = temporaryFolder();
  try {
    const many = Array.from({ length: FILES }, (_, i) => [`many/${i % 40}/f${i}.py`, `X = ${i}\n`]);
    const source = repository(join(folder, 'repo'), Object.fromEntries(many));
    const code = await open(join(folder, 'workdir'), source);
    const anchor = await code.anchor();
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (const name of ROUNDS) {
      const start = performance.now();
      await code.openTree(name, anchor);
      const between = performance.now();
      run(source, 'worktree', 'add', '-q', '--detach', join(folder, name), anchor);
      ours.push(between - start);
      theirs.push(performance.now() - between);
    }
    const [own, git] = [Math.min(...ours), Math.min(...theirs)];
    console.info(
      `${FILES} files: ${own.toFixed(0)} ms, git worktree add ${git.toFixed(0)} ms: ${(own / git).toFixed(2)} times`,
    );
  } finally {
    await removeFolder(folder);
  }
}
