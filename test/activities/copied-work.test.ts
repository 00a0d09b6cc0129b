/** Content decides what is a duplicate: the same code under the same command is tried once, whatever it is called. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import type { ExperimentIdentity } from '../../domain/run/experiment-record.js';
import { failure } from '../../domain/run/failure.js';
import { HostileRun, PLANNED } from './hostile-fixture.js';

let run: HostileRun;
let base = '';
beforeAll(async () => {
  run = await HostileRun.make();
  const seed = { parentId: null, startCommit: null, priority: -1000, changeSet: [], tags: [] };
  await run.tell({
    type: 'experiment_added',
    experiment: { ...seed, nodeId: '000_baseline', name: 'baseline', kind: 'baseline', origin: { from: 'seed' } },
  });
  base = run.baseCommand;
});
afterAll(() => run.remove());

const edit = (to: number) => ({ edits: [{ path: 'two.py', old: 'A = 1', new: `A = ${to}` }] });
const diff = (to: number) => ({ patch: `--- a/two.py\n+++ b/two.py\n@@ -1 +1 @@\n-A = 1\n+A = ${to}\n` });
const reply = (to: number) => `\`\`\`json\n${JSON.stringify(edit(to))}\n\`\`\``;
const offer = (request: string, experiment: object) => run.accept(request, experiment, { offered: true });

async function queue(nodeId: string, request: string, experiment: object): Promise<ExperimentIdentity> {
  const answer = await offer(request, experiment);
  if (!('experiment' in answer)) throw new Error(JSON.stringify(answer));
  const { request: _, ...identity } = answer.experiment;
  const added = { ...identity, nodeId, origin: { from: 'user', request } } as const;
  await run.tell({ type: 'experiment_added', experiment: added });
  return added;
}

function planned(nodeId: string): ExperimentIdentity {
  return { ...PLANNED, nodeId, name: nodeId.slice(4), changeSet: [nodeId] };
}

async function complete(nodeId: string, commit: string): Promise<void> {
  const job = { commit, jobId: `job_${nodeId}`, launchedAtMs: 1, durationS: 1 };
  const result = { metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: 10 }, sources: {}, findings: [] };
  await run.tell({ type: 'experiment_completed', nodeId, result, job });
}

it('refuses code that is queued already, by whatever name, words and format', async () => {
  const mine = await queue('003_mine', 'r1', { name: 'mine', ...edit(2) });
  expect(mine.changeSet).toEqual([expect.stringMatching(/^own code in two\.py \[code [0-9a-f]{12}\]$/)]);
  const again = { accepted: false, reason: '003_mine has the same code and the same launch command' };
  expect(await offer('r2', { name: 'other', description: 'a better one', ...diff(2) })).toEqual(again);
  expect(await offer('r3', { name: 'third', changes: ['faster'], ...edit(2) })).toEqual(again);
  const spelled = base.replace('--workers 2', "  --workers='2'");
  expect(await offer('r4', { name: 'spelled', launch_command: spelled, ...edit(2) })).toEqual(again);
  expect(await offer('r1', { name: 'mine', ...edit(2) })).toEqual({ accepted: true, known: '003_mine' });
});

it('takes the same code under another command, and other code under the same words', async () => {
  const more = base.replace('--workers 2', '--workers 4');
  expect(await offer('r5', { name: 'flags', launch_command: more, ...edit(2) })).toMatchObject({ accepted: true });
  await queue('004_words', 'r6', { name: 'words', changes: ['faster'], ...edit(5) });
  expect(await offer('r7', { name: 'words', changes: ['faster'], ...edit(6) })).toMatchObject({ accepted: true });
});

it('refuses code that changes nothing: it is the baseline', async () => {
  const nothing = { name: 'nothing', edits: [{ path: 'two.py', content: 'A = 1\nB = 1\n' }] };
  expect(await offer('r8', nothing)).toEqual({ accepted: false, reason: expect.stringMatching(/^000_baseline has/) });
});

it('takes nobody else for the author of a code', async () => {
  const mark = (await queue('005_marked', 'r9', { name: 'marked', description: 'bigger pool', ...edit(7) })).changeSet;
  expect(mark).toEqual([expect.stringMatching(/^bigger pool \[code /)]);
  const answer = await run.accept('r10', { name: 'stack', changes: mark });
  expect(answer).toEqual({ accepted: false, reason: expect.stringMatching(/bigger pool .* \(goto\)/) });
});

it('ends the copy of what was measured without a job, twice alike', async () => {
  const one = await queue('006_one', 'r11', { name: 'one', ...edit(8) });
  const made = await run.apply('', one);
  await complete('006_one', made.commit);
  const copy = { type: 'duplicate_work', details: [{ kind: 'duplicate_work', details: { copy_of: '006_one' } }] };
  await run.tell({ type: 'experiment_added', experiment: planned('007_copy') });
  await expect(run.apply(reply(8), planned('007_copy'))).rejects.toMatchObject(copy);
  await expect(run.apply(reply(8), planned('007_copy'))).rejects.toMatchObject(copy);
});

it('tells copies apart that one worker prepares at one time, and gives the first its commit again', async () => {
  await run.tell({ type: 'experiment_added', experiment: planned('008_a') });
  await run.tell({ type: 'experiment_added', experiment: planned('009_b') });
  const apply = run.applier(reply(9));
  const first = await apply({ run: 'run-1', experiment: planned('008_a') });
  await expect(apply({ run: 'run-1', experiment: planned('009_b') })).rejects.toMatchObject({
    details: [{ details: { copy_of: '008_a' } }],
  });
  expect(await apply({ run: 'run-1', experiment: planned('008_a') })).toEqual(first);
});

it('tries again what failed, and leaves what has launched alone', async () => {
  await run.tell({ type: 'experiment_added', experiment: planned('010_broken') });
  const { commit } = await run.apply(reply(10), planned('010_broken'));
  const broken = failure('job_failed', 'it died', 1);
  await run.tell({ type: 'experiment_failed', nodeId: '010_broken', failure: broken, job: { commit } });
  await run.tell({ type: 'experiment_added', experiment: planned('011_again') });
  const again = await run.apply(reply(10), planned('011_again'));
  await complete('011_again', again.commit);
  await run.tell({ type: 'experiment_added', experiment: planned('012_launched') });
  await run.tell({ type: 'experiment_prepared', nodeId: '012_launched', commit: again.commit });
  expect(await run.apply(reply(10), planned('012_launched'))).toMatchObject({ changed: true });
});
