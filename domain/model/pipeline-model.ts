/**
 * The model of a run's pipeline: the curve of each stage and what the stages share, fitted over all jobs of the same
 * stages, as equally likely draws. Their spread is the uncertainty of whatever is predicted. Pure, and the same for the
 * same jobs: the draws come from a fixed sequence.
 */

import { normalAt, normalised, pick, spreadOut } from './mixture.js';
import type { JointSetting, OperatingPoint } from './operating-point.js';
import { type Carried, carriedTimes, heldAgainstWholes, wholeTimes, withCarried } from './other-structures.js';
import { type CurveFit, curveAt, type TaskTime, taskTimes } from './service-curve.js';
import { coreSeconds, lockSeconds, stepFits, unevennessFits } from './shared-fits.js';
import { activeTasks, crowding, type Draw, type PipelineFacts, type Sharing, throughput } from './throughput.js';

export interface PipelineModel {
  facts: PipelineFacts;
  draws: Draw[];
  /** By stage, of the sharing that explains the jobs best. */
  curves: Record<string, CurveFit>;
  /** Jobs that it was fitted over. */
  points: readonly OperatingPoint[];
}

const DRAWS = 64;
/** So many times as many are drawn where most may turn out not to fit. */
const MANY = 16;
const SHARINGS: readonly (Sharing & { prior: number })[] = [true, false].flatMap((isEven) =>
  [
    { switching: 0, prior: 0.4 },
    { switching: 0.02, prior: 0.3 },
    { switching: 0.05, prior: 0.3 },
  ].map((each) => ({ ...each, isEven })),
);
/** How likely it is that a job which kept one core busy was bounded by the interpreter's lock, and not by chance. */
const LOCKED = 0.3;
/** Relative error of the ratio of two rates. */
const RATIO_ERROR = 0.1;
/** Share of the tasks that compute, where no job tells what its cores did. */
const UNKNOWN_COMPUTING = 0.5;

export interface ModelInput {
  points: readonly OperatingPoint[];
  /** The job that the search goes on from: those with other stages are left out. */
  reference: OperatingPoint;
  /** Seconds for each item with cached data (headspace); null when unknown. */
  cachedStepS: number | null;
  /** Jobs of other structures that tell of stages of this one; absent for none. */
  carried?: readonly Carried[];
}

export function fitModel({ points: all, reference, cachedStepS, carried = [] }: ModelInput): PipelineModel {
  const points = all.filter((point) => hasSameStages(point, reference));
  const facts = factsOf(points, reference);
  const fits = SHARINGS.map((sharing) => {
    const curves = fitStages(points, facts, sharing, carried);
    const use = { cpuS: coreSeconds(points, facts, sharing), lockS: null };
    const lockS = lockSeconds(points, facts, sharing);
    const likely: Draw = {
      ...sharing,
      ...use,
      times: Object.fromEntries(Object.entries(curves).map(([stage, fit]) => [stage, taskTimes(fit.curves[0]!)])),
      stepS: null,
      disturbance: 0,
      unevenness: 0,
    };
    const step = stepFits(points, facts, sharing, cachedStepS);
    const uneven = unevennessFits(points, facts, { ...likely, ...step.likely });
    const evidence = Object.values(curves).reduce((sum, { logEvidence }) => sum + logEvidence, 0);
    return {
      sharing,
      curves,
      use,
      lockS,
      step,
      uneven,
      logWeight: Math.log(sharing.prior) + evidence + uneven.logEvidence,
    };
  });
  const weighed = normalised(fits);
  const best = weighed.reduce((a, b) => (b.weight > a.weight ? b : a)).item;
  const isHeld = carried.some(({ wholes }) => wholes.length > 0);
  const count = isHeld ? MANY * DRAWS : DRAWS;
  const drawn = Array.from({ length: count }, (_, k): Draw => {
    const at = (dimension: number) => spreadOut(k, dimension);
    const { sharing, curves, use, lockS, step, uneven } = pick(weighed, (k + 0.5) / count);
    const times = facts.stages.map(({ stage }, i) => {
      const off = { base: normalAt(at(3 * i + 2)), departure: normalAt(at(3 * i + 3)) };
      return [stage, taskTimes(curveAt(curves[stage]!, at(3 * i + 1)), off)] as const;
    });
    return {
      isEven: sharing.isEven,
      switching: sharing.switching,
      ...use,
      lockS: at(102) < LOCKED ? lockS : null,
      times: Object.fromEntries(times),
      ...pick(step.weighed, at(100)),
      unevenness: pick(uneven.weighed, at(101)),
    };
  });
  const wholes = (sharing: Sharing) => carried.flatMap((each) => wholeTimes(each, seenIn(each, sharing)));
  const draws = isHeld ? heldAgainstWholes(drawn, wholes, DRAWS) : drawn;
  return { facts, draws, curves: best.curves, points };
}

