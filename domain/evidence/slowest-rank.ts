/**
 * Which of several ranks lags, and by how much.
 *
 * Ranks that train on their own show it by their steps. Those that take their steps together (they exchange gradients)
 * take equally long for them: there the one that the others wait for is the one that waits for its data. What it
 * computes longer is then hidden in the others' waiting.
 */
import { weightedMedian } from '../belief/steady-state.js';
import type { RankShare, Ranks, SlowestRank, StageStatistics } from './evidence.js';

/** Ranks that do the same differ by some percent; what lags by less is not named. */
const LAGS_FROM = 0.1;
/** Step times of fewer say little. */
const FEWEST_STEPS = 10;
/** Stages and compute are measured less well than steps. */
const LONGER_FROM = 1.2;
/** Of what a rank's step takes longer, compute is the reason from this share on. */
const REASON_FROM = 0.5;
/** Beyond so many, only two keep their stages: the slowest and one that is typical. */
const STAGES_KEPT = 64;

export function ranksOf(each: readonly RankShare[]): Ranks | null {
  if (each.length < 2) return null;
  const slowest = slowestOf(each);
  if (each.length <= STAGES_KEPT) return { each: [...each], slowest };
  const typical = each.find(({ name, stages = [] }) => name !== slowest?.name && stages.length > 0);
  return {
    each: each.map((share) => {
      if (share.name === slowest?.name || share === typical) return share;
      const { stages: _, ...rest } = share;
      return rest;
    }),
    slowest,
  };
}

type Pace = (share: RankShare) => number | null;

const stepMs: Pace = ({ steps }) => (steps.count < FEWEST_STEPS ? null : steps.stepMs);
const computeMs: Pace = ({ steps }) => steps.computeMs;
const itemMs: Pace = ({ delivered }) => (delivered ? 1000 / delivered.itemsPerS : null);
/** As the loop measured it, else as the sink did: an item is a step there. */
const waitMs: Pace = ({ steps, stages = [] }) => {
  if (steps.fetchMs !== null) return steps.fetchMs;
  const waits = stages.flatMap(({ isSink, getS }) => (isSink && getS !== null ? [getS * 1000] : []));
  return waits.length > 0 ? Math.max(...waits) : null;
};

function slowestOf(each: readonly RankShare[]): SlowestRank | null {
  for (const [by, pace] of [['step', stepMs] as const, ['items', itemMs] as const]) {
    const found = longest(each, pace);
    if (found === null) continue;
    const { share, own, others } = found;
    const behind = own / others - 1;
    if (behind >= LAGS_FROM) return told(each, share, { by, ownMs: own, othersMs: others, behind });
    // Their paces are one: what they differ in is what each of them waits for.
    const waits = longest(each, waitMs);
    if (waits === null) return null;
    const more = (waits.own - waits.others) / others;
    if (more < LAGS_FROM) return null;
    return told(each, waits.share, { by: 'wait', ownMs: waits.own, othersMs: waits.others, behind: more });
  }
  return null;
}

/** The one that takes longest, and the median of the others; null where not all are known. */
function longest(each: readonly RankShare[], pace: Pace): { share: RankShare; own: number; others: number } | null {
  const known = each.flatMap((share) => {
    const value = pace(share);
    return value === null ? [] : [{ share, value }];
  });
  if (known.length < each.length) return null;
  const [first, ...rest] = known.sort((a, b) => b.value - a.value);
  const others = median(rest.map(({ value }) => value));
  return first && others !== null ? { share: first.share, own: first.value, others } : null;
}

function told(
  each: readonly RankShare[],
  share: RankShare,
  found: Pick<SlowestRank, 'by' | 'ownMs' | 'othersMs' | 'behind'>,
): SlowestRank {
  const others = each.filter((other) => other !== share);
  const own = computeMs(share);
  const theirs = median(others.flatMap((other) => computeMs(other) ?? []));
  const isCompute =
    found.by === 'step' &&
    own !== null &&
    theirs !== null &&
    own >= LONGER_FROM * theirs &&
    own - theirs >= REASON_FROM * (found.ownMs - found.othersMs);
  return {
    name: share.name,
    ...found,
    stage: longerStage(share, others),
    ...(isCompute ? { compute: { ownMs: own, othersMs: theirs } } : {}),
  };
}

/** The one by which an item takes most longer than elsewhere. */
function longerStage({ stages = [] }: RankShare, others: readonly RankShare[]): SlowestRank['stage'] {
  const longer = stages.flatMap((stage) => {
    const ownS = workS(stage);
    const same = others.flatMap(({ stages: theirs = [] }) =>
      theirs.filter((other) => other.pipeline === stage.pipeline && isSameStage(other, stage)),
    );
    const othersS = median(same.flatMap((other) => workS(other) ?? []));
    if (ownS === null || othersS === null || ownS < LONGER_FROM * othersS) return [];
    return [{ function: stage.function, ownS, othersS, excess: (ownS - othersS) / stage.concurrency }];
  });
  const [most] = longer.sort((a, b) => b.excess - a.excess);
  if (!most) return null;
  const { excess: _, ...stage } = most;
  return stage;
}

function isSameStage(one: StageStatistics, other: StageStatistics): boolean {
  return one.index === other.index && one.function === other.function;
}

/** What a task takes without its wait for a thread. */
function workS({ aveTimeS, threadWaitS = 0 }: StageStatistics): number | null {
  return aveTimeS === null ? null : Math.max(0, aveTimeS - threadWaitS);
}

function median(values: readonly number[]): number | null {
  return weightedMedian(values.map((value) => ({ value, weight: 1 })));
}
