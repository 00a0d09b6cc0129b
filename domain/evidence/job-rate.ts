/**
 * The rate of a whole job, where several processes print into one log: ranks, a pool of workers, one process an epoch.
 *
 * Each process's rate counts for as long as it trained: four that trained side by side add up, four that followed each
 * other do not. Who followed whom is taken from the order of lines in the log, which is all that a line tells. A line
 * that speaks for all (printed by one rank alone, or the same by each) is taken as it is. What one of several ranks
 * says of itself is never taken for the whole.
 */
import { weightedMean } from '../belief/steady-state.js';
import { NOBODY, type ProcessLines, type StepLine } from './process-lines.js';

/**
 * Whose rate the throughput is: `one` process's, which is the job; the `sum` of those that trained; that of `all` in a
 * line that speaks for all; of all, made of batch size and `steps`; or `unclear`, because nothing says whose a printed
 * one is.
 */
export type RateOf = 'one' | 'sum' | 'all' | 'steps' | 'unclear';

export interface JobRate {
  samplesPerS: number | null;
  /** `parsed`: as a line says; `derived`: added up, or from batch size and step time. */
  source: 'parsed' | 'derived';
  of: RateOf;
  /** How many processes printed steps at a time, 1 for one. */
  processes: number;
  /** Over all processes; null where nothing tells. */
  samples: number | null;
  /** What was added up, taken for the whole, or contradicts itself. */
  findings: string[];
}

export interface RateInput {
  /** Those that told of steps or of a rate. */
  processes: readonly ProcessLines[];
  stepMsOf: (lines: readonly StepLine[]) => number | null;
  /** Samples of a step in one process. */
  batchSize: number | null;
  /** How many ranks train, as the job says or the probe saw; null where neither does. */
  ranks: number | null;
  /** As the launch command says; a flag may mean something else. */
  ranksOfCommand: number;
  /** What the pipeline of one process gave its loop, by the probe's count, samples a second; null where unknown. */
  givenPerS: number | null;
}

/** Rates of ranks differ in their last digits; one number that all of them print was gathered from all. */
const SAME = 1e-4;
/** Between what one process can have done and what all have. */
const NEAR = 1.35;
/** Processes that train side by side begin and end some lines, and some steps, apart. */
const ALL_OF_THEM = 0.9;
/** A log of a few lines does not show it. */
const LINES_TO_TELL = 20;

/** How many train, and what one of them does. */
interface Crowd {
  processes: readonly ProcessLines[];
  /** Of those that print. */
  sideBySide: number;
  /** Whether more than one prints. */
  several: boolean;
  /** Whether there is a time at which all of those that print do. */
  isTogether: boolean;
  /** Of all over those that print: 1 where all do. */
  share: number;
  /** Samples a second of one, by its steps, else by its pipeline's items. */
  ofOne: number | null;
  /** By the steps of each. */
  ofSteps: (number | null)[];
}

