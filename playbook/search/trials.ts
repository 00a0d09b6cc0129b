/** The history as the search sees it: settings with their measured speed, the incumbent, the ceiling and the noise. */

import type { HistoryEntry } from '../../agents/agent.js';
import { type Objective, objectiveOf, speedup } from '../../domain/belief/compare.js';
import type { Survey } from '../survey.js';
import { type Setting, settingKey, settingsOf } from './settings.js';

export interface Trial {
  entry: HistoryEntry;
  setting: Setting;
  key: string;
  /** How many times as fast as the baseline; the mean over equal settings; null when not measured. */
  speed: number | null;
}

export interface Trials {
  base: Setting;
  all: Trial[];
  /** The fastest measured trial; null when none has a number. */
  incumbent: Trial | null;
  /** Speed of the headspace run, over the baseline's; null when unknown or beyond belief. */
  ceiling: number | null;
  /** Relative difference below which two measurements are equal. */
  noise: number;
}

const LEAST_NOISE = 0.02;
const MOST_NOISE = 0.15;
/** A cache that is this much slower than the loader it replaces measured something else. */
const PLAUSIBLE_CEILING = 0.9;

export function readTrials(
  survey: Pick<Survey, 'knobs'>,
  history: readonly HistoryEntry[],
  baseCommit: string,
  bestNodeId: string | null,
): Trials {
  const settings = settingsOf(survey, history, baseCommit);
  const measured = new Map(history.map((entry) => [entry.nodeId, objectiveOfEntry(entry)]));
  const reference = referenceOf(history, measured);
  const speedOf = (nodeId: string) => speedup(measured.get(nodeId) ?? null, reference);
  const keys = new Map([...settings.byNode].map(([nodeId, setting]) => [nodeId, settingKey(setting)]));
  const groups = new Map<string, number[]>();
  for (const [nodeId, key] of keys) {
    const speed = speedOf(nodeId);
    if (speed !== null) groups.set(key, [...(groups.get(key) ?? []), speed]);
  }
  const all = history.flatMap((entry): Trial[] => {
    const setting = settings.byNode.get(entry.nodeId);
    if (!setting) return [];
    const key = keys.get(entry.nodeId)!;
    const speeds = entry.status === 'completed' ? (groups.get(key) ?? []) : [];
    return [{ entry, setting, key, speed: speeds.length > 0 ? mean(speeds) : prunedSpeed(entry, speedOf) }];
  });
  const noise = noiseOf([...groups.values()]);
  const headspace = history.find(({ kind, status }) => kind === 'headspace' && status === 'completed');
  const ceiling = headspace ? speedOf(headspace.nodeId) : null;
  return {
    base: settings.base,
    all,
    incumbent: incumbentOf(all, bestNodeId, noise),
    ceiling: ceiling !== null && ceiling >= PLAUSIBLE_CEILING ? ceiling : null,
    noise,
  };
}

/** What was measured of a job before it was ended early. */
function prunedSpeed({ failure }: HistoryEntry, speedOf: (nodeId: string) => number | null): number | null {
  const { incumbent, speed_ratio: ratio } = failure?.kind === 'pruned' ? failure.details : {};
  const speed = typeof incumbent === 'string' ? speedOf(incumbent) : null;
  return speed !== null && typeof ratio === 'number' ? speed * ratio : null;
}

/** What it typically measures; null where that is unknown or not believed. */
export function objectiveOfEntry(entry: HistoryEntry): Objective | null {
  if (entry.status !== 'completed' || !entry.result || entry.judged?.verdict === 'quarantine') return null;
  return entry.objective ?? objectiveOf(entry.result.metrics, entry.durationS);
}

/** The baseline; should it have no number, the first run that has one. */
function referenceOf(
  history: readonly HistoryEntry[],
  measured: ReadonlyMap<string, Objective | null>,
): Objective | null {
  const candidates = [
    ...history.filter(({ kind }) => kind === 'baseline'),
    ...history.filter(({ kind }) => kind !== 'headspace'),
  ];
  for (const { nodeId } of candidates) {
    const value = measured.get(nodeId);
    if (value) return value;
  }
  return null;
}

/** Twice the standard deviation of one measurement, from settings that were measured more than once. */
function noiseOf(groups: readonly number[][]): number {
  let squares = 0;
  let freedom = 0;
  for (const speeds of groups) {
    const middle = mean(speeds);
    squares += speeds.reduce((sum, speed) => sum + (speed / middle - 1) ** 2, 0);
    freedom += speeds.length - 1;
  }
  const noise = freedom > 0 ? 2 * Math.sqrt(squares / freedom) : 0;
  return Math.min(MOST_NOISE, Math.max(LEAST_NOISE, noise));
}

/** The fastest; the engine's own best where the two cannot be told apart. */
function incumbentOf(all: readonly Trial[], bestNodeId: string | null, noise: number): Trial | null {
  const measured = all.filter(({ speed, entry }) => speed !== null && entry.commit !== null);
  const fastest = measured.reduce<Trial | null>((best, t) => (best && best.speed! >= t.speed! ? best : t), null);
  const named = measured.find(({ entry }) => entry.nodeId === bestNodeId);
  return fastest && named && named.speed! >= fastest.speed! / (1 + noise / 2) ? named : fastest;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
