/** `summary`: a run's results so far, the same text as summary.md, made anew from the event log. */

import type { Spec } from '../../domain/formats/spec.js';
import { type ExperimentTableRow, experimentTable } from '../../domain/reports/experiment-table.js';
import { summaryReport } from '../../domain/reports/summary-text.js';
import { openRunLog } from '../../workdir/event-log.js';
import { readSpecs } from '../../workdir/spec-store.js';
import { type RunOutcome, runOutcome } from '../run/run-outcome.js';
import { existingRun } from '../run/workdir-config.js';

export interface SummaryAnswer extends Omit<RunOutcome, 'exit_code' | 'interrupted'> {
  experiments: ExperimentTableRow[];
  /** For people. */
  markdown: string;
}

export async function summary(path: string): Promise<SummaryAnswer> {
  const { workdir, config } = await existingRun(path);
  const record = await openRunLog(workdir).record();
  const { state } = record;
  const specs = new Map<string, Spec>();
  await readSpecs(workdir, config, state, Object.keys(state.experiments), specs);
  const { exit_code: _, interrupted: __, ...outcome } = await runOutcome(workdir, config, state, false);
  return { ...outcome, experiments: experimentTable(state), markdown: summaryReport(record, specs) };
}
