/** A run that goes on after its code was changed says so in one line, and goes on with the code of then. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareRun } from '../../../client/run/prepare-run.js';
import { openSourceControl } from '../../../source/control/open.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { run, write } from '../../activities/source-fixture.js';
import { syntheticRun } from '../../support/run-events.js';
import { fingerprint, project } from '../command-line.js';

const HELPERS = ['a.py', 'b.py', 'c.py'];

/** Interrupted after its set-up, or after a set-up that failed once the source was anchored. */
async function begun({ inGit, isSetUp }: { inGit: boolean; isSetUp: boolean }) {
  const at = await project();
  write(at.source, Object.fromEntries(HELPERS.map((name) => [name, 'WORKERS = 1\n'])));
  if (inGit) {
    run(at.source, 'init', '-q', '-b', 'main');
    run(at.source, 'add', 'train.py', 'a.py');
    run(at.source, 'commit', '-q', '-m', 'first');
  }
  const flags = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python3 train.py' };
  const { workdir, config } = await prepareRun(at.workdir, { ...flags, agent: 'playbook' });
  const anchor = await (await openSourceControl({ workdir, config })).anchor();
  const { events } = syntheticRun({ followUps: 1, run: config.run_id });
  await openRunLog(workdir).append(isSetUp ? events : events.slice(0, 1));
  return { at, anchor, config };
}

const resumed = async (workdir: string) => (await prepareRun(workdir, {})).notices;

it.each([
  ['in a repository', { inGit: true, isSetUp: true }],
  ['without one', { inGit: false, isSetUp: true }],
  ['whose set-up failed', { inGit: true, isSetUp: false }],
])('a run %s', async (_, how) => {
  const { at, anchor, config } = await begun(how);
  expect(await resumed(at.workdir)).toEqual([]);
  // A new file may be anything.
  await writeFile(join(at.source, 'notes.txt'), 'new\n');
  expect(await resumed(at.workdir)).toEqual([]);

  await writeFile(at.script, 'print("training otherwise")\n');
  const says = (names: string) =>
    `changed in ${at.source} since this run began: ${names}; the run goes on with the code of then ` +
    `(anchor ${anchor.slice(0, 10)}), and a run of the new code is begun in a new workdir`;
  expect(await resumed(at.workdir)).toEqual([says('train.py')]);
  for (const name of HELPERS) await writeFile(join(at.source, name), 'WORKERS = 2\n');
  expect(await resumed(at.workdir)).toEqual([says('train.py, a.py, b.py and 1 more')]);
  await rm(join(at.source, 'c.py'));
  expect(await resumed(at.workdir)).toEqual([says('train.py, a.py, b.py and 1 more')]);
  const before = await fingerprint(join(at.source, how.inGit ? '.git/refs' : ''));
  expect((await prepareRun(at.workdir, {})).config).toEqual(config);
  expect(await fingerprint(join(at.source, how.inGit ? '.git/refs' : ''))).toEqual(before);
});
