/** The first things that a person asks of a run: where it stands, what it has won, and what is left. */

import { countRemeasurements } from '../belief/confirmation-state.js';
import { confidenceOf } from '../belief/repeats.js';
import type { Overview } from '../overview/overview.js';
import { unreachedOf } from '../reports/caveats/unreached.js';
import { headspaceSentence } from '../reports/headline.js';
import { intervalText } from '../reports/judgement-text.js';
import { plateauCountText } from '../reports/plateau-text.js';
import { objectiveName, objectiveText, percent, speedupText } from '../reports/quantity-text.js';
import { type Measured, type RunFacts, runFacts } from '../reports/run-facts.js';
import { spendingText, unpricedText } from '../reports/spending-text.js';
import { approvalText } from '../run/approval-rules.js';
import { endedCounts } from '../run/ended-counts.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';
import { ofLimitText } from '../run/limits.js';
import { spendingOf } from '../schedule/spending.js';
import type { BoardRecord } from './board-record.js';
import type { BoardFacts, Figure } from './board-types.js';

const FINDINGS_EACH = 2;

/** `toCome` says in words what the run still has to do; `overview` is of the same moment. */
export function boardFacts(board: BoardRecord, toCome: string, overview: Overview): BoardFacts {
  const { state } = board;
  const facts = runFacts(state);
  const metric = (facts.best ?? facts.baseline ?? facts.headspace)?.objective.metric ?? 'throughput_samples_per_s';
  return {
    status: state.status,
    why: state.stop ? state.stop.detail || state.stop.reason : '',
    planning: state.planningSince !== null,
    startedAtMs: state.startedAtMs,
    updatedAtMs: state.updatedAtMs,
    metricName: objectiveName(metric),
    baseline: figure(facts.baseline),
    best: bestOf(facts),
    headspace: facts.ceilingDoubted ? null : figure(facts.headspace),
    headspaceText: headspaceSentence(facts),
    reached: reachedShare(facts),
    plateau: plateauCountText(overview.plateau),
    rounds: ofLimitText(state.iteration, state.limits.maxIterations),
    counts: countsOf(state),
    budget: budgetOf(state),
    unreached: unreachedOf(board),
    toCome,
    approval: state.approval ? approvalText(state.approval) : '',
    asksFor: state.approval?.stage ?? 'none',
    findings: newestFindings(overview),
    noise: noiseText(state),
  };
}

function figure(measured: Measured | null): Figure | null {
  return measured && { nodeId: measured.row.nodeId, text: objectiveText(measured.objective) };
}

function bestOf(facts: RunFacts): BoardFacts['best'] {
  const best = figure(facts.best);
  if (!best) return null;
  const interval = facts.proven ? intervalText(facts.proven) : null;
  const { gain, isProvisional } = facts;
  return { ...best, gain: speedupText(gain), interval, isBaseline: best.nodeId === BASELINE_ID, isProvisional };
}

function reachedShare({ gain, ceiling }: RunFacts): number | null {
  if (gain === null || ceiling === null || ceiling <= 1) return null;
  return Math.min(1, Math.max(0, (gain - 1) / (ceiling - 1)));
}

function countsOf(state: EngineState): BoardFacts['counts'] {
  const open = openRows(state);
  const count = (...names: string[]) => open.filter((row) => names.includes(row.state.status)).length;
  return [
    { name: 'queued', value: count('queued', 'preparing', 'ready') },
    { name: 'running', value: count('launching', 'running') },
    { name: 'analyzing', value: count('analyzing') },
    ...endedCounts(state),
    { name: 'of them repeats', value: countRemeasurements(state.experiments) },
  ].filter(({ value }) => value > 0);
}

function budgetOf(state: EngineState): BoardFacts['budget'] {
  const unpriced = unpricedText(state.ledger.unpriced);
  return [
    ...spendingOf(state).map((each) => ({
      text: spendingText(each),
      share: each.limit === null || each.limit <= 0 ? null : Math.min(1, each.spent / each.limit),
    })),
    ...(unpriced === null ? [] : [{ text: unpriced, share: null }]),
  ];
}

function newestFindings({ findings }: Overview): BoardFacts['findings'] {
  return findings.flatMap(({ node_id: nodeId, texts }) =>
    texts.slice(0, FINDINGS_EACH).map((text) => ({ nodeId, text })),
  );
}

function noiseText(state: EngineState): string | null {
  const known = confidenceOf(state);
  return known && `${percent(known.noise)} a run; a gain counts from ${percent(known.least)} on`;
}
