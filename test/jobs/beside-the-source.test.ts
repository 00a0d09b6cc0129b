/** What lies beside the repository and is reached by `../` is found beside each tree as well, and is not written to. */
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { open, repository, temporaryFolder, write } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  write(folder, { 'lib/feeds.py': 'RATE = 7\n', 'unnamed/a.txt': 'a' });
});
afterEach(() => removeFolder(folder));

const IMPORT = 'import feeds\nprint(feeds.RATE)\n';

it.each([
  { by: 'PYTHONPATH in the launch command', launch: 'PYTHONPATH=../lib python3 train.py', code: IMPORT },
  {
    by: 'sys.path in the code, up from the file',
    launch: 'python3 train.py',
    code: `import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).absolute().parents[1] / "lib"))\n${IMPORT}`,
  },
  {
    by: 'sys.path in the code, up from the current folder',
    launch: 'python3 train.py',
    code: `import os, sys\nsys.path.insert(0, os.path.join("..", "lib"))\n${IMPORT}`,
  },
])('by $by', async ({ launch, code }) => {
  const source = repository(join(folder, 'app'), { 'train.py': code });
  const workdir = join(folder, 'runs of mine', 'workdir');
  const control = await open(workdir, source, { base_launch_command: launch });
  for (const node of ['000_baseline', '001_more']) {
    const { sourceDir } = await control.openTree(node, await control.anchor());
    const { stdout } = await execa('bash', ['-c', launch], { cwd: sourceDir, env: { PYTHONDONTWRITEBYTECODE: '1' } });
    expect(stdout).toBe('7');
    await expect(execa('ls', ['../unnamed'], { cwd: sourceDir })).rejects.toThrow('No such file');
  }
  // The shelter keeps what jobs write there apart, and other workers of the run know it as well.
  expect(await (await open(workdir, source)).originals()).toContain(join(folder, 'lib'));
  await control.closeTree('000_baseline');
  expect(readFileSync(join(folder, 'lib/feeds.py'), 'utf8')).toBe('RATE = 7\n');
});

it('leads to a link beside the repository, too, and never into the workdir', async () => {
  symlinkSync('lib', join(folder, 'current'));
  const launch = 'cat ../current/feeds.py ../work/config.json';
  const source = repository(join(folder, 'app'));
  const control = await open(join(folder, 'work'), source, { base_launch_command: launch });
  const { sourceDir } = await control.openTree('000_baseline', await control.anchor());
  const { stdout } = await execa('cat', ['../current/feeds.py'], { cwd: sourceDir });
  expect(stdout).toBe('RATE = 7');
  await expect(execa('ls', ['../work'], { cwd: sourceDir })).rejects.toThrow('No such file');
});
