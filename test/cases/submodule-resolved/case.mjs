// Shape: worktrees and submodules (dvc #10823, t3code #7672). A submodule holds the loading code, and finds its neighbours
// by os.path.realpath(__file__), as many vendored libraries do.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { broken } from '../facts.mjs';

export default {
  script: 'train.py',
  launch: '{python} train.py --num-workers 2',
  before: async ({ source, scratch, name, git, commitAll }) => {
    const library = join(scratch, 'library');
    cpSync(join(name, 'library'), library, { recursive: true });
    await commitAll(library, 'lib');
    const add = ['submodule', '--quiet', 'add', library, 'third_party/feeds-lib'];
    await git(source, '-c', 'protocol.file.allow=always', ...add);
    await commitAll(source, 'with the library');
  },
  right: 'the submodule is there in each tree and is no wrong source; --num-workers wins',
  check: (facts) => [
    ...broken({
      'the exit code is 0': facts.exitCode === 0,
      'the baseline is measured': facts.baseline > 0,
    }),
    ...(facts.isShort ? [] : broken({ 'more workers win': facts.bestRate > 1.2 * facts.baseline })),
  ],
};
