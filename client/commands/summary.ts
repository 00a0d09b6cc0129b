/** `summary`: a run's results so far, the same text as summary.md, made anew from the event log. */
import { type ExperimentTableRow, experimentTable } from '../../domain/reports/experiment-table.js';
import { summaryReport } from '../../domain/reports/summary-text.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import type { RunOutcome } from '../run/run-outcome.js';

export const SUMMARY: CommandDefinition = {
  name: 'summary',
  args: '<workdir>',
  help: 'results so far: every experiment, the best one, findings and failures',
  act: async ([workdir = '']) => printed(await summary(workdir), ({ markdown }) => markdown),
};

interface SummaryAnswer extends Omit<RunOutcome, 'exit_code' | 'interrupted'> {
  experiments: ExperimentTableRow[];
  /** For people. */
  markdown: string;
}

async function summary(path: string): Promise<SummaryAnswer> {
  const [{ existingRun }, { openRunLog }, { runOutcome }] = await Promise.all([
    import('../run/workdir-config.js'),
    import('../../workdir/event-log.js'),
    import('../run/run-outcome.js'),
  ]);
  const { workdir, config } = await existingRun(path);
  const record = await openRunLog(workdir).record();
  const { state } = record;
  const { exit_code: _, interrupted: __, ...outcome } = await runOutcome(workdir, config, state, false);
  return { ...outcome, experiments: experimentTable(state), markdown: summaryReport(record) };
}
