/** `export`: makes every file that people and scripts read anew, from the event log; or the run as HTML or CSV. */
import { resolve } from 'node:path';
import type { RestoredAnalyses } from '../../activities/agent-calls/restore-analyses.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const EXPORT: CommandDefinition = {
  name: 'export',
  args: '<workdir>',
  help: 'make the files of a workdir anew from its event log, or the run as one HTML or CSV file',
  examples: [
    'autoresearch export ~/runs/first',
    'autoresearch export ~/runs/first --html first.html',
    'autoresearch export ~/runs/first --csv',
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
  ],
  async act([workdir = ''], { html, csv }) {
    if (html !== undefined && csv !== undefined) throw new Refusal('--csv', csv, 'one of --html and --csv at a time');
    if (csv !== undefined) return printed(await exportCsv(workdir, csv === true ? null : String(csv)), csvText);
    if (html === undefined) return printed(await exportFiles(workdir), exportText);
    return printed(await exportHtml(workdir, html === true ? null : String(html)), htmlText);
  },
};

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
  const [{ experimentsCsv }, { readState }, { existingRun }] = await Promise.all([
    import('../../domain/reports/experiments-csv.js'),
    import('../run/run-state.js'),
    import('../run/workdir-config.js'),
  ]);
  const { workdir } = await existingRun(path);
  const state = await readState(workdir);
  if (state === null) throw new Refusal('workdir', path, 'a run that has begun; its event log holds nothing yet');
  const file = given === null ? workdir.at('experiments.csv') : resolve(given);
  const csv = experimentsCsv(state);
  await written('--csv', file, csv);
  return { file, experiments: csv.trimEnd().split('\r\n').length - 1 };
}

async function written(flag: string, file: string, text: string): Promise<void> {
  const { writeFileAtomic } = await import('../../host/atomic-file.js');
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
