/** The repeats of a run as numbers: log speeds of an experiment's runs, the noise over all of them, and the ceiling. */
import type { EngineState } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import { BASELINE_ID, HEADSPACE_ID, isTerminal } from '../run/experiment-record.js';
import { changesTheStep, isClearlyBelow } from './ceilings/ceiling.js';
import { type Objective, objectiveOfRow } from './compare.js';
import { MOST_DISTURBED_REPEATS } from './contention.js';
import { leastImprovement } from './improvement.js';
import type { RepeatPurpose, Verdict } from './judgement.js';
import { logSpeed, type Noise, pooledNoise, withPrior } from './noise.js';
import { leastGain } from './odds.js';
import { goesOn } from './provisional.js';

/** Repeats that are still there, ended or not. */
export function repeatRows(state: EngineState, nodeId: string): ExperimentRow[] {
  return (state.confirmation?.repeats[nodeId] ?? []).flatMap((id) => state.experiments[id] ?? []);
}

/** Of these, the ones that were measured again for one purpose. */
export function repeatsFor(state: EngineState, nodeId: string, purpose: RepeatPurpose): ExperimentRow[] {
  return repeatRows(state, nodeId).filter(({ origin }) => origin.from === 'repeat' && origin.purpose === purpose);
}

export function hasOpenRepeats(state: EngineState, nodeId: string): boolean {
  const ceiling = state.experiments[state.confirmation?.ceilings[nodeId] ?? ''];
  return [...repeatRows(state, nodeId), ...(ceiling ? [ceiling] : [])].some((row) => !isTerminal(row));
}

const CONTRADICTED: readonly Verdict[] = ['reject', 'refuted', 'superseded'];

/**
 * Whether its own run was noticed for looking good: such a run says too much (improvement.ts), and only repeats count.
 */
function wasNoticed(state: EngineState, { judged }: ExperimentRow): boolean {
  if (judged === undefined || judged.verdict === 'not_better') return false;
  // What its repeats contradicted was noticed, though no gain is told of it.
  if (goesOn(state) && CONTRADICTED.includes(judged.verdict)) return true;
  return judged.verdict === 'repeat' || judged.gain !== null;
}

/** How often an experiment was measured: its own run, and its repeats, whether or not they count. */
export function measuredRuns(state: EngineState, nodeId: string): number {
  const own = state.experiments[nodeId];
  return [...(own ? [own] : []), ...repeatRows(state, nodeId)].filter((row) => row.state.status === 'completed').length;
}

/** Whether other work used much of the machine while it was measured. */
export function wasDisturbed({ state }: ExperimentRow): boolean {
  return state.status === 'completed' && state.contention !== undefined;
}

/** Log speeds of an experiment and its repeats by one metric; `only` picks the repeats for one purpose. */
export function runsOf(
  state: EngineState,
  nodeId: string,
  metric: Objective['metric'] | null = null,
  only: 'verification' | null = null,
): number[] {
  const own = state.experiments[nodeId];
  const by = metric ?? objectiveOfRow(own)?.metric;
  if (!own) return [];
  const rows = only === null ? repeatRows(state, nodeId) : repeatsFor(state, nodeId, only);
  if (only === null && !wasNoticed(state, own)) rows.unshift(own);
  return speedsOf(state, rows, by);
}

/** Log speeds of all its runs by this metric, the one by which it was noticed as well (odds.ts allows for that). */
export function everyRunOf(state: EngineState, nodeId: string, metric: Objective['metric']): number[] {
  const own = state.experiments[nodeId];
  if (!own) return [];
  const rows = [own, ...repeatRows(state, nodeId)];
  if (takesAsTheyAre(state, nodeId)) return measuredBy(rows, metric).map((row) => speedNow(state, row));
  return speedsOf(state, rows, metric);
}

function speedsOf(
  state: EngineState,
  rows: readonly ExperimentRow[],
  metric: Objective['metric'] | undefined,
): number[] {
  return countedRows(rows, metric).map((row) => speedNow(state, row));
}

/** Whether a repeat is bought only where what it may show can decide. */
export function weighsRepeats({ confirmation }: EngineState): boolean {
  const { weighsOdds, weighsRepeats: isRule, confirmRuns = 0 } = confirmation?.rules ?? {};
  return weighsOdds === true && isRule === true && confirmRuns > 0;
}

/**
 * Whether other work disturbed every run of the baseline, calibration included, or most of what was measured again: no
 * quiet hour is waited for then.
 */
