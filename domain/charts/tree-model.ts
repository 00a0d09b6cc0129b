/**
 * The hypothesis tree as a chart shows it: what stands in each box, and which branches of a very large one are folded.
 */

import { type HierarchyNode, hierarchy } from 'd3-hierarchy';
import { isRemeasurement } from '../belief/confirmation-state.js';
import type { Verdict } from '../belief/judgement.js';
import { VERDICT_TEXTS } from '../reports/judgement-text.js';
import { gainText, objectiveText } from '../reports/quantity-text.js';
import { type RunRecord, treeParent } from '../reports/run-record.js';
import { standingsOf } from '../reports/standing.js';
import { isRefused } from '../run/approval.js';
import { type ExperimentRow, isPruned, originalOf } from '../run/experiment-record.js';
import { improvedNodes, outcomeOf } from './outcome.js';
import { OUTCOMES, type Outcome } from './svg.js';

export interface TreeBox {
  title: string;
  detail: string;
  /** Against the baseline; '' where there is nothing to compare. */
  gain: string;
  isBetter: boolean;
  outcome: Outcome;
  isBest: boolean;
  /** On the way from the root to the best one. */
  leadsToBest: boolean;
  /** Stands for branches without a gain that were folded. */
  isFolded: boolean;
  /** The experiments for which a folded box stands. */
  folded?: readonly Pick<TreeBox, 'outcome'>[];
  children: TreeBox[];
}

/** Above this many experiments, branches that led nowhere are folded into one box for each parent. */
const FOLD_ABOVE = 400;

/** Where more boxes than these are left, former gains are folded as well: a picture of more cannot be looked at. */
const BOXES_MOST = 160;

/** The tree under an invisible root. */
export function treeModel(record: RunRecord): HierarchyNode<TreeBox> {
  const { state } = record;
  const rows = Object.values(state.experiments)
    .filter((row) => !isRemeasurement(row))
    .sort((a, b) => a.seq - b.seq);
  const improved = improvedNodes(record);
  const lineage = lineageOf(record);
  const standing = standingsOf(state);
  const boxes = new Map<string, TreeBox>();
  for (const row of rows) {
    const own = standing(row.nodeId);
    const outcome = outcomeOf(row, improved, own);
    boxes.set(row.nodeId, {
      title: row.nodeId,
      detail: detailOf(row, objectiveText(own.objective)),
      ...gainOf(row, own.gain, outcome),
      outcome,
      isBest: row.nodeId === state.best,
      leadsToBest: lineage.has(row.nodeId),
      isFolded: false,
      children: [],
    });
  }
  const root: TreeBox = { ...FOLDED, isFolded: false, children: [] };
  for (const row of rows) {
    const parent = treeParent(row);
    (boxes.get(parent ?? '') ?? root).children.push(boxes.get(row.nodeId)!);
  }
  if (rows.length > FOLD_ABOVE) {
    foldBranches(root, isWorthShowing);
    if (withDescendants(root).length > BOXES_MOST) foldBranches(root, isUnderWayOrBest);
  }
  return hierarchy(root, (box) => box.children);
}

const FOLDED = {
  title: '',
  detail: '',
  gain: '',
  isBetter: false,
  outcome: 'no_gain',
  isBest: false,
  leadsToBest: false,
  isFolded: true,
} as const;

function detailOf(row: ExperimentRow, result: string): string {
  switch (row.state.status) {
    case 'completed':
      return result;
    case 'failed':
      if (isPruned(row)) return 'ended early';
      return originalOf(row) === null ? row.state.failure.kind : `duplicate of ${originalOf(row)}`;
    case 'cancelled':
      return isRefused(row) ? 'refused' : 'cancelled';
    default:
      return row.state.status;
  }
}

/** Why a box has no gain of its own, where more than chance is to be told. */
const WORDS: readonly Verdict[] = ['provisional', 'refuted', 'superseded'];

function gainOf(row: ExperimentRow, times: number | null, outcome: Outcome): Pick<TreeBox, 'gain' | 'isBetter'> {
  if (times === null || row.kind === 'baseline') return { gain: '', isBetter: false };
  if (row.kind === 'headspace') return { gain: `ceiling ${gainText(times)}`, isBetter: false };
  if (outcome === 'unconfirmed') {
    const verdict = row.judged?.verdict;
    const word = verdict && WORDS.includes(verdict) ? ` ${VERDICT_TEXTS[verdict]}` : '';
    return { gain: `${gainText(times)}?${word}`, isBetter: false };
  }
  return { gain: gainText(times), isBetter: times > 1 };
}

/** The best experiment and what it builds on. */
function lineageOf({ state }: RunRecord): ReadonlySet<string> {
  const lineage = new Set<string>();
  let current = state.best === null ? undefined : state.experiments[state.best];
  while (current && !lineage.has(current.nodeId)) {
    lineage.add(current.nodeId);
    current = state.experiments[treeParent(current) ?? ''];
  }
  return lineage;
}

function foldBranches(box: TreeBox, isKept: (box: TreeBox) => boolean): void {
  const kept = box.children.filter(isKept);
  const folded = box.children.filter((child) => !isKept(child));
  for (const child of kept) foldBranches(child, isKept);
  // One or two are as short as the box that would stand for them.
  box.children = folded.length <= 2 ? box.children : [...kept, foldedBox(folded)];
}

function isWorthShowing(box: TreeBox): boolean {
  return (
    box.leadsToBest || box.outcome === 'improved' || box.outcome === 'running' || box.children.some(isWorthShowing)
  );
}

function isUnderWayOrBest(box: TreeBox): boolean {
  return box.leadsToBest || box.outcome === 'running' || box.children.some(isUnderWayOrBest);
}

function foldedBox(branches: readonly TreeBox[]): TreeBox {
  const all = branches.flatMap(withDescendants).flatMap(({ folded = [], ...box }) => (box.isFolded ? folded : [box]));
  const count = (outcome: Outcome) => all.filter((box) => box.outcome === outcome).length;
  const parts: [number, string][] = [
    [count('improved'), 'former gains'],
    [count('unconfirmed'), 'not confirmed'],
    [count('no_gain'), OUTCOMES.no_gain.label],
    [count('pruned'), OUTCOMES.pruned.label],
    [count('cancelled'), OUTCOMES.cancelled.label],
    [count('failed'), 'failed'],
    [count('queued'), 'queued'],
  ];
  const detail = parts.filter(([n]) => n > 0).map(([n, name]) => `${n} ${name}`);
  return { ...FOLDED, title: `${all.length} more`, detail: detail.join(', '), children: [], folded: all };
}

function withDescendants(box: TreeBox): TreeBox[] {
  return [box, ...box.children.flatMap(withDescendants)];
}
