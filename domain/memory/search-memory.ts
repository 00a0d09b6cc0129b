/**
 * What the experiments of a run say about each dimension (a setting that was changed by `name=value` or by a flag):
 * curves of value against result, the dimensions that make no difference, and gains that were never tried together.
 *
 * Like is compared with like: a series holds experiments that differ in one dimension and in nothing else, so that its
 * results are compared as they are, without a model of how changes add up. What was only tried together with another
 * change is in none.
 */

import type { Objective } from '../belief/compare.js';
import { logSpeed as logSpeedOf, mean, withLogSpeed } from '../belief/noise.js';
import {
  type Changed,
  type Changes,
  changesKey,
  changeText,
  effectiveChanges,
} from '../proposals/effective-changes.js';

/** An experiment as the memory needs it. */
export interface Tried extends Changed {
  /** What it typically measures; null where it has no number that is believed. */
  objective: Objective | null;
  /** Over how many runs. */
  runs: number;
  /** Its job was ended early: `objective` is what its steps let expect. */
  isPruned: boolean;
  /** Relative gain over what it builds on, where that is confirmed; else null. */
  gain: number | null;
  /** What it builds on; null for the base. */
  parentId: string | null;
}

export interface MemoryInput {
  /** In the order in which they were added, the baseline among them. */
  experiments: readonly Tried[];
  baseCommit: string | null;
  /** Value of a dimension at the base, where it is known. */
  baseValues: ReadonlyMap<string, string>;
  /** The least relative difference that counts; null while the noise is not known, and then nothing is concluded. */
  least: number | null;
}

export interface CurvePoint {
  value: string;
  /** The mean over the experiments that ran this very setting. */
  objective: Objective;
  nodeIds: string[];
  runs: number;
  isPruned: boolean;
}

export interface Series {
  /** What all of its experiments have in common, as changes; none = the base. */
  others: string[];
  /** Two or more, numbers in ascending order. */
  points: CurvePoint[];
}

export interface Dimension {
  name: string;
  /** All that were tried, comparable or not, in the order of the points. */
  values: string[];
  /** The one with the fastest experiment first. */
  series: Series[];
  /** The fastest of the first series. */
  best: CurvePoint | null;
  /** How much faster that one is than the slowest of its own series; null without a series. */
  bestEffect: number | null;
  /** Whether that one is the value of the base: changing it has brought nothing. */
  isBaseBest: boolean;
  /** How much faster the fastest value is than the slowest, in the series where that is most; null without a series. */
  effect: number | null;
  /** Three or more values under the same conditions and no difference that counts, nor in any other series. */
  isConcluded: boolean;
}

/** Two confirmed gains in different dimensions that no experiment has together. */
export interface Combination {
  /** The faster one, to build on. */
  onto: string;
  added: string;
  /** What `added` changes against what it builds on. */
  changes: string[];
  /** What both together would measure, were gains to multiply. */
  expected: Objective;
}

export interface SearchMemory {
  dimensions: Dimension[];
  /** The most promising first. */
  combinations: Combination[];
}

/** The value at the base where nothing tells it: a value like others, whose number is not known. */
export const BASE_VALUE = 'base';
/** From so many values on a flat curve says something. */
export const VALUES_TO_CONCLUDE = 3;
/** More pairs than this are no proposal but a list. */
const GAINS_CONSIDERED = 12;
const COMBINATIONS_MOST = 8;

export function searchMemory(input: MemoryInput): SearchMemory {
  const changes = effectiveChanges(input.experiments, input.baseCommit);
  return { dimensions: dimensionsOf(input, changes), combinations: combinationsOf(input.experiments, changes) };
}

