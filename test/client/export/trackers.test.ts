import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { crc32c } from '../../../client/export/event-file.js';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { writeFileAtomic, writeJsonAtomic } from '../../../host/atomic-file.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { autoresearch, temporaryFolder } from '../command-line.js';

const run = promisify(execFile);
const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'trackers');

/** A run whose baseline left step lines and samples. */
async function recorded(config: object = {}) {
  const events = syntheticRun({ followUps: 4, failuresOfTen: 3, stopped: true });
  const { workdir } = await syntheticWorkdir(events);
  await openRunLog(workdir).append(events.events);
  await writeJsonAtomic(workdir.config, { ...events.config, ...config });
  const state = await openRunLog(workdir).state();
  const { state: baseline } = state.experiments['000_baseline']!;
  if (baseline.status !== 'completed') throw new Error('the baseline of a synthetic run is completed');
  const lines = [1, 2, 3].map((step) => `[autoresearch] step=${step} step_time_ms=${10 * step}\n`);
  await writeFileAtomic(workdir.job(baseline.jobId, 'stdout.log'), lines.join(''));
  const beganS = baseline.launchedAtMs / 1000;
  const system = `time_s\tcpu_pct\n${beganS + 1}\t50\n${beganS + 2}\t75\n`;
  await writeFileAtomic(join(workdir.metrics('000_baseline'), 'system.tsv'), system);
  const launched = experimentTable(state).filter(({ nodeId }) => 'launchedAtMs' in state.experiments[nodeId]!.state);
  return { workdir, launched };
}

/** Without packages. */
async function barePython(): Promise<string> {
  const folder = join(await temporaryFolder(), 'venv');
  await run('python3', ['-m', 'venv', '--without-pip', folder]);
  return join(folder, 'bin', 'python3');
}

interface ReadEvent {
  tag?: string;
  value?: number;
  step: number;
  wall_time: number;
  text?: string;
  plugin?: string;
}

describe('export --tensorboard', () => {
  it('computes CRC-32C', () => {
    // The check value that the catalogue of CRC algorithms gives.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('writes a run for each experiment, which an independent reader reads', async () => {
    const { workdir, launched } = await recorded();
    const said = await autoresearch('export', workdir.root, '--tensorboard');
    const folder = join(workdir.root, 'tensorboard');
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining(`tensorboard --logdir ${folder}`) });
    const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(launched.map(({ nodeId }) => nodeId).sort());
    for (const { nodeId, gain } of launched) {
      const events = await read(join(folder, nodeId));
      expect(events[0]).toMatchObject({ file_version: 'brain.Event:2' });
      const told = events.find(({ tag }) => tag === 'result/gain')?.value;
      if (gain === null) expect(told).toBeUndefined();
      else expect(told).toBeCloseTo(gain, 4);
    }
    const baseline = await read(join(folder, '000_baseline'));
    const series = (name: string) => baseline.filter(({ tag }) => tag === name).map(({ step, value }) => [step, value]);
    expect(series('train/step_time_ms')).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(series('machine/cpu_pct')).toEqual([
      [1, 50],
      [2, 75],
    ]);
    expect(baseline.find(({ plugin }) => plugin === 'text')?.text).toContain('**Hypothesis:**');
    expect(baseline.flatMap(({ plugin, tag }) => (plugin === 'hparams' ? [tag] : []))).toEqual([
      '_hparams_/session_start_info',
      '_hparams_/session_end_info',
    ]);
    expect((await read(folder)).at(-1)).toMatchObject({ tag: '_hparams_/experiment', content: [2] });
  });

  it('replaces what it wrote before, wherever that was asked to be', async () => {
    const { workdir } = await recorded();
    const folder = join(await temporaryFolder(), 'tb');
    await autoresearch('export', workdir.root, '--tensorboard', folder);
    const before = await readdir(folder, { recursive: true });
    expect((await autoresearch('export', workdir.root, '--tensorboard', folder)).code).toBe(0);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  it('refuses a folder that cannot be written, and two forms at a time', async () => {
    const { workdir } = await recorded();
    const folder = join(workdir.config, 'tb');
    const refused = await autoresearch('export', workdir.root, '--tensorboard', folder);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(`--tensorboard: "${folder}"`) });
    const both = await autoresearch('export', workdir.root, '--csv', '--wandb', 'x');
    expect(both).toMatchObject({ code: 2, err: expect.stringMatching(/--wandb: .*one form at a time/) });
  });
});

