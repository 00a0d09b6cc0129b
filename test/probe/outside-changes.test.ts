/**
 * What others make in a folder of a job's view while the job runs: an overlay does not look again for a name by itself.
 */
import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');
const RUNNER = packageFile('probe', 'autoresearch_job');

/**
 * A job that asks whether names are there, before and after others make (or replace) them; null where there is no view.
 */
const SCRIPT = `import json, os, sys
sys.path.insert(0, ${JSON.stringify(RUNNER)})
import shelter
from outside_changes import OutsideChanges
root = sys.argv[1]
at = lambda name: os.path.join(root, name)
wanted = {"folders": [at("own")], "named": [at("named")], "keep": [], "writes": at("copies")}
open(at("named/old"), "w").write("old")
if shelter.possible(wanted, "")[0] != shelter.OVERLAY:
    print(json.dumps(None))
    sys.exit()
names = ["own/ready", "named/ready", "named/deep/ready"]
(asked, ask), (answered, answer) = os.pipe(), os.pipe()
job = os.fork()
if job == 0:
    how, bare = shelter.enter(wanted, "")
    while os.read(asked, 1):
        seen = [os.path.exists(at(name)) for name in names] + [open(at("named/old")).read()]
        os.write(answer, (json.dumps(seen) + "\\n").encode())
watch = OutsideChanges(wanted, shelter.OVERLAY, [])
answers = os.fdopen(answered)
def look():
    os.write(ask, b"?")
    return json.loads(answers.readline())
found = [look()]
watch.look(job)
for name in names: open(at(name), "w").close()
open(at("named/new"), "w").write("new")
os.replace(at("named/new"), at("named/old"))
watch.look(job)
found.append(look())
os.kill(job, 9)
print(json.dumps(found))
`;

it('is seen by the job', async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'autoresearch-outside-')));
  try {
    for (const folder of ['own', 'named/deep', 'copies']) mkdirSync(join(root, folder), { recursive: true });
    const { stdout } = await execa(PYTHON, ['-I', '-S', '-B', '-c', SCRIPT, root]);
    const found = JSON.parse(stdout);
    if (found === null) return;
    expect(found).toEqual([
      [false, false, false, 'old'],
      [true, true, true, 'new'],
    ]);
  } finally {
    await removeFolder(root);
  }
});
