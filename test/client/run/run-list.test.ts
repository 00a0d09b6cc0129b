import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listRuns, listText } from '../../../client/run/run-list.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { ConfirmedStory } from '../../domain/confirmed-story.js';
import { removeFolder } from '../../support/remove-folder.js';
import { type SyntheticRun, syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

async function folderOf(runs: Record<string, SyntheticRun>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-list-'));
  onTestFinished(() => removeFolder(root));
  for (const [name, run] of Object.entries(runs)) {
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events);
    await mkdir(join(root, name, '..'), { recursive: true });
    await rename(workdir.root, join(root, name));
  }
  return root;
}

/** Its engine has made its last reports. */
function reported(run: SyntheticRun): SyntheticRun {
  const { seq, atMs } = run.events.at(-1)!;
  return { ...run, events: [...run.events, { seq: seq + 1, atMs, type: 'reported' }] };
}

it('finds runs below a folder, the newest first, and says where each stands', async () => {
  const ended = reported(syntheticRun({ followUps: 6, stopped: true }));
  const open = syntheticRun({ followUps: 6, open: 2 });
  const root = await folderOf({ 'a/ended': ended, 'a/deep/open': open, 'node_modules/x': ended, '.other/x': ended });
  const runs = await listRuns(root);
  expect(runs).toHaveLength(2);
  expect(runs.map(({ updated_at }) => updated_at)).toEqual(
    runs
      .map((run) => run.updated_at)
      .sort()
      .reverse(),
  );
  const of = (name: string) => runs.find(({ workdir }) => workdir.endsWith(name))!;
  expect(of('a/ended')).toMatchObject({ status: 'stopped', best: { node_id: expect.stringMatching(/^\d{3}_/) } });
  expect(of('deep/open')).toMatchObject({ status: 'not running (running)' });
  expect(listText(root, runs)).toMatch(/workdir +status +done +best +gain +last event\n/);
});

it('finds the demos that stand in a checkout', async () => {
  const root = await folderOf({ '.demo/20261130-0800/demo': syntheticRun({ followUps: 1 }) });
  expect((await listRuns(root)).map(({ workdir }) => workdir)).toEqual([join(root, '.demo/20261130-0800/demo')]);
});

it('says of a run whose engine went before its last reports that it has none', async () => {
  const root = await folderOf({ left: syntheticRun({ followUps: 2, stopped: true }) });
  expect(await listRuns(root)).toMatchObject([{ status: 'stopped, without its reports' }]);
  expect(listText(root, await listRuns(root))).toContain('stopped, without its reports');
});

it('says of a run that cannot be read why, and lists the others', async () => {
  const root = await folderOf({ one: syntheticRun({ followUps: 2 }), two: syntheticRun({ followUps: 2 }) });
  await writeFile(join(root, 'one', 'config.json'), 'no json');
  const runs = await listRuns(root);
  expect(runs.map(({ status }) => status).sort()).toEqual(['not running (running)', 'unreadable']);
  expect(listText(root, runs)).toContain('config.json');
});

it('counts what has completed as tables do, without repeats', async () => {
  const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 200).settles({ '002_a': 200 });
  const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 0 }));
  await openRunLog(workdir).append(story.events);
  expect(Object.keys(story.state.experiments).length).toBeGreaterThan(6);
  expect(await listRuns(workdir.root)).toMatchObject([{ completed: 4 }]);
});

it('tells that there is none', async () => {
  const root = await folderOf({});
  expect(listText(root, await listRuns(root))).toBe(`no runs below ${root}`);
  await expect(listRuns(join(root, 'nowhere'))).rejects.toThrow('ENOENT');
});
