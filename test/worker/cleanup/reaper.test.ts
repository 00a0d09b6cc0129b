/** What a killed engine left goes, and nothing that is in use, that is asked to stay, or that is not the run's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunConfig } from '../../../domain/formats/config.js';
import type { EventBody } from '../../../domain/run/event-types.js';
import { SEEDS } from '../../../domain/run/experiment-record.js';
import { failure } from '../../../domain/run/failure.js';
import { DEFAULT_LIMITS } from '../../../domain/run/limits.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { processIdentity } from '../../../host/process-identity.js';
import { recordProcess } from '../../../host/recorded-process.js';
import { LocalPlatform } from '../../../jobs/platforms/local.js';
import { jobNameOf } from '../../../jobs/platforms/platform.js';
import { openSourceControl } from '../../../source/control/open.js';
import { Trees } from '../../../source/control/trees.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { Workdir } from '../../../workdir/paths.js';
import { reap } from '../../../worker/cleanup/reaper.js';
import { untilGone } from '../../activities/job-fixture.js';
import { configOf, repository, temporaryFolder } from '../../activities/source-fixture.js';
import { removeFolder } from '../../support/remove-folder.js';

const ENDED = '000_baseline';
const OPEN = '001_mtp';
/** Its job came up when its tree had gone. */
const WITHOUT_TREE = '000_headspace';
/** Above what a system gives out. */
const DEAD_PID = 2 ** 22 + 1;

let root: string;
let workdir: Workdir;
let config: RunConfig;
let platform: LocalPlatform;
let agent: ChildProcess;
const told: string[] = [];

beforeEach(async () => {
  root = temporaryFolder();
  workdir = new Workdir(join(root, 'workdir'));
  mkdirSync(workdir.root);
  config = configOf(repository(join(root, 'source')));
  platform = new LocalPlatform({ workdir, config, log: () => undefined }, 0.3);
  const run = config.run_id;
  const bodies: EventBody[] = [
    { type: 'run_started', run, limits: DEFAULT_LIMITS },
    ...SEEDS.map((seed) => ({
      type: 'experiment_added' as const,
      experiment: { ...seed, tags: [...seed.tags], changeSet: [seed.kind] },
    })),
    ...[ENDED, WITHOUT_TREE].map((nodeId) => ({
      type: 'experiment_failed' as const,
      nodeId,
      failure: failure('unexpected_exception', 'terminated', 1),
    })),
  ];
  await openRunLog(workdir).append(bodies.map((body, index) => ({ seq: index + 1, atMs: 1, ...body })));
  const sourceControl = await openSourceControl({ workdir, config });
  const commit = await sourceControl.anchor();
  for (const name of [ENDED, OPEN, 'view_apply_x']) await sourceControl.openTree(name, commit);
  mkdirSync(join(workdir.trees, 'mine'));
  mkdirSync(join(Trees.writesOf(workdir.trees, WITHOUT_TREE), '1', 'upper'), { recursive: true });
  mkdirSync(join(Trees.adminOf(workdir.trees), 'view_without_tree'), { recursive: true });
  for (const nodeId of [ENDED, OPEN]) {
    await platform.launch({
      jobName: jobNameOf(run, nodeId),
      nodeId,
      command: 'sleep 600',
      cwd: workdir.treeOf(nodeId),
      env: { PATH: process.env.PATH ?? '' },
      timeoutS: 600,
      stallTimeoutS: 0,
      metricsDir: workdir.metrics(nodeId),
      cpus: null,
      hold: null,
    });
  }
  agent = spawn('sleep', ['600'], { detached: true });
  await recordProcess(workdir.at('engine', 'calls', 'plan_001.pid.json'), agent.pid ?? 0);
  const holder = (pid: number, process_start: string) => ({ pid, process_start, nonce: 'n', taken_at: 'now' });
  await writeJsonAtomic(workdir.at('engine', 'engine.lock.n1'), holder(DEAD_PID, 'x'));
  const own = holder(process.pid, (await processIdentity(process.pid)) ?? '');
  await writeJsonAtomic(workdir.at('engine', 'temporal.lock.n2.draft'), own);
  told.length = 0;
});

afterEach(async () => {
  for (const nodeId of [ENDED, OPEN]) await platform.cancel(`local_${nodeId}`);
  agent.kill('SIGKILL');
  await removeFolder(root);
});

const reaped = (more: { isAlone?: boolean; keep_trees?: boolean } = {}) =>
  reap({
    workdir,
    config: { ...config, keep_trees: more.keep_trees ?? false },
    log: (message, fields) => told.push(`${message} ${JSON.stringify(fields)}`),
    isAlone: more.isAlone ?? true,
  });
const trees = () => readdirSync(workdir.trees).filter((name) => !name.startsWith('.'));
const stateOf = async (nodeId: string) => (await platform.status(`local_${nodeId}`)).state;

it('removes what is finished, says so, and finds nothing the second time', async () => {
  await reaped();
  expect(trees()).toEqual([OPEN, 'mine']);
  expect(existsSync(Trees.writesOf(workdir.trees, WITHOUT_TREE))).toBe(false);
  expect(existsSync(join(Trees.adminOf(workdir.trees), 'view_without_tree'))).toBe(false);
  expect([await stateOf(ENDED), await stateOf(OPEN)]).toEqual(['ended', 'running']);
  await untilGone(agent.pid ?? 0);
  expect(existsSync(workdir.at('engine', 'engine.lock.n1'))).toBe(false);
  expect(existsSync(workdir.at('engine', 'temporal.lock.n2.draft'))).toBe(true);
  expect(told.filter((line) => line.includes('could not'))).toEqual([]);
  for (const what of ['plan_001', `local_${ENDED}`, 'view_apply_x', 'engine.lock.n1'])
    expect(told.join('\n')).toContain(what);
  told.length = 0;
  await reaped();
  expect(told).toEqual([]);
});

it('leaves trees that are to be kept, but for those that were only looked at', async () => {
  await reaped({ keep_trees: true });
  expect(trees()).toEqual([ENDED, OPEN, 'mine']);
});

it('leaves what may be in use by the worker of another host', async () => {
  await reaped({ isAlone: false });
  expect(trees()).toEqual([OPEN, 'mine', 'view_apply_x']);
  expect(await stateOf(ENDED)).toBe('running');
  expect(existsSync(workdir.at('engine', 'engine.lock.n1'))).toBe(true);
});