export function staysBusy(state: EngineState): boolean {
  const own = state.experiments[BASELINE_ID];
  if (!weighsRepeats(state) || !own) return false;
  const { spoiled = 0, ended } = state.confirmation!;
  if (spoiled >= RUNS_THAT_SHOW_IT && spoiled >= SPOILED_SHARE * ended) return true;
  const ofBaseline = [own, ...repeatRows(state, BASELINE_ID)].filter((row) => row.state.status === 'completed');
  return ofBaseline.length >= RUNS_THAT_SHOW_IT && ofBaseline.every(wasDisturbed);
}

const RUNS_THAT_SHOW_IT = 3;
const SPOILED_SHARE = 0.5;

/**
 * Whether so many of its repeats ran beside other work that all of its runs are taken as they are: what spoils one
 * repeat after the other would make a decision endless.
 */
export function takesAsTheyAre(state: EngineState, nodeId: string): boolean {
  const spoiled = repeatRows(state, nodeId).filter(wasDisturbed).length;
  return weighsRepeats(state) && spoiled >= (staysBusy(state) ? 1 : MOST_DISTURBED_REPEATS);
}

/** Those measured by the metric; runs beside other work count only where there are no others. */
function countedRows(rows: readonly ExperimentRow[], metric: Objective['metric'] | undefined): ExperimentRow[] {
  const quiet = rows.filter((row) => row.state.status === 'completed' && !wasDisturbed(row));
  return measuredBy(quiet.length > 0 ? quiet : rows, metric);
}

function measuredBy(rows: readonly ExperimentRow[], metric: Objective['metric'] | undefined): ExperimentRow[] {
  return rows.filter((row) => metric !== undefined && objectiveOfRow(row)?.metric === metric);
}

/** The log speed that a measured experiment would have on the machine as it is now. */
export function speedNow(state: EngineState, row: ExperimentRow): number {
  return logSpeed(objectiveOfRow(row)!) + driftSince(state, row);
}

/** By how much the machine is faster now than when an experiment was measured, in log speed (incumbent/drift.ts). */
export function driftSince({ confirmation }: EngineState, { endedSeq = 0 }: ExperimentRow): number {
  return (confirmation?.drifts ?? []).reduce((sum, { by, afterSeq }) => sum + (endedSeq <= afterSeq ? by : 0), 0);
}

/** An experiment and its repeats, as far as they count and were measured since the last drift. */
export function currentRows(state: EngineState, nodeId: string, metric: Objective['metric']): ExperimentRow[] {
  const from = state.confirmation?.drifts?.at(-1)?.fromSeq ?? 0;
  const own = state.experiments[nodeId];
  const rows = own ? [own, ...repeatRows(state, nodeId)] : [];
  const current = rows.filter(({ endedSeq = 0 }) => endedSeq >= from);
  return takesAsTheyAre(state, nodeId) ? measuredBy(current, metric) : countedRows(current, metric);
}

/** Log speeds of all its runs since the last drift; of one that was not measured since then all, as old ones. */
export function currentRuns(
  state: EngineState,
  nodeId: string,
  metric: Objective['metric'],
): { runs: number[]; isOld: boolean } {
  const runs = currentRows(state, nodeId, metric).map((row) => speedNow(state, row));
  if (runs.length > 0) return { runs, isOld: false };
  return { runs: everyRunOf(state, nodeId, metric), isOld: (state.confirmation?.drifts ?? []).length > 0 };
}

/** Null while nothing was repeated with success. */
export function noiseOf(state: EngineState): Noise | null {
  const repeated = tellsNoise(state);
  return noiseWithin(
    state,
    repeated.map((nodeId) => runsOf(state, nodeId)),
  );
}

/**
 * The noise to weigh a candidate's odds with, known from the first job on: what steps show is where the noise between
 * runs starts from, and a few repeats outweigh it. Of the candidate itself every run counts: one that its repeats
 * contradict makes its odds uncertain, and nobody else's.
 */
export function expectedNoise(state: EngineState, candidate: string | null = null): Noise {
  const repeated = tellsNoise(state);
  const groups = repeated.map((nodeId) => {
    const metric = nodeId === candidate ? objectiveOfRow(state.experiments[nodeId])?.metric : undefined;
    return metric === undefined ? runsOf(state, nodeId) : everyRunOf(state, nodeId, metric);
  });
  return withPrior(noiseWithin(state, groups), stepNoiseOf(state, [...new Set([BASELINE_ID, ...repeated])]));
}