export function jobRate(input: RateInput): JobRate {
  const { processes, total } = withoutTotal(input.processes);
  const crowd = crowdOf({ ...input, processes });
  const { sideBySide, several, share } = crowd;
  const samples = samplesOf(processes, input.batchSize);
  const result = (samplesPerS: number | null, of: RateOf, finding?: string): JobRate => ({
    samplesPerS,
    source: of === 'sum' || of === 'steps' ? 'derived' : 'parsed',
    of,
    processes: several ? sideBySide : 1,
    samples: samples === null ? null : samples * share,
    findings: finding === undefined ? [] : [`${namesOf(crowd)}${finding}`],
  });
  const told = processes.flatMap(({ singles }) => singles.throughput_samples_per_s ?? []);
  const own = processes.map(({ singles }) => singles.throughput_samples_per_s ?? null);
  const bySteps = addedUp(crowd, crowd.ofSteps);
  if (total !== null) {
    const sum = (told.length > 0 ? addedUp(crowd, own) : bySteps) ?? total;
    if (isNear(total, sum)) return result(total, 'all', OF_ALL);
    return result(sum, told.length > 0 ? 'sum' : 'steps', `${against(total, sum)}, which counts`);
  }
  if (told.length === 0) {
    const atLeast = input.ranks === null && bySteps !== null ? input.ranksOfCommand / (sideBySide * share) : 1;
    const rate = bySteps === null ? null : bySteps * Math.max(1, atLeast);
    return result(rate, several || share > 1 || atLeast > 1 ? 'steps' : 'one');
  }
  const mean = meanOf(told)!;
  if (!several && share === 1) {
    const others = othersThatPrint(input, processes);
    if (others === null) return result(told.at(-1)!, 'one');
    return { ...result(told.at(-1)!, 'unclear'), findings: [others] };
  }
  if (speaksForAll(crowd, told)) {
    const contradicts = bySteps !== null && !isNear(mean, bySteps) ? against(mean, bySteps) : '';
    return result(mean, 'all', `${OF_ALL}${contradicts}`);
  }
  if (several && processes.length === 1 && (crowd.ofOne === null || !isNear(mean, crowd.ofOne)))
    return result(mean, 'unclear', UNSAID);
  const missing = told.length < processes.length ? `; only ${told.length} of ${processes.length} printed theirs` : '';
  const others = share > 1 ? '; those that printed none are taken to be as fast as the mean of those that did' : '';
  return result(
    addedUp(crowd, own),
    'sum',
    `; their rates were added up, each for as long as it trained (${rangeOf(told)} samples/s each)${missing}${others}`,
  );
}

const UNSAID =
  ', and no line says which of them printed it: the last throughput counts, and may be that of one alone (pid= or rank= in the lines, and world_size=, would tell)';
const OF_ALL = '; the throughput that was printed is that of all of them';

function against(printed: number, sum: number): string {
  return `; a contradiction: ${show(printed)} samples/s were printed for all of them, and what each tells of itself makes ${show(sum)}`;
}

/** No mean: those that trained for a shorter time count for less in the sum. */
function rangeOf(rates: readonly number[]): string {
  const [low, high] = [show(Math.min(...rates)), show(Math.max(...rates))];
  return low === high ? low : `${low} to ${high}`;
}

/** What lets one think that a rate is one of several, where no line and no count of the probe tells; null: nothing. */
function othersThatPrint({ ranks, ranksOfCommand }: RateInput, [only]: readonly ProcessLines[]): string | null {
  if (ranks !== null || only === undefined) return null;
  if (ranksOfCommand > 1)
    return `the launch command starts ${ranksOfCommand} processes, and the lines are those of one: its throughput counts, and may be that of one alone (rank= and world_size= in them would tell)`;
  const isNamed = only.speaker.pid !== null || only.speaker.rank !== null;
  if (isNamed || only.newSteps === 0 || only.stepLines < 2 * only.newSteps) return null;
  const times = Number((only.stepLines / only.newSteps).toFixed(1));
  return `each step was printed about ${times} times, as by several processes${UNSAID}`;
}

/** In the line of one that names nobody, beside those of several that do: it speaks for them. */
function withoutTotal(spoke: readonly ProcessLines[]): { processes: readonly ProcessLines[]; total: number | null } {
  const unnamed = spoke.find(({ speaker, steps }) => speaker === NOBODY && steps.length === 0);
  const total = unnamed?.singles.throughput_samples_per_s ?? null;
  if (total === null || spoke.length < 3) return { processes: spoke, total: null };
  return { processes: spoke.filter((process) => process !== unnamed), total };
}

