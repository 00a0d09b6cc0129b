/** `export`: makes every file that people and scripts read anew, from the event log; or the run as one HTML file. */
import { resolve } from 'node:path';
import type { RestoredAnalyses } from '../../activities/agent-calls/restore-analyses.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const EXPORT: CommandDefinition = {
  name: 'export',
  args: '<workdir>',
  help: 'make the files of a workdir anew from its event log, or the whole run as one HTML file',
  examples: ['autoresearch export ~/runs/first', 'autoresearch export ~/runs/first --html first.html'],
  flags: [
    {
      flags: '--html [file]',
      help: 'write one HTML file to look at and to pass on, without output of jobs (default: run.html in the workdir)',
    },
  ],
  async act([workdir = ''], { html }) {
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
  const [{ sharedRun }, { writeFileAtomic }, { existingRun }] = await Promise.all([
    import('../dashboard/share-run.js'),
    import('../../host/atomic-file.js'),
    import('../run/workdir-config.js'),
  ]);
  const { workdir } = await existingRun(path);
  const file = given === null ? workdir.sharedPage : resolve(given);
  const { html, experiments } = await sharedRun(path);
  try {
    await writeFileAtomic(file, html);
  } catch (error) {
    throw new Refusal('--html', file, `a file that can be written (${(error as Error).message})`);
  }
  return { file, experiments, bytes: Buffer.byteLength(html) };
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