/** What was repeated and loads its data: how runs on cached data differ says nothing of the others. */
function tellsNoise({ confirmation, experiments }: EngineState): string[] {
  return Object.keys(confirmation?.repeats ?? {}).filter((nodeId) => experiments[nodeId]?.kind !== 'headspace');
}

function noiseWithin(state: EngineState, groups: readonly (readonly number[])[]): Noise | null {
  return pooledNoise(groups, stepNoiseOf(state, tellsNoise(state)), state.confirmation?.past);
}

/** What steps within the repeated jobs show, as a typical value; 0 where none tells. */
function stepNoiseOf(state: EngineState, nodeIds: readonly string[]): number {
  const { stepSquares, stepRuns } = state.confirmation?.past ?? { stepSquares: 0, stepRuns: 0 };
  const squares = stepSquaresOf(state, nodeIds);
  const runs = squares.length + stepRuns;
  return runs === 0 ? 0 : Math.sqrt(squares.reduce((sum, square) => sum + square, stepSquares) / runs);
}

/** One for each run of these experiments, repeats included, whose steps tell. */
export function stepSquaresOf(state: EngineState, nodeIds: readonly string[]): number[] {
  const rows = nodeIds.flatMap((nodeId) => [state.experiments[nodeId], ...repeatRows(state, nodeId)]);
  return rows.flatMap((row) => {
    const noise = row?.state.status === 'completed' ? row.state.stepNoise : undefined;
    return noise === undefined ? [] : [noise ** 2];
  });
}

/** Why the numbers of an experiment, or of one of its repeats, cannot be believed; null where they can. */
export function doubtOf(state: EngineState, nodeId: string): string | null {
  for (const row of [state.experiments[nodeId], ...repeatRows(state, nodeId)]) {
    if (row?.state.status === 'completed' && row.state.doubt !== undefined) return row.state.doubt;
  }
  return null;
}

/** Relative; null while the noise is not known and no number was given. */
export function leastImprovementOf(state: EngineState, noise: Noise | null): number | null {
  const { minImprovement: given = null, weighsOdds } = state.confirmation?.rules ?? {};
  if (weighsOdds) return leastGain(given, expectedNoise(state));
  return noise ? leastImprovement(given, noise) : given;
}

export interface Confidence {
  /** Relative standard deviation of one run. */
  noise: number;
  /** Independent differences between repeats from which it is known. */
  degrees: number;
  /** The relative gain that is worth having. */
  least: number;
}

export function confidenceOf(state: EngineState): Confidence | null {
  const noise = noiseOf(state);
  const least = leastImprovementOf(state, noise);
  return noise && least !== null ? { noise: noise.sd, degrees: noise.degrees, least } : null;
}

/**
 * The experiment whose result bounds this one's: headspace on its own code or on that of what it builds on, else the
 * seed. Null when its model step is another one than the seed's and nothing was measured on its code yet.
 */
export function ceilingOf(state: EngineState, nodeId: string): string | null {
  for (const id of [nodeId, ...ancestorsOf(state, nodeId)]) {
    const row = state.experiments[id];
    const own = state.confirmation?.ceilings[id];
    if (own !== undefined) return own;
    if (!row) break;
    if (changesTheStep(row.tags)) return null;
    // The engine has left its parent behind: the proposal's own word counts.
    if (row.ceiling !== undefined && !state.experiments[row.parentId ?? '']) return row.ceiling;
  }
  return HEADSPACE_ID;
}

/** Whether a run with cached data bounds nothing, because it is clearly slower than the baseline. */
export function isNoCeiling(state: EngineState, ceilingId: string): boolean {
  const metric = objectiveOfRow(state.experiments[BASELINE_ID])?.metric;
  if (metric === undefined) return false;
  return isClearlyBelow(runsOf(state, ceilingId, metric), runsOf(state, BASELINE_ID, metric), noiseOf(state));
}

/** The same as a rule for decisions, which runs from before it do not have. */
export function isDoubtedCeiling(state: EngineState, ceilingId: string): boolean {
  return state.confirmation?.rules.doubtsLowCeilings === true && isNoCeiling(state, ceilingId);
}

/** What it builds on, the nearest first, as far as it is known. */
export function ancestorsOf(state: EngineState, nodeId: string): string[] {
  const found: string[] = [];
  let row = state.experiments[nodeId];
  while (row && row.parentId !== null && found.length < MOST_ANCESTORS) {
    row = state.experiments[row.parentId];
    if (row) found.push(row.nodeId);
  }
  return found;
}

/** Parents that a foreign message made a ring of must not hold up the engine. */
const MOST_ANCESTORS = 1000;