async function read(folder: string): Promise<ReadEvent[]> {
  const file = join(folder, 'events.out.tfevents.autoresearch');
  return JSON.parse((await run('python3', [join(FIXTURES, 'read_event_file.py'), file])).stdout);
}

describe('export --wandb', () => {
  it('writes an offline run for each experiment', async () => {
    const python = await barePython();
    const { workdir, launched } = await recorded({ python });
    const told = join(workdir.root, 'told.jsonl');
    vi.stubEnv('PYTHONPATH', FIXTURES);
    vi.stubEnv('TOLD_WANDB', told);
    vi.stubEnv('WANDB_API_KEY', 'k3y');
    vi.stubEnv('WANDB_MODE', 'online');
    const said = await autoresearch('export', workdir.root, '--wandb', 'loading', '--json');
    vi.unstubAllEnvs();
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(said.out)).toEqual({ folder: workdir.root, runs: launched.length, project: 'loading' });
    const text = await readFile(told, 'utf8');
    expect(text).not.toContain('k3y');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const begun = lines.filter(({ init }) => init);
    expect(begun.map(({ init }) => init.name)).toEqual(launched.map(({ nodeId }) => nodeId));
    expect(begun[0]).toMatchObject({
      init: { mode: 'offline', project: 'loading', group: 'r1', id: 'r1-000_baseline', job_type: 'baseline' },
      settings: { WANDB_MODE: 'offline', WANDB_DISABLE_GIT: 'true', WANDB_DISABLE_CODE: 'true' },
    });
    expect(lines.filter(({ row }) => row).map(({ row }) => row)).toEqual([
      { 'machine/cpu_pct': 50, job_second: 1 },
      { 'machine/cpu_pct': 75, job_second: 2 },
      { 'train/step_time_ms': 10, training_step: 1 },
      { 'train/step_time_ms': 20, training_step: 2 },
      { 'train/step_time_ms': 30, training_step: 3 },
    ]);
    const summaries = lines.flatMap(({ summary }) => summary ?? []);
    expect(summaries.map(({ gain }) => gain ?? null)).toEqual(launched.map(({ gain }) => gain));
  });

  it('says what to do where the package is not there, and refuses a name that is none', async () => {
    const python = await barePython();
    const { workdir } = await recorded({ python });
    const missing = await autoresearch('export', workdir.root, '--wandb');
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('-m pip install wandb') });
    const named = await autoresearch('export', workdir.root, '--wandb', 'a/b');
    expect(named).toMatchObject({ code: 2, err: expect.stringContaining('--wandb: "a/b": the name of a project') });
  });
});

const withWandb = process.env.AUTORESEARCH_TEST_WANDB_PYTHON;

describe.skipIf(!withWandb)(
  'export --wandb with the real package (AUTORESEARCH_TEST_WANDB_PYTHON names its Python)',
  () => {
    it('leaves one folder for each experiment, also the second time', async () => {
      const { workdir, launched } = await recorded({ python: withWandb });
      for (let time = 0; time < 2; time += 1) {
        const said = await autoresearch('export', workdir.root, '--wandb');
        expect(said).toMatchObject({ code: 0, err: '' });
        const folders = (await readdir(join(workdir.root, 'wandb'))).filter((name) => name.startsWith('offline-run-'));
        expect(folders).toHaveLength(launched.length);
      }
    }, 120_000);
  },
);