/**
 * The draws that what else was measured does not contradict: of jobs without stage statistics (ended early, or not
 * probed) only their rate is known, as a ratio to the reference's.
 */
export function heldAgainst(
  model: PipelineModel,
  reference: JointSetting,
  measured: readonly { setting: JointSetting; ratio: number }[],
): PipelineModel {
  if (measured.length === 0) return model;
  const { facts, draws } = model;
  const weighed = normalised(
    draws.map((draw) => {
      const base = throughput(facts, draw, reference);
      const misfit = measured.reduce((sum, { setting, ratio }) => {
        const off = Math.log(throughput(facts, draw, setting) / base / ratio);
        return sum + (off / RATIO_ERROR) ** 2;
      }, 0);
      return { draw, logWeight: -((4 + measured.length) / 2) * Math.log1p(misfit / 4) };
    }),
  );
  return { ...model, draws: draws.map((_, k) => pick(weighed, (k + 0.5) / draws.length).draw) };
}

function hasSameStages(a: OperatingPoint, b: OperatingPoint): boolean {
  const names = ({ stages }: OperatingPoint) =>
    stages
      .map(({ stage }) => stage)
      .sort()
      .join('\n');
  return names(a) === names(b);
}

function factsOf(points: readonly OperatingPoint[], { stages, cores }: OperatingPoint): PipelineFacts {
  const shares = points.flatMap(({ coresBusy, stages: own }) => {
    const inFlight = own.reduce((sum, each) => sum + each.inFlight, 0);
    return coresBusy === null || inFlight <= 0 ? [] : [Math.min(1, coresBusy / inFlight)];
  });
  return {
    stages: stages.map(({ stage, hasOwnExecutor }) => ({
      stage,
      hasOwnExecutor,
      tasksPerItem: median(points.map((point) => point.stages.find((each) => each.stage === stage)!.tasksPerItem)),
    })),
    cores,
    computing: shares.length > 0 ? median(shares) : UNKNOWN_COMPUTING,
  };
}

function fitStages(
  points: readonly OperatingPoint[],
  facts: PipelineFacts,
  sharing: Sharing,
  carried: readonly Carried[],
): Record<string, CurveFit> {
  const own = points.map((point) => workingTimes(point, facts, sharing));
  const before = carried.map((each) => ({ each, seen: seenIn(each, sharing) }));
  return Object.fromEntries(
    facts.stages.map(({ stage }) => [
      stage,
      withCarried(
        own.map((times) => times.get(stage)!),
        before.flatMap(({ each, seen }) => carriedTimes(stage, each, seen)),
      ),
    ]),
  );
}

/** What the stages of a job of another structure did, by their names there. */
function seenIn({ point }: Carried, sharing: Sharing): Map<string, TaskTime> {
  return workingTimes(point, factsOf([point], point), sharing);
}

/** Times as they would be without a wait for threads and with a core for each task, by stage. */
function workingTimes(point: OperatingPoint, facts: PipelineFacts, sharing: Sharing): Map<string, TaskTime> {
  const active = activeTasks(facts, sharing, point.setting);
  const crowded = crowding(facts, sharing, point.setting);
  return new Map(
    facts.stages.map(({ stage, hasOwnExecutor }, i) => {
      const own = point.stages.find((each) => each.stage === stage)!;
      const works = own.isWaitMeasured || hasOwnExecutor ? 1 : workingShare(point, facts, sharing);
      return [stage, { inFlight: own.inFlight * works, allowed: active[i]!, seconds: (own.seconds * works) / crowded }];
    }),
  );
}

/** Share of a task's measured time in which it has a thread, where the wait for one was not measured. */
function workingShare(
  { setting: { tasks, threads }, stages }: OperatingPoint,
  facts: PipelineFacts,
  { isEven }: Sharing,
) {
  if (threads === null) return 1;
  const shared = facts.stages.filter(({ hasOwnExecutor }) => !hasOwnExecutor).map(({ stage }) => stage);
  const wanted = isEven
    ? shared.reduce((sum, stage) => sum + (tasks[stage] ?? 1), 0)
    : stages.reduce((sum, { stage, inFlight }) => sum + (shared.includes(stage) ? inFlight : 0), 0);
  return Math.min(1, threads / wanted);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
