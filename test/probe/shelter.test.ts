/** The view of the file system that a job gets, by what a host and its file systems allow. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');
const RUNNER = packageFile('probe', 'autoresearch_job');

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'autoresearch-shelter-')));
  for (const folder of ['own', 'named', 'zone', 'own/work', 'copies']) mkdirSync(join(root, folder));
  for (const file of ['own/a.txt', 'named/b.txt']) writeFileSync(join(root, file), 'mine');
});
afterEach(() => removeFolder(root));

/** Enters the view, writes to each of the files, and gives how it was sheltered, and which of the writes failed. */
async function write(folders: string[], named: string[], files: string[], writes = 'copies', before = '') {
  const script = `import json, os, sys
sys.path.insert(0, ${JSON.stringify(RUNNER)})
import shelter
${before}
at = lambda names: [os.path.join(${JSON.stringify(root)}, name) for name in names]
wanted = {"folders": at(${JSON.stringify(folders)}), "named": at(${JSON.stringify(named)}), "keep": at(["own/work"]), "writes": at([${JSON.stringify(writes)}])[0]}
if shelter.possible(wanted, "")[0] == shelter.NONE:
    print(json.dumps(None))
    sys.exit()
# As the job's process does: what it enters goes with it.
if os.fork() == 0:
    how, bare = shelter.enter(wanted, "")
    failed = []
    for file in at(${JSON.stringify(files)}):
        try: open(file, "w").write("job")
        except OSError as error: failed.append([os.path.relpath(file, ${JSON.stringify(root)}), error.strerror])
    print(json.dumps([how, [os.path.relpath(path, ${JSON.stringify(root)}) for path in bare], failed]), flush=True)
    os._exit(0)
os.wait()
print(json.dumps(shelter.written(wanted, 10)[1]))
`;
  const { stdout } = await execa(PYTHON, ['-I', '-S', '-c', script]);
  const [entered = null, count = 0] = stdout.split('\n').map((line) => JSON.parse(line));
  return entered === null ? null : { how: entered[0], bare: entered[1], failed: entered[2], count };
}

const content = (file: string) => readFileSync(join(root, file), 'utf8');

it('keeps apart what is written below both kinds of folders, and counts it', async () => {
  const found = await write(['own'], ['named'], ['own/a.txt', 'own/new.txt', 'named/b.txt', 'own/x.pyc']);
  if (found === null) return;
  expect(found).toEqual({ how: 'overlay', bare: [], failed: [], count: 3 });
  expect([content('own/a.txt'), content('named/b.txt'), existsSync(join(root, 'own/new.txt'))]).toEqual([
    'mine',
    'mine',
    false,
  ]);
});

it('does so where the writes land in one of the folders, as with a workdir in the source', async () => {
  const found = await write(['own', 'zone'], [], ['own/a.txt', 'zone/b.txt', 'own/work/job.log'], 'own/work/writes');
  // Told from a host that allows no view at all.
  if ((await write(['named'], [], [])) === null) return;
  expect(found).toMatchObject({ how: 'overlay', failed: [], count: 2 });
  expect([content('own/a.txt'), existsSync(join(root, 'zone/b.txt')), content('own/work/job.log')]).toEqual([
    'mine',
    false,
    'job',
  ]);
});

it('is read-only for what a job must not change, and leaves what is only named, where no overlay can be mounted', async () => {
  const before = 'shelter._overlay = lambda *_: False';
  const found = await write(['own'], ['named'], ['own/a.txt', 'own/work/job.log', 'named/b.txt'], 'copies', before);
  if (found === null) return;
  expect(found).toMatchObject({
    how: 'read-only',
    bare: ['named'],
    failed: [['own/a.txt', 'Read-only file system']],
  });
  expect([content('own/a.txt'), content('own/work/job.log'), content('named/b.txt')]).toEqual(['mine', 'job', 'job']);
});

describe('by who asks', () => {
  const ask = (command: string, args: string[]) =>
    execa(command, [...args, PYTHON, '-I', '-S', RUNNER, 'shelter', join(root, 'asked')], { reject: false });

  it('is none, and no error, where mounts and user namespaces are refused', async () => {
    const refuse =
      'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"';
    const { exitCode, stdout, stderr } = await ask('unshare', [
      '--user',
      '--map-root-user',
      'bash',
      '-c',
      refuse,
      'bash',
    ]);
    // A host that lets nobody make a user namespace needs no pretence of it.
    if (exitCode !== 0 && /unshare|setpriv|max_user_namespaces|ENOENT/.test(stderr)) return;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'none' });
  });

  it('leaves nothing that a user who is not root cannot remove', async () => {
    const { stdout } = await ask('env', []);
    if (stdout === 'none') return;
    const closed = await execa('find', [root, '-type', 'd', '!', '-perm', '-u+rx']);
    expect(closed.stdout).toBe('');
  });
});
