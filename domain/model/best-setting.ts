/**
 * Which joint setting is worth the next job: candidates that give each stage what it needs for a rate, climbed from by
 * turning one number at a time, held against each other by their expected improvement.
 */
import type { JointSetting } from './operating-point.js';
import type { PipelineModel } from './pipeline-model.js';
import { expectedImprovement, ratesOf, ratios } from './prediction.js';
import { taskSeconds, taskTimes } from './service-curve.js';

/** What may be set, and how far. */
export interface Reach {
  /** Stages that one number sets, with its least and most. */
  stages: { stages: readonly string[]; least: number; most: number }[];
  threads: { least: number; most: number } | null;
  buffer: { least: number; most: number } | null;
}

export interface Candidate {
  setting: JointSetting;
  /** How many times as fast as the reference, by each draw. */
  ratios: number[];
  /** Expected improvement, relative to the reference, over what is had already. */
  gain: number;
}

/** A turned number has to bring at least this much, relatively: what brings nothing stays as it is. */
const WORTH_A_TURN = 0.02;
/** A larger buffer costs memory. */
const WORTH_A_BUFFER = 0.03;
const TARGETS = 20;
/** Of the fastest job's rate. */
const LEAST_TARGET = 0.7;
const MOST_TARGET = 10;
const CLIMBS = 2;
/** One experiment makes a buffer so many times as large: it costs memory. */
const BUFFER_GROWTH = 8;
const STEPS_MOST = 12;

/**
 * The best candidate that `isOpen` accepts, or null. `had`: for each draw what is to be had without it, as a ratio to
 * the reference.
 */
export function bestSetting(
  model: PipelineModel,
  reference: JointSetting,
  reach: Reach,
  had: readonly number[],
  isOpen: (setting: JointSetting) => boolean,
): Candidate | null {
  const seen = new Map<string, Candidate>();
  const rates = ratesOf(model, reference);
  const judge = (setting: JointSetting): Candidate => {
    const key = JSON.stringify(setting);
    const candidate = seen.get(key) ?? judged(model, setting, rates, had);
    seen.set(key, candidate);
    return candidate;
  };
  const worth = ({ gain, setting }: Candidate) => gain - costOfTurns(setting, reference) * (1 + gain);
  // Asking costs more than judging: only what would be the best so far is asked for.
  const better = (a: Candidate | null, b: Candidate | null) =>
    a && (!b || worth(a) > worth(b)) && isOpen(a.setting) ? a : b;
  const starts = [reference, ...balanced(model, reference, reach)]
    .map(judge)
    .sort((a, b) => worth(b) - worth(a))
    .slice(0, CLIMBS)
    .map((start) => better(start, null));
  let best: Candidate | null = null;
  for (const start of starts) {
    let now = start;
    for (let step = 0; step < STEPS_MOST; step += 1) {
      const next = neighbours(now?.setting ?? reference, reference, reach)
        .map(judge)
        .reduce(better, now);
      if (next === now) break;
      now = next;
    }
    best = better(now, best);
  }
  return best;
}

/** `rates`: those of the reference by each draw. */
export function judged(
  model: PipelineModel,
  setting: JointSetting,
  rates: readonly number[],
  had: readonly number[],
): Candidate {
  const values = ratios(model, setting, rates);
  return { setting, ratios: values, gain: expectedImprovement(values, had) };
}

/** In relative gain. */
function costOfTurns(setting: JointSetting, reference: JointSetting): number {
  const tasks = Object.keys(setting.tasks).filter((stage) => setting.tasks[stage] !== reference.tasks[stage]);
  const turns = tasks.length + (setting.threads === reference.threads ? 0 : 1);
  return WORTH_A_TURN * turns + (setting.buffer === reference.buffer ? 0 : WORTH_A_BUFFER);
}

/** For each of some rates every stage has what it needs by its likeliest curve, and no more than does it good. */
function balanced(model: PipelineModel, reference: JointSetting, reach: Reach): JointSetting[] {
  const { curves, facts, points } = model;
  const rate = Math.max(...points.map((point) => point.rate));
  const likely = new Map(Object.entries(curves).map(([stage, fit]) => [stage, taskTimes(fit.curves[0]!)]));
  return Array.from({ length: TARGETS }, (_, i) => {
    const target = rate * LEAST_TARGET * (MOST_TARGET / LEAST_TARGET) ** (i / (TARGETS - 1));
    const tasks = { ...reference.tasks };
    for (const { stages, least, most } of reach.stages) {
      const needs = stages.flatMap((stage) => {
        const times = likely.get(stage);
        const fact = facts.stages.find((each) => each.stage === stage);
        if (!times || !fact) return [];
        const capacity = (n: number) => n / (taskSeconds(times, n) * fact.tasksPerItem);
        return [leastTasks(capacity, target, least, most)];
      });
      if (needs.length > 0) for (const stage of stages) tasks[stage] = Math.max(...needs);
    }
    return withRoom({ ...reference, tasks }, model, reach);
  });
}

function leastTasks(capacity: (tasks: number) => number, target: number, least: number, most: number): number {
  let best = least;
  for (let tasks = least; tasks <= most; tasks += 1) {
    if (capacity(tasks) >= target) return tasks;
    if (capacity(tasks) > capacity(best)) best = tasks;
  }
  return best;
}

/** A pool with a thread for each task, as far as that may be. */
function withRoom(setting: JointSetting, { facts }: PipelineModel, { threads }: Reach): JointSetting {
  const wanted = facts.stages.reduce(
    (sum, { stage, hasOwnExecutor }) => sum + (hasOwnExecutor ? 0 : (setting.tasks[stage] ?? 1)),
    0,
  );
  if (!threads || setting.threads === null || wanted <= setting.threads) return setting;
  return { ...setting, threads: Math.min(threads.most, wanted) };
}

function neighbours(setting: JointSetting, reference: JointSetting, reach: Reach): JointSetting[] {
  const turned = (value: number, { least, most }: { least: number; most: number }, before: number) =>
    [...new Set([value - 1, value + 1, value / 2, value / 1.5, value * 1.5, value * 2, before].map(Math.round))].filter(
      (next) => next >= least && next <= most && next !== value,
    );
  const stages = reach.stages.flatMap(({ stages: own, ...range }) => {
    const [first] = own;
    if (first === undefined || setting.tasks[first] === undefined) return [];
    return turned(setting.tasks[first], range, reference.tasks[first] ?? 1).map((tasks) => ({
      ...setting,
      tasks: { ...setting.tasks, ...Object.fromEntries(own.map((stage) => [stage, tasks])) },
    }));
  });
  const { threads, buffer } = setting;
  return [
    ...stages,
    ...(threads === null || !reach.threads
      ? []
      : turned(threads, reach.threads, reference.threads ?? threads).map((value) => ({ ...setting, threads: value }))),
    ...(buffer === null || !reach.buffer
      ? []
      : [reference.buffer ?? buffer, (reference.buffer ?? buffer) * BUFFER_GROWTH]
          .filter((value) => value !== buffer && value <= reach.buffer!.most)
          .map((value) => ({ ...setting, buffer: value }))),
  ];
}
