/** `export`: makes every file that people and scripts read anew, from the event log. */
import type { RestoredAnalyses } from '../../activities/agent-calls/restore-analyses.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const EXPORT: CommandDefinition = {
  name: 'export',
  args: '<workdir>',
  help: 'make the files of a workdir anew from its event log',
  act: async ([workdir = '']) => printed(await exportFiles(workdir), exportText),
};

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
