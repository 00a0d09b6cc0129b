/**
 * `export`: makes every file that people and scripts read anew, from the event log; or the run in another form, for a
 * browser, a spreadsheet, TensorBoard or W&B.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RestoredAnalyses } from '../../activities/agent-calls/restore-analyses.js';
import { shellWord } from '../../domain/command/shell-word.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const EXPORT: CommandDefinition = {
  name: 'export',
  args: '<workdir>',
  help: 'make the files of a workdir anew from its event log, or the run as HTML, CSV, or runs of TensorBoard or W&B',
  examples: [
    'autoresearch export ~/runs/first',
    'autoresearch export ~/runs/first --html first.html',
    'autoresearch export ~/runs/first --csv',
    'autoresearch export ~/runs/first --tensorboard ~/tb/first',
    'autoresearch export ~/runs/first --wandb data-loading',
  ],
  flags: [
    {
      flags: '--html [file]',
      help: 'write one HTML file to look at and to pass on, without output of jobs (default: run.html in the workdir)',
    },
    {
      flags: '--csv [file]',
      help: 'write a table of the experiments, with gains, intervals and verdicts (default: experiments.csv in the workdir)',
    },
    {
      flags: '--tensorboard [dir]',
      help: 'write event files of TensorBoard, a run for each experiment (default: tensorboard/ in the workdir)',
    },
    {
      flags: '--wandb [project]',
      help: 'write offline runs of W&B by the wandb package of your Python, to be sent by `wandb sync` (default: autoresearch)',
    },
  ],
  async act([workdir = ''], options) {
    const given = FORMS.filter((form) => options[form] !== undefined);
    const [form, other] = given;
    if (form === undefined) return printed(await exportFiles(workdir), exportText);
    if (other !== undefined)
      throw new Refusal(`--${other}`, undefined, `one form at a time: leave out this one, or --${form}`);
    const value = options[form] === true ? null : String(options[form]);
    switch (form) {
      case 'html':
        return printed(await exportHtml(workdir, value), htmlText);
      case 'csv':
        return printed(await exportCsv(workdir, value), csvText);
      case 'tensorboard':
        return printed(await exportTensorboard(workdir, value), tensorboardText);
      case 'wandb':
        return printed(await exportWandb(workdir, value), wandbText);
    }
  },
};

const FORMS = ['html', 'csv', 'tensorboard', 'wandb'] as const;

interface HtmlAnswer {
  file: string;
  experiments: number;
  bytes: number;
}

/** Of a run that an engine works on as well: it is how things stand now. */
async function exportHtml(path: string, given: string | null): Promise<HtmlAnswer> {
  const [{ sharedRun }, { existingRun }] = await Promise.all([
    import('../dashboard/share-run.js'),
    import('../run/workdir-config.js'),
  ]);
  const { workdir } = await existingRun(path);
  const file = given === null ? workdir.sharedPage : resolve(given);
  const { html, experiments } = await sharedRun(path);
  await written('--html', file, html);
  return { file, experiments, bytes: Buffer.byteLength(html) };
}

interface CsvAnswer {
  file: string;
  experiments: number;
}

async function exportCsv(path: string, given: string | null): Promise<CsvAnswer> {
  const { experimentsCsv } = await import('../../domain/reports/experiments-csv.js');
  const { workdir, state } = await begunRun(path);
  const file = given === null ? workdir.at('experiments.csv') : resolve(given);
  const csv = experimentsCsv(state);
  await written('--csv', file, csv);
  return { file, experiments: csv.trimEnd().split('\r\n').length - 1 };
}

async function begunRun(path: string) {
  const [{ readState }, { existingRun }] = await Promise.all([
    import('../run/run-state.js'),
    import('../run/workdir-config.js'),
  ]);
  const run = await existingRun(path);
  const state = await readState(run.workdir);
  if (state === null) throw new Refusal('workdir', path, 'a run that has begun; its event log holds nothing yet');
  return { ...run, state };
}

