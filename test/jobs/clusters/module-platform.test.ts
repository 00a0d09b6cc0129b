/** A platform that is a module of the user's, through the conformance suite; and what is said of one that is none. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { packageFile } from '../../../host/package-files.js';
import { loadScheduler } from '../../../jobs/clusters/module-scheduler.js';
import { ScheduledPlatform } from '../../../jobs/clusters/scheduled-platform.js';
import { createPlatform, platformProblem } from '../../../jobs/platforms/index.js';
import { jobNameOf } from '../../../jobs/platforms/platform.js';
import { Workdir } from '../../../workdir/paths.js';
import type { RunContext } from '../../../workdir/run-context.js';
import { describePlatform } from '../../support/platforms/conformance.js';
import { removeFolder } from '../../support/remove-folder.js';
import { SmallDisk } from '../../support/small-disk.js';

const MODULE = packageFile('test', 'fixtures', 'platforms', 'spool.mjs');
const spools = await mkdtemp(join(tmpdir(), 'autoresearch-spool-'));
let spool = '';

beforeEach(async () => {
  spool = await mkdtemp(join(spools, 's'));
  process.env.AUTORESEARCH_TEST_SPOOL = spool;
});
afterAll(() => removeFolder(spools));

let serial = 0;
const made = async (context: RunContext) => {
  const scheduler = await loadScheduler(MODULE);
  return new ScheduledPlatform(scheduler, context, { lookEveryMs: 50, recordLagMs: 2000, acceptedLagMs: 1000 });
};

describePlatform('spool (a module)', {
  make: made,
  jobsNamed: async (name) => (await readdir(spool)).filter((id) => id.split('~')[0] === name).length,
  dieAfterSubmit: async (context) => {
    const platform = await made(context);
    return {
      ...platform,
      launch: async (request: Parameters<typeof platform.launch>[0]) => {
        process.env.AUTORESEARCH_TEST_DIE = 'after submit';
        try {
          return await platform.launch(request);
        } finally {
          delete process.env.AUTORESEARCH_TEST_DIE;
        }
      },
    } as unknown as ScheduledPlatform;
  },
  forget: async () => {
    for (const id of await readdir(spool)) await removeFolder(join(spool, id));
  },
});

it('tells a scheduler how its job ended', async () => {
  const root = await mkdtemp(join(spools, 'r'));
  const context = {
    workdir: new Workdir(join(root, 'work')),
    config: { run_id: 'told', local_execution_mode: 'full', python: '', poll_interval: 1 },
    log: () => {},
  } as unknown as RunContext;
  const platform = await made(context);
  const { PATH = '' } = process.env;
  for (const [nodeId, command, code] of [
    ['n1', 'exit 5', '5'],
    ['n2', 'true', '0'],
    ['n3', 'kill -9 $$', '137'],
  ] as const) {
    const metricsDir = context.workdir.metrics(nodeId);
    const jobName = jobNameOf('told', nodeId);
    await platform.launch({
      ...{ jobName, nodeId, command, metricsDir, cwd: root, env: { PATH }, cpus: null, hold: null },
      ...{ timeoutS: 60, stallTimeoutS: 0 },
    });
    const id = (await readdir(spool)).find((each) => each.startsWith(`${jobName}~`))!;
    await vi.waitUntil(() => existsSync(join(spool, id, 'code')), { timeout: 20_000 });
    expect(await readFile(join(spool, id, 'code'), 'utf8')).toBe(`${code}\n`);
  }
});

it('ends a job at its scheduler on a disk that is full', async ({ skip }) => {
  const problem = await SmallDisk.problem();
  if (problem !== null) skip(problem);
  await using disk = await SmallDisk.mount(await mkdtemp(join(spools, 'd')), 4);
  const context = {
    workdir: new Workdir(join(disk.root, 'work')),
    config: { run_id: 'full', local_execution_mode: 'full', python: '', poll_interval: 1 },
    log: () => {},
  } as unknown as RunContext;
  const platform = await made(context);
  const { PATH = '' } = process.env;
  const { jobId } = await platform.launch({
    ...{
      jobName: jobNameOf('full', 'n1'),
      nodeId: 'n1',
      command: 'echo begun; sleep 600',
      metricsDir: context.workdir.metrics('n1'),
    },
    ...{ cwd: spool, env: { PATH }, cpus: null, hold: null, timeoutS: 900, stallTimeoutS: 0 },
  });
  const [id] = await readdir(spool);
  // A runner that is ended before it has begun tells nobody, and the spool knows only what its shell notes.
  await vi.waitUntil(async () => (await platform.logs(jobId, 100)).stdout.includes('begun'), { timeout: 20_000 });
  await disk.fill();
  const first = platform.cancel(jobId).catch(() => undefined);
  await vi.waitUntil(() => existsSync(join(spool, id!, 'cancelled')), { timeout: 20_000 });
  await disk.makeRoom();
  await first;
  // What could not be written has failed it; it is then tried again.
  await platform.cancel(jobId);
  expect(await platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
});

describe('a module of a platform', () => {
  const written = async (text: string) => {
    const path = join(spool, `p${++serial}.mjs`);
    await writeFile(path, text);
    return path;
  };

  it.each([
    ['export const x = 1;', /default export is missing; it must be an object \{ name, submit, find, states, cancel \}/],
    ['export default { name: "Up" };', /its name is "Up"; it must be lower-case/],
    ['export default { name: "local" };', /and not be local/],
    ['export default { name: "mine", submit() {}, find() {} };', /it has no function states \(docs\/platforms\.md\)/],
    ['export default () => { throw new Error("no licence"); };', /cannot be loaded: no licence/],
  ])('%s is refused', async (text, says) => {
    expect(await platformProblem(await written(text))).toMatch(says);
  });

  it('is used by its path', async () => {
    expect(await platformProblem(MODULE)).toBeNull();
    const context = { config: { poll_interval: 1, run_id: 'r' }, log: () => {} } as unknown as RunContext;
    expect((await createPlatform(MODULE, context)).name).toBe('spool');
  });

  it('stands in the guide as it is tested', async () => {
    const guide = await readFile(packageFile('docs', 'platforms.md'), 'utf8');
    expect(guide).toContain(await readFile(MODULE, 'utf8'));
  });
});
