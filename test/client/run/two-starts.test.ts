/** Two that start one workdir at the same time: one run, one engine, and a sentence for the other. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Refusal } from '../../../client/output/refusal.js';
import { prepareRun } from '../../../client/run/prepare-run.js';
import { spawnWorker } from '../../../client/run/worker-process.js';
import { acquireEngineLock } from '../../../worker/engine-lock.js';
import { temporaryWorkdir } from '../../support/synthetic-workdir.js';
import { project } from '../command-line.js';

it('prepare one run, whichever of the two was faster', async () => {
  const at = await project();
  const needed = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python train.py' };
  const options = { ...needed, agent: 'playbook' };
  const prepared = await Promise.all([1, 2, 3].map(() => prepareRun(at.workdir, options)));
  const { run_id } = JSON.parse(await readFile(join(at.workdir, 'config.json'), 'utf8'));
  expect(prepared.map(({ config }) => config.run_id)).toEqual([run_id, run_id, run_id]);
  expect(prepared.filter(({ isNew }) => isNew)).toHaveLength(1);
});

it('tell the slower one that an engine works on it, as bad input', async () => {
  const workdir = await temporaryWorkdir();
  const lock = await acquireEngineLock(workdir);
  const worker = await spawnWorker(['-e', 'process.exit(1)'], workdir, workdir.at('logs', 'worker.log'));
  const failure = await worker.failure.catch((error: unknown) => error);
  await lock.release();
  expect(failure).toBeInstanceOf(Refusal);
  expect((failure as Refusal).message).toContain(`an engine works on it already (process ${process.pid},`);
});

it('tell what the process said where no other engine works on it', async () => {
  const workdir = await temporaryWorkdir();
  const command = ['-e', 'console.error("no luck"); process.exitCode = 1'];
  const worker = await spawnWorker(command, workdir, workdir.at('logs', 'worker.log'));
  await expect(worker.failure).rejects.toThrow("the engine's process ended (exit code 1): no luck");
});