function dimensionsOf({ experiments, baseValues, least }: MemoryInput, changes: Map<string, Changes>): Dimension[] {
  const byKey = groupedBy(experiments, ({ nodeId }) => changesKey(changes.get(nodeId)!));
  const turned = experiments.flatMap((each) =>
    [...changes.get(each.nodeId)!].flatMap(([name, value]) => (value === '' ? [] : [{ name, each }])),
  );
  return [...groupedBy(turned, ({ name }) => name)]
    .map(([name, group]) => {
      const tried = group.map(({ each }) => each);
      const valueIn = ({ nodeId }: Tried) => changes.get(nodeId)!.get(name) ?? baseValues.get(name) ?? BASE_VALUE;
      const othersOf = ({ nodeId }: Tried) => [...changes.get(nodeId)!].filter(([dimension]) => dimension !== name);
      const series = [...groupedBy(tried, (each) => changesKey(othersOf(each)))].flatMap(([key, alike]) =>
        // Experiments that leave the dimension alone have the base's value of it.
        seriesOf(key, [...alike, ...(byKey.get(key) ?? [])], valueIn),
      );
      const base = baseValues.get(name) ?? BASE_VALUE;
      return dimension(name, { tried: tried.map(valueIn), base }, series, least);
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One for each metric: numbers of different metrics are not compared. */
function seriesOf(key: string, group: readonly Tried[], valueIn: (each: Tried) => string): Series[] {
  const measured = group.filter((each): each is Measured => each.objective !== null);
  return [...groupedBy(measured, ({ objective }) => objective.metric).values()].flatMap((alike) => {
    const points = [...groupedBy(alike, valueIn)].map(([value, same]) => pointOf(value, same));
    if (points.length < 2) return [];
    return [{ others: key === '' ? [] : key.split('\n'), points: points.sort((a, b) => byValue(a.value, b.value)) }];
  });
}

type Measured = Tried & { objective: Objective };

function pointOf(value: string, same: readonly Measured[]): CurvePoint {
  // What was ended early is an estimate: it counts only where nothing ran to its end.
  const whole = same.filter(({ isPruned }) => !isPruned);
  const used = whole.length > 0 ? whole : same;
  const speed = mean(used.map(({ objective }) => logSpeedOf(objective)));
  return {
    value,
    objective: used.length === 1 ? used[0]!.objective : withLogSpeed(used[0]!.objective, speed),
    nodeIds: used.map(({ nodeId }) => nodeId),
    runs: used.reduce((sum, { runs }) => sum + runs, 0),
    isPruned: whole.length === 0,
  };
}

function dimension(
  name: string,
  { tried, base }: { tried: readonly string[]; base: string },
  series: Series[],
  least: number | null,
): Dimension {
  const fastest = (each: Series) => Math.max(...each.points.map(({ objective }) => logSpeedOf(objective)));
  const sorted = series.sort((a, b) => fastest(b) - fastest(a) || b.points.length - a.points.length);
  const ranges = sorted.map((each) => fastest(each) - Math.min(...each.points.map((p) => logSpeedOf(p.objective))));
  const isFlat = least !== null && ranges.every((range) => range <= Math.log1p(least));
  const lead = sorted[0];
  const best = lead?.points.reduce((a, b) => (logSpeedOf(b.objective) > logSpeedOf(a.objective) ? b : a)) ?? null;
  return {
    name,
    values: [...new Set([...tried, ...sorted.flatMap(({ points }) => points.map(({ value }) => value))])].sort(byValue),
    series: sorted,
    best,
    bestEffect: ranges[0] === undefined ? null : Math.expm1(ranges[0]),
    isBaseBest: best?.value === base,
    effect: ranges.length === 0 ? null : Math.expm1(Math.max(...ranges)),
    isConcluded: isFlat && sorted.some(({ points }) => points.length >= VALUES_TO_CONCLUDE),
  };
}

/** The base first, then numbers as numbers, then names. */
export function byValue(a: string, b: string): number {
  const rank = (value: string) => (value === BASE_VALUE ? 0 : Number.isFinite(Number(value)) ? 1 : 2);
  return rank(a) - rank(b) || (rank(a) === 1 ? Number(a) - Number(b) : 0) || (a < b ? -1 : a > b ? 1 : 0);
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

interface Gain {
  nodeId: string;
  parentId: string | null;
  objective: Objective;
  gain: number;
  all: Changes;
  own: [string, string][];
}

function combinationsOf(experiments: readonly Tried[], changes: Map<string, Changes>): Combination[] {
  const gains = gainsOf(experiments, changes);
  const has = (nodeId: string, [dimension, value]: [string, string]) => changes.get(nodeId)!.get(dimension) === value;
  const found: Combination[] = [];
  for (const [index, onto] of gains.entries()) {
    for (const added of gains.slice(index + 1)) {
      if (added.objective.metric !== onto.objective.metric) continue;
      if (added.own.some(([dimension]) => onto.all.has(dimension))) continue;
      const both = [...onto.own, ...added.own];
      if (experiments.some(({ nodeId }) => both.every((change) => has(nodeId, change)))) continue;
      const expected = withLogSpeed(onto.objective, logSpeedOf(onto.objective) + Math.log1p(added.gain));
      found.push({ onto: onto.nodeId, added: added.nodeId, changes: added.own.map(changeText), expected });
    }
  }
  return found
    .sort((a, b) => logSpeedOf(b.expected) - logSpeedOf(a.expected) || (a.added < b.added ? -1 : 1))
    .slice(0, COMBINATIONS_MOST);
}

/** The fastest first; a gain that a later one on top of it went past in the same dimensions is left out. */
function gainsOf(experiments: readonly Tried[], changes: Map<string, Changes>): Gain[] {
  const all = experiments.flatMap((each): Gain[] => {
    const { nodeId, parentId, objective, gain } = each;
    const mine = changes.get(nodeId)!;
    const before = parentId === null ? undefined : changes.get(parentId);
    const own = [...mine].filter(([dimension, value]) => before?.get(dimension) !== value);
    if (objective === null || gain === null || gain <= 0 || own.length === 0) return [];
    return [{ nodeId, parentId, objective, gain, all: mine, own }];
  });
  const isPassed = (old: Gain) =>
    all.some(({ parentId, own }) => {
      const dimensions = own.map(([name]) => name);
      return parentId === old.nodeId && old.own.every(([name]) => dimensions.includes(name));
    });
  return all
    .filter((gain) => !isPassed(gain))
    .sort((a, b) => logSpeedOf(b.objective) - logSpeedOf(a.objective))
    .slice(0, GAINS_CONSIDERED);
}
