/**
 * The rate of a whole job, where several processes print into one log: ranks, a pool of workers, one process an epoch.
 *
 * Each process's rate counts for as long as it trained: four that trained side by side add up, four that followed each
 * other do not. Time is taken from the order of lines in the log, which is all that a line tells. A line that speaks
 * for all (printed by one rank alone, or the same by each) is taken as it is.
 */
import type { ProcessLines, StepLine } from './process-lines.js';

export interface JobRate {
  samplesPerS: number | null;
  /** `parsed`: as a line says; `derived`: added up, or from batch size and step time. */
  source: 'parsed' | 'derived';
  /** How many processes trained at a time, 1 for one. */
  processes: number;
  /** Over all processes; null where not all told. */
  samples: number | null;
  findings: string[];
}

/** Rates of ranks differ in their last digits; one number that all of them print was gathered from all. */
const SAME = 1e-4;
/** Between what one process can have done and what all have. */
const NEAR = 1.35;
/** Processes that train side by side begin and end some lines apart. */
const ALL_OF_THEM = 0.9;
/** A log of a few lines does not show it. */
const LINES_TO_TELL = 20;

export function jobRate(
  processes: readonly ProcessLines[],
  stepMsOf: (lines: readonly StepLine[]) => number | null,
  batchSize: number | null,
  ranks: number,
): JobRate {
  const [first] = processes;
  if (first === undefined) return { samplesPerS: null, source: 'derived', processes: 1, samples: null, findings: [] };
  const samples = sumOf(processes.map(({ singles }) => singles.sample_count));
  const stepMs = meanOf(processes.map(({ steps }) => stepMsOf(steps)));
  const ofOne = batchSize === null || stepMs === null || stepMs === 0 ? null : (batchSize * 1000) / stepMs;
  const sideBySide = processes.length > 1 ? workingAtATime(processes) : unnamedProcesses(first);
  const several = sideBySide >= 1.5 || processes.length > 1;
  const told = processes.flatMap(({ singles }) => singles.throughput_samples_per_s ?? []);
  const result = (samplesPerS: number | null, source: JobRate['source'], ...findings: string[]): JobRate => ({
    samplesPerS,
    source,
    processes: several ? sideBySide : 1,
    samples,
    findings,
  });
  if (told.length === 0)
    return result(ofOne === null ? null : ofOne * Math.max(ranks, several ? sideBySide : 1), 'derived');
  const mean = meanOf(told)!;
  if (!several) return result(told.at(-1)!, 'parsed');
  const names = `about ${Number(sideBySide.toFixed(1))} processes train at a time`;
  if (speaksForAll(processes, told, ofOne, sideBySide))
    return result(mean, 'parsed', `${names}; the throughput that was printed is that of all of them`);
  if (processes.length === 1 && (ofOne === null || !isNear(mean, ofOne)))
    return result(
      mean,
      'parsed',
      `${names}, and no line says which of them printed it: the last throughput counts, and may be that of one alone (pid= or rank= in the lines would tell)`,
    );
  return result(mean * sideBySide, 'derived', `${names}; their rates were added up (${show(mean)} samples/s each)`);
}

function speaksForAll(
  processes: readonly ProcessLines[],
  told: readonly number[],
  ofOne: number | null,
  sideBySide: number,
): boolean {
  // Our own timing counts what its own process got.
  if (processes.some(({ singles }) => singles.sample_count !== undefined)) return false;
  const mean = meanOf(told)!;
  if (ofOne !== null && (isNear(mean, ofOne) || isNear(mean, ofOne * sideBySide))) {
    return Math.abs(Math.log(mean / ofOne)) > Math.abs(Math.log(mean / (ofOne * sideBySide)));
  }
  if (processes.length === 1) return false;
  return told.length === 1 || told.every((value) => Math.abs(value / mean - 1) < SAME);
}

/** Of the time in which any of them trained, each counts for its own part of it. */
function workingAtATime(processes: readonly ProcessLines[]): number {
  const spans = processes.map(({ firstLine, lastLine }) => ({ from: firstLine, to: lastLine + 1 }));
  const total = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  let [covered, end] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  const atATime = Math.max(1, total / covered);
  return atATime > ALL_OF_THEM * spans.length ? spans.length : atATime;
}

/** Where no line says who printed it: each step comes once from each. */
function unnamedProcesses({ stepLines, newSteps }: ProcessLines): number {
  return stepLines < LINES_TO_TELL || newSteps === 0 ? 1 : Math.max(1, stepLines / newSteps);
}

function isNear(value: number, other: number): boolean {
  return value < other * NEAR && other < value * NEAR;
}

function sumOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length && known.length > 0 ? known.reduce((a, b) => a + b) : null;
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((a, b) => a + b) / known.length : null;
}

function show(value: number): string {
  return value.toPrecision(4);
}
