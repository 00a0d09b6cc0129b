/** How a chart judges an experiment, and the title that both charts bear. */

import { provisionalOnes } from '../belief/provisional.js';
import { objectiveText, speedupText } from '../reports/quantity-text.js';
import { runFacts } from '../reports/run-facts.js';
import type { RunRecord } from '../reports/run-record.js';
import type { Standing } from '../reports/standing.js';
import { endedText } from '../run/ended-counts.js';
import { BASELINE_ID, type ExperimentRow, isPruned, originalOf } from '../run/experiment-record.js';
import type { Outcome } from './svg.js';

/** Improved: it became the best one when it ended. The baseline is what others are measured by, so it never did. */
export function outcomeOf(
  row: ExperimentRow,
  improved: ReadonlySet<string>,
  { isDoubted }: Pick<Standing, 'isDoubted'>,
): Outcome {
  switch (row.state.status) {
    case 'queued':
      return 'queued';
    case 'completed':
      if (improved.has(row.nodeId)) return 'improved';
      return isDoubted ? 'unconfirmed' : 'no_gain';
    case 'cancelled':
      return 'cancelled';
    case 'failed':
      if (isPruned(row)) return 'pruned';
      return originalOf(row) === null ? 'failed' : 'no_gain';
    default:
      return 'running';
  }
}

/** Those that were the best, and are believed to be better than what was so before. */
export function improvedNodes(record: RunRecord): ReadonlySet<string> {
  const { experiments } = record.state;
  const isOpen = (nodeId: string) => {
    const verdict = experiments[nodeId]?.judged?.verdict;
    return verdict === 'provisional' || verdict === 'superseded';
  };
  return new Set(record.bests.filter((nodeId) => nodeId !== BASELINE_ID && !isOpen(nodeId)));
}

export function chartSubtitle(record: RunRecord): string {
  const { baseline, best, gain } = runFacts(record.state);
  const counts = `${endedText(record.state)}, ${record.state.open.length} open`;
  if (!baseline) return counts;
  const isBeaten = best && best.row.nodeId !== BASELINE_ID;
  const isOpen = provisionalOnes(record.state).length > 0;
  const result = isBeaten
    ? `${isOpen ? 'provisional best' : 'best'} ${objectiveText(best.objective)}, ${speedupText(gain)} against the baseline's ${objectiveText(baseline.objective)}`
    : `baseline ${objectiveText(baseline.objective)}, not beaten yet`;
  return `${result}; ${counts}`;
}