function crowdOf({ processes, stepMsOf, batchSize, ranks, givenPerS }: RateInput): Crowd {
  const [first] = processes;
  const sideBySide = processes.length > 1 ? workingAtATime(processes) : first ? unnamedProcesses(first) : 1;
  const isTogether =
    Math.max(...processes.map(({ firstLine }) => firstLine)) <= Math.min(...processes.map(({ lastLine }) => lastLine));
  const ofSteps = processes.map(({ steps }) => {
    const stepMs = stepMsOf(steps);
    return batchSize === null || stepMs === null || stepMs === 0 ? null : (batchSize * 1000) / stepMs;
  });
  return {
    processes,
    sideBySide,
    several: sideBySide >= 1.5 || processes.length > 1,
    isTogether,
    // How many train while one of several that follow each other does, nobody knows.
    share: isTogether && ranks !== null ? Math.max(1, ranks / Math.max(processes.length, wholeNear(sideBySide))) : 1,
    ofOne: meanOf(ofSteps) ?? givenPerS,
    ofSteps,
  };
}

/** Of unnamed lines the count is no whole number where some were lost. */
function wholeNear(sideBySide: number): number {
  return Math.abs(sideBySide - Math.round(sideBySide)) < 0.2 ? Math.round(sideBySide) : sideBySide;
}

/** No whole number where lines are missing, or where some train for a part of the time alone. */
function countedProcesses(count: number): string {
  if (Number.isInteger(count)) return `about ${count} processes train at a time`;
  const [low, high] = [Math.floor(count), Math.ceil(count)];
  return `${low} or ${high} processes train at a time (${count.toFixed(1)} on average, by how often their lines come)`;
}

function namesOf({ processes, sideBySide, isTogether, several, share }: Crowd): string {
  // Those that end earlier count for less, and are as many.
  const count = isTogether ? Math.max(processes.length, sideBySide) : sideBySide;
  const printing = Number(count.toFixed(1));
  if (share === 1) return countedProcesses(wholeNear(count));
  return `about ${Number((count * share).toFixed(1))} ranks train at a time, and ${several ? printing : 'only one'} of them printed lines`;
}

/**
 * The rates of all, each for as long as it trained; null where none is known. How long that was is told by its own
 * clock: those that are faster print more lines in a time.
 */
function addedUp(
  { processes, sideBySide, isTogether, share }: Crowd,
  rates: readonly (number | null)[],
): number | null {
  const mean = meanOf(rates);
  if (mean === null) return null;
  const times = processes.map(trainingMs);
  const longest = Math.max(...times.map((time) => time ?? 0));
  const isKnown = rates.every((rate) => rate !== null) && times.every((time) => time !== null) && longest > 0;
  if (!isKnown || !isTogether || processes.length === 1) return mean * sideBySide * share;
  const sum = rates.reduce<number>((all, rate, i) => {
    const part = times[i]! / longest;
    return all + rate! * (part >= ALL_OF_THEM ? 1 : part);
  }, 0);
  return sum * share;
}

function trainingMs({ steps, stepCount, singles }: ProcessLines): number | null {
  const { sample_count: count, throughput_samples_per_s: rate } = singles;
  const known = steps.flatMap(({ first, last, stepMs }) =>
    stepMs === null ? [] : [{ value: stepMs, weight: Math.max(1, last - first + 1) }],
  );
  const mean = weightedMean(known);
  if (mean !== null) return mean * stepCount;
  return count !== undefined && rate !== undefined && rate > 0 ? (1000 * count) / rate : null;
}

function samplesOf(processes: readonly ProcessLines[], batchSize: number | null): number | null {
  const counted = sumOf(processes.map(({ singles }) => singles.sample_count));
  if (counted !== null) return counted;
  const steps = processes.reduce((sum, { allSteps }) => sum + allSteps, 0);
  return batchSize !== null && steps > 0 ? steps * batchSize : null;
}

function speaksForAll({ processes, sideBySide, several, share, ofOne }: Crowd, told: readonly number[]): boolean {
  // Our own timing counts what its own process got.
  if (processes.some(({ singles }) => singles.sample_count !== undefined)) return false;
  const mean = meanOf(told)!;
  const ofAll = ofOne === null ? null : ofOne * sideBySide * share;
  if (ofOne !== null && ofAll !== null && (isNear(mean, ofOne) || isNear(mean, ofAll))) {
    return Math.abs(Math.log(mean / ofOne)) > Math.abs(Math.log(mean / ofAll));
  }
  if (processes.length === 1) return !several;
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
