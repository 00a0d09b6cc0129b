/** A disk that is full while a job runs: the job is not lost, whatever it ends as. */
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import { classifyJobEnd } from '../../domain/verdict/job-outcome.js';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';
import { SmallDisk } from '../support/small-disk.js';
import { JobFixture } from './job-fixture.js';

/** Skips the test, with the reason, where no disk can be mounted. */
async function onSmallDisk({ skip }: TestContext): Promise<{ disk: SmallDisk; jobs: JobFixture }> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-disk-'));
  onTestFinished(() => removeFolder(folder));
  const problem = await SmallDisk.problem();
  if (problem !== null) skip(problem);
  const disk = await SmallDisk.mount(join(folder, 'disk'), 4);
  onTestFinished(() => disk[Symbol.asyncDispose]());
  const jobs = await JobFixture.make({}, disk.root);
  onTestFinished(() => jobs.remove());
  return { disk, jobs };
}

const outside = async (name: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-gate-'));
  onTestFinished(() => removeFolder(folder));
  return join(folder, name);
};

it('keeps the end of a job until there is room to write it down', async (context) => {
  const { disk, jobs } = await onSmallDisk(context);
  const [gate, over] = [await outside('gate'), await outside('over')];
  const command = `until [ -e ${gate} ]; do sleep 0.02; done; touch ${over}; exit 7`;
  const { jobId } = await jobs.platform.launch(await jobs.request('n1', command));
  await disk.fill();
  await writeFile(gate, '');
  while (!existsSync(over)) await sleep(20);
  // Longer than the runner needs to notice its end: it has tried to write it down.
  await sleep(700);
  expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
  await disk.makeRoom();
  expect(await jobs.end(jobId)).toMatchObject({ returnCode: 7, cause: 'exit' });
});

it('ends a job at its time limit on a full disk as well', async (context) => {
  const { disk, jobs } = await onSmallDisk(context);
  const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'sleep 600', { timeoutS: 1 }));
  const { pid } = await jobs.record(jobId);
  await disk.fill();
  while (existsSync(`/proc/${pid}`)) await sleep(20);
  await disk.makeRoom();
  expect(await jobs.end(jobId)).toMatchObject({ cause: 'timeout' });
});

it('says of a job that could not print that its disk was full', async (context) => {
  const { disk, jobs } = await onSmallDisk(context);
  const [gate, over] = [await outside('gate'), await outside('over')];
  const command = `until [ -e ${gate} ]; do sleep 0.02; done; echo metric; printed=$?; touch ${over}; exit $printed`;
  const { jobId } = await jobs.platform.launch(await jobs.request('n1', command));
  await disk.fill();
  await writeFile(gate, '');
  while (!existsSync(over)) await sleep(20);
  // As above: the runner has seen a full disk after that.
  await sleep(700);
  await disk.makeRoom();
  const end = await jobs.end(jobId);
  expect(end).toMatchObject({ returnCode: 1, cause: 'exit', diskWasFull: true });
  const silent = { sawMetric: false, stdoutTail: '', stderrTail: '', timeoutS: 60, stallTimeoutS: 0 };
  expect(classifyJobEnd({ ...silent, ...end })?.message).toContain('its disk was full');
});

it('says so as well where there is room again before anybody looks', async (context) => {
  const { disk, jobs } = await onSmallDisk(context);
  const ballast = join(disk.root, 'own-ballast');
  const script = join(disk.root, 'fill.py');
  await writeFile(script, `file = open('${ballast}', 'wb', buffering=0)\nwhile True: file.write(bytes(4096))\n`);
  const probed = { PYTHONPATH: packageFile('probe'), AUTORESEARCH_METRICS_DIR: jobs.context.workdir.metrics('n1') };
  const request = await jobs.request('n1', `python3 ${script}; rm ${ballast}; exit 1`);
  const { jobId } = await jobs.platform.launch({ ...request, env: { ...request.env, ...probed } });
  expect(await jobs.end(jobId)).toMatchObject({ returnCode: 1, cause: 'exit', diskWasFull: true });
});

it('a runner that cannot even complain goes on', async () => {
  const script = [
    'import sys',
    `sys.path.insert(0, ${JSON.stringify(packageFile('probe', 'autoresearch_job'))})`,
    'from sampling import Sampler',
    // Neither the folder of its table nor its own log takes a byte.
    "Sampler('/dev/null/metrics', {}, None)._append('system.tsv', '1')",
    "print('goes on')",
  ].join('\n');
  const { stdout } = await execa('bash', ['-c', 'exec python3 -I -c "$0" 2> /dev/full', script]);
  expect(stdout).toBe('goes on');
});
