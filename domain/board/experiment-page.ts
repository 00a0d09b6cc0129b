/** One experiment as the page shows it, and two of them side by side. */
import { isRemeasurement } from '../belief/confirmation-state.js';
import { repeatRows } from '../belief/repeats.js';
import { improvedNodes, outcomeOf } from '../charts/outcome.js';
import { flagsOf } from '../command/launch-command.js';
import type { Evidence } from '../evidence/evidence.js';
import type { Spec } from '../formats/spec.js';
import { changesAgainstParents } from '../reports/change-against-parent.js';
import { statusCell, tableRowOf } from '../reports/experiment-table.js';
import { heldFindings } from '../reports/held-claims.js';
import { intervalText, VERDICT_TEXTS } from '../reports/judgement-text.js';
import { numberText, objectiveText, speedupText } from '../reports/quantity-text.js';
import { treeParent } from '../reports/run-record.js';
import { standingsOf } from '../reports/standing.js';
import {
  BASELINE_ID,
  bundleText,
  commitOf,
  type ExperimentRow,
  jobIdOf,
  type SpecOrigin,
} from '../run/experiment-record.js';
import { type Failure, suggestedAction } from '../run/failure.js';
import { ledgerKey, SPENDING_PHASES } from '../run/ledger.js';
import type { BoardRecord } from './board-record.js';
import type { ExperimentPage, MetricTable } from './board-types.js';
import { type Column, metricTable } from './metrics-beside.js';
import { stageReport } from './stage-bars.js';
import { timelineOf } from './timeline.js';

/** `spec` and `evidence` are null where the workdir has none yet. A RangeError where there is no such experiment. */
export function experimentPage(
  board: BoardRecord,
  nodeId: string,
  { spec, evidence }: { spec: Spec | null; evidence: Evidence | null },
): ExperimentPage {
  const { state } = board;
  const row = state.experiments[nodeId];
  if (!row) throw new RangeError(`no experiment ${nodeId}`);
  const standings = standingsOf(state);
  const standing = standings(nodeId);
  const table = tableRowOf(state, row, standing);
  const threads = Number(spec ? flagsOf(spec.launch_command).get('--num-threads') : undefined);
  const stages = evidence && stageReport(evidence, Number.isInteger(threads) && threads > 0 ? threads : null);
  const interval = standing.proven ?? row.judged?.gain ?? null;
  return {
    nodeId,
    name: row.name,
    kind: row.kind,
    look: outcomeOf(row, improvedNodes(board), standing),
    status: statusCell(table),
    isBest: table.isBest,
    parentId: treeParent(row),
    children: (board.children.get(nodeId) ?? []).filter((child) => isOwn(state.experiments[child])),
    origin: originText(row.origin),
    hypothesis: spec?.hypothesis ?? '',
    description: spec?.description ?? '',
    change: changesAgainstParents(state)(row),
    tags: row.tags,
    launchCommand: spec?.launch_command ?? '',
    commit: commitOf(row),
    jobId: jobIdOf(row),
    standing: {
      value: objectiveText(standing.objective),
      gain: nodeId === BASELINE_ID ? '-' : speedupText(standing.gain),
      interval: interval && `${intervalText(interval)}${standing.proven ? ' over the baseline' : againstText(row)}`,
      verdict: standing.verdict && VERDICT_TEXTS[standing.verdict],
      reason: row.judged?.reason ?? null,
    },
    remarks: remarksOf(row),
    failure: failureOf(row),
    metrics: metricTable(state, columnsFor(board, row)),
    repeats: repeatRows(state, nodeId).map((repeat) => ({
      nodeId: repeat.nodeId,
      purpose: repeat.origin.from === 'repeat' ? repeat.origin.purpose : '',
      value: objectiveText(standings(repeat.nodeId).objective),
      status: repeat.state.status,
    })),
    timeline: timelineOf(board.moments.get(nodeId) ?? []),
    cost: costOf(board, nodeId),
    findings: heldFindings(board, nodeId),
    pipelines: stages?.pipelines ?? [],
    limits: stages?.limits ?? [],
  };
}

export function comparison({ state }: BoardRecord, first: string, second: string): MetricTable {
  return metricTable(state, [
    { nodeId: first, title: first },
    { nodeId: second, title: second },
  ]);
}

/** What it builds on, itself, and the best: each of them once. */
function columnsFor({ state }: BoardRecord, row: ExperimentRow): Column[] {
  const parent = treeParent(row);
  const own = { nodeId: row.nodeId, title: 'this one' };
  const columns = [
    ...(parent === null ? [] : [{ nodeId: parent, title: parent === BASELINE_ID ? 'baseline' : 'parent' }]),
    own,
    ...(state.best === null ? [] : [{ nodeId: state.best, title: 'best' }]),
  ];
  return columns.filter(({ nodeId }, at) => columns.findIndex((other) => other.nodeId === nodeId) === at);
}

function againstText({ judged }: ExperimentRow): string {
  return judged?.against ? ` over ${judged.against}` : '';
}

function isOwn(row: ExperimentRow | undefined): boolean {
  return row !== undefined && !isRemeasurement(row);
}

function originText(origin: SpecOrigin): string {
  switch (origin.from) {
    case 'seed':
      return 'seed experiment';
    case 'plan':
      return `planned in round ${origin.iteration}`;
    case 'repair':
      return `repair ${origin.attempt} of ${origin.of}`;
    case 'repeat':
      return `repeat ${origin.index} of ${origin.of} (${origin.purpose})`;
    case 'ceiling':
      return `cached data on the code of ${origin.of}`;
    case 'bundle':
      return bundleText(origin.of);
    case 'user':
      return 'added by a person';
  }
}

function remarksOf({ state }: ExperimentRow): string[] {
  if (state.status !== 'completed') return [];
  const { doubt, noEffect, contention, shortened } = state;
  return [
    ...(doubt === undefined ? [] : [doubt]),
    ...(noEffect === undefined ? [] : [noEffect]),
    ...(contention === undefined ? [] : [`other work used ${Math.round(contention * 100)}% of its CPUs or GPU`]),
    ...(shortened === undefined ? [] : [shortened]),
  ];
}

function failureOf({ state }: ExperimentRow): ExperimentPage['failure'] {
  if (!('failure' in state)) return null;
  const { kind, phase, message }: Failure = state.failure;
  return { kind, phase, message, action: suggestedAction(kind) };
}

const PHASE_NAMES = {
  setup: 'setup',
  apply: 'code change',
  analyze: 'analysis',
  plan: 'planning',
  report: 'report',
  job: 'job',
};

function costOf({ costs }: BoardRecord, nodeId: string): ExperimentPage['cost'] {
  return SPENDING_PHASES.flatMap((phase) => {
    const cost = costs.get(ledgerKey(phase, nodeId));
    if (!cost) return [];
    const { usd, tokens, jobHours } = cost.spent;
    const parts = [
      ...(usd > 0 ? [`${numberText(usd)} US dollars`] : []),
      ...(tokens > 0 ? [`${numberText(tokens)} tokens`] : []),
      ...(jobHours > 0 ? [`${numberText(jobHours * 60)} job minutes`] : []),
      ...(cost.unpriced > 0 ? ['price not known'] : []),
    ];
    return parts.length === 0 ? [] : [{ what: PHASE_NAMES[phase], text: parts.join(', ') }];
  });
}
