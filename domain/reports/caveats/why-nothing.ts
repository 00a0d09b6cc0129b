/** Why a run that has ended found nothing: what became of what it tried, in sentences. */
import { isRemeasurement } from '../../belief/confirmation-state.js';
import type { EngineState } from '../../run/engine-state.js';
import {
  BASELINE_ID,
  type ExperimentRow,
  HEADSPACE_ID,
  isBroken,
  isPruned,
  isTerminal,
  originalOf,
} from '../../run/experiment-record.js';
import { baselineFailure } from '../../verdict/baseline-failure.js';
import { headspaceSentence } from '../headline.js';
import type { RunFacts } from '../run-facts.js';

const NAMED = 3;
const REASON_LENGTH = 240;

/** Empty where something was found, or nothing is decided yet. */
export function whyNothing(state: EngineState, facts: RunFacts): string[] {
  if (state.status !== 'stopped' || (state.best !== null && state.best !== BASELINE_ID)) return [];
  const failed = baselineFailure(state);
  if (failed !== null) {
    const { last_lines: lines, last_lines_of: file } = failed.details;
    const said = typeof lines === 'string' ? lines.split('\n').map((line) => `  ${line}`) : [];
    return said.length > 0 ? [`the last lines of ${String(file ?? 'its output')}:`, ...said] : [];
  }
  const tried = Object.values(state.experiments).filter(
    (row) => isTerminal(row) && row.kind !== 'baseline' && row.kind !== 'headspace' && !isRemeasurement(row),
  );
  if (tried.length === 0) return facts.baseline ? [onlySeeds(state), headspaceSentence(facts)] : [];
  const groups: [string, (row: ExperimentRow) => string | null][] = [
    ['failed', (row) => (row.state.status === 'failed' && isBroken(row) ? row.state.failure.message : null)],
    ['set apart, not believed', (row) => (row.judged?.verdict === 'quarantine' ? row.judged.reason : null)],
    ['looked better, and did not again', (row) => (isContradicted(row) ? row.judged!.reason : null)],
    ['ended early, far slower', (row) => (isPruned(row) ? '' : null)],
    ['duplicates of others', (row) => (originalOf(row) === null ? null : '')],
    ['without effect on the job', noEffectOf],
    ['not better', (row) => (row.judged?.verdict === 'not_better' && noEffectOf(row) === null ? '' : null)],
  ];
  const lines = groups.flatMap(([name, reasonOf]) => {
    const found = tried.flatMap((row) => {
      const reason = reasonOf(row);
      return reason === null ? [] : [{ row, reason }];
    });
    if (found.length === 0) return [];
    const reasons = found
      .filter(({ reason }) => reason !== '')
      .slice(0, NAMED)
      .map(({ row, reason }) => `${row.nodeId}: ${reason.split('\n')[0]!.slice(0, REASON_LENGTH)}`);
    return [`${found.length} ${name}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`];
  });
  return [
    tried.length === 1 ? '1 experiment was tried' : `${tried.length} experiments were tried`,
    ...lines,
    headspaceSentence(facts),
  ];
}

/** The baseline and the run with cached data are experiments to a limit, and measure what is there already. */
function onlySeeds({ experiments }: EngineState): string {
  const ended = [BASELINE_ID, HEADSPACE_ID].filter((nodeId) => {
    const row = experiments[nodeId];
    return row !== undefined && isTerminal(row);
  });
  return `nothing was tried: only ${ended.join(' and ')} came to ${ended.length === 1 ? 'its' : 'their'} end`;
}

function isContradicted({ judged }: ExperimentRow): boolean {
  return judged?.verdict === 'reject' || judged?.verdict === 'refuted';
}

/** Why an experiment says nothing about what it meant to change; null where it does. */
function noEffectOf(row: ExperimentRow): string | null {
  return (row.state.status === 'completed' ? row.state.noEffect : undefined) ?? null;
}