interface RunsAnswer {
  folder: string;
  /** Experiments whose job was launched. */
  runs: number;
}

async function exportTensorboard(path: string, given: string | null): Promise<RunsAnswer> {
  const [{ writeTensorboard }, { trackedRuns }] = await Promise.all([
    import('../export/tensorboard.js'),
    import('../export/tracked-runs.js'),
  ]);
  const { workdir, config, state } = await begunRun(path);
  const folder = given === null ? workdir.at('tensorboard') : resolve(given);
  const runs = await writeTensorboard(folder, trackedRuns(workdir, config, state)).catch((error: Error) => {
    throw new Refusal('--tensorboard', folder, `a folder that can be written (${error.message})`);
  });
  return { folder, runs };
}

async function exportWandb(path: string, given: string | null): Promise<RunsAnswer & { project: string }> {
  const [{ writeWandb }, { trackedRuns }] = await Promise.all([
    import('../export/wandb.js'),
    import('../export/tracked-runs.js'),
  ]);
  const { workdir, config, state } = await begunRun(path);
  const project = given ?? 'autoresearch';
  return { ...(await writeWandb(workdir, config, project, trackedRuns(workdir, config, state))), project };
}

function tensorboardText({ folder, runs }: RunsAnswer): string {
  return `${folder}: ${runs} runs; look at them with \`tensorboard --logdir ${shellWord(folder)}\``;
}

function wandbText({ folder, runs }: RunsAnswer): string {
  return `${folder}: ${runs} offline runs; nothing was sent, \`wandb sync ${shellWord(folder)}/wandb/offline-run-*\` sends them`;
}

async function written(flag: string, file: string, text: string): Promise<void> {
  const { writeFileAtomic } = await import('../../host/atomic-file.js');
  // A folder that is not there is a slip of the pen: none is made for it, as none is by a shell's `>`.
  const folder = dirname(file);
  if (!existsSync(folder)) throw new Refusal(flag, file, `a file in a folder that exists (there is no ${folder})`);
  await writeFileAtomic(file, text).catch((error: Error) => {
    throw new Refusal(flag, file, `a file that can be written (${error.message})`);
  });
}

function csvText({ file, experiments }: CsvAnswer): string {
  return `${file}: ${experiments} experiments`;
}

function htmlText({ file, experiments, bytes }: HtmlAnswer): string {
  return `${file}: ${experiments} experiments, ${(bytes / 1e6).toFixed(1)} MB; it needs nothing else`;
}

interface ExportAnswer {
  workdir: string;
  /** Sequence number of the last event. */
  seq: number;
  experiments: number;
  /** Analyses that were gone, by node id. */
  analyses: RestoredAnalyses;
}

async function exportFiles(path: string): Promise<ExportAnswer> {
  const [{ rebuildWorkdir }, { engineLife }, { existingRun }] = await Promise.all([
    import('../../activities/export-workdir.js'),
    import('../run/run-state.js'),
    import('../run/workdir-config.js'),
  ]);
  const { workdir } = await existingRun(path);
  const engine = await engineLife(workdir);
  if (engine !== null) {
    const advice = `a workdir without a running engine (process ${engine.pid} renews the files itself)`;
    throw new Refusal('workdir', path, advice);
  }
  try {
    return { workdir: workdir.root, ...(await rebuildWorkdir(workdir)) };
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('workdir', path, error.message);
    throw error;
  }
}

function exportText({ workdir, seq, experiments, analyses }: ExportAnswer): string {
  const { restored, numbers_only: poor } = analyses;
  return [
    `${workdir}: files made anew from ${seq} events, ${experiments} experiments`,
    ...(restored.length === 0 ? [] : [`analysis.md made again from the agent's replies: ${restored.join(', ')}`]),
    ...(poor.length === 0
      ? []
      : [`analysis.md made again with the measured numbers alone, as no reply is in logs/: ${poor.join(', ')}`]),
  ].join('\n');
}
