/**
 * A run goes on with the interpreter that it was started with, or says how that differs, whatever shell goes on with
 * it.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import { python as pythonFinding } from '../../client/doctor/python-check.js';
import { prepareRun } from '../../client/run/prepare-run.js';
import type { EventBody } from '../../domain/run/event-types.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { jobEnvironment } from '../../jobs/job-environment.js';
import { targetPython } from '../../source/target-python.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { fingerprint, project } from '../client/command-line.js';

/** A run that has begun in a virtual environment, which the shell has left since. */
async function startedInVenv() {
  const at = await project();
  const venv = join(await realpath(at.folder), 'venv');
  await promisify(execFile)('python3', ['-m', 'venv', '--without-pip', venv]);
  const outside = process.env.PATH ?? '';
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('PATH', `${join(venv, 'bin')}:${outside}`);
  vi.stubEnv('VIRTUAL_ENV', venv);
  const flags = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python train.py' };
  const { config } = await prepareRun(at.workdir, { ...flags, agent: 'playbook' });
  await mkdir(dirname(new Workdir(at.workdir).plan(1)), { recursive: true });
  vi.stubEnv('PATH', outside);
  vi.stubEnv('VIRTUAL_ENV', '');
  return { ...at, venv, config };
}

/** The run that has begun there ends at once. */
async function endsWithoutBaseline(workdir: string, run: string): Promise<void> {
  const detail = 'the baseline failed: there is no module named numpy.';
  const bodies: EventBody[] = [
    { type: 'run_started', run, limits: DEFAULT_LIMITS },
    { type: 'stopped', reason: 'baseline_failed', detail },
  ];
  await openRunLog(new Workdir(workdir)).append(bodies.map((body, index) => ({ seq: index + 1, atMs: 1, ...body })));
}

async function install(venv: string, name: string): Promise<void> {
  const [version = ''] = await readdir(join(venv, 'lib'));
  const folder = join(venv, 'lib', version, 'site-packages', `${name}-1.0.dist-info`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`);
}

it('launches what the command meant when the run began', async () => {
  const { venv, config, workdir } = await startedInVenv();
  expect(config.launch_environment).toMatchObject({ python: join(venv, 'bin', 'python'), prefix: venv });
  const next = (await prepareRun(workdir, {})).config;
  expect(next.launch_environment).toEqual(config.launch_environment);
  expect(await targetPython(next)).toBe(join(venv, 'bin', 'python'));
  const tree = { root: '/t', sourceDir: '/t/s' };
  const env = jobEnvironment({
    base: process.env,
    config: next,
    workdir: new Workdir(workdir),
    nodeId: 'n',
    tree,
    image: '',
    slot: 0,
  });
  expect(env.PATH?.split(':')[0]).toBe(join(venv, 'bin'));
  expect(env.VIRTUAL_ENV).toBe(venv);
});

it('refuses another installation with the difference, as doctor says it, until a person accepts it', async () => {
  const { venv, config, workdir } = await startedInVenv();
  await install(venv, 'numpy');
  const said = `what is installed for ${join(venv, 'bin', 'python')} changed since this run was started: +numpy==1.0`;
  await expect(prepareRun(workdir, {})).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(said) });
  expect(await pythonFinding(config)).toMatchObject({ state: 'problem', found: said });

  await rm(venv, { recursive: true });
  const gone = { exitCode: 2, message: expect.stringContaining('does not run any more') };
  await expect(prepareRun(workdir, {})).rejects.toMatchObject(gone);

  const accepted = (await prepareRun(workdir, { acceptEnvironment: true })).config;
  expect(accepted.launch_environment?.prefix).not.toBe(venv);
  expect((await prepareRun(workdir, {})).config.launch_environment).toEqual(accepted.launch_environment);
});

it('leads from a baseline that failed for want of a package to a new workdir, and not there by way of a flag', async () => {
  const { venv, config, workdir } = await startedInVenv();
  await endsWithoutBaseline(workdir, config.run_id);
  await install(venv, 'numpy');
  // It tells how it ended.
  expect((await prepareRun(workdir, {})).config).toEqual(config);
  expect((await pythonFinding(config, true)).found).not.toContain('changed since');
  const before = await fingerprint(workdir);
  for (const flags of [{ acceptEnvironment: true }, { sourceDir: config.source_dir }, { jobTimeout: '7200' }]) {
    await expect(prepareRun(workdir, flags)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /its run failed; .*start again with a new workdir: give the same command in a shell/,
      ),
    });
  }
  expect(await fingerprint(workdir)).toEqual(before);
});
