/** The pipelines of source/train.py and one-stage/train.py on paper, by the same figures at their full time. */
import type { Case } from '../search/cases.js';
import { oneAfterTheOther, type SimulatedStage } from '../search/simulated-pipeline.js';

/** Milliseconds of a task of `demux`, by how many are in flight. */
const DEMUX_MS: readonly (readonly [number, number])[] = [
  [1, 10],
  [2, 10],
  [3, 13],
  [4, 23],
  [6, 67],
  [8, 150],
  [12, 330],
  [16, 600],
];
const FETCH_MS = 20;
/** Of a clip of half a second. */
const DECODE_MS = 40;
const ENGINES = 7;
const SLOWED_BY_EACH_WAITING = 0.08;
const STEP_MS = 37.6;
const BATCH = 16;
/** Relative standard deviation of a measurement. */
const NOISE = 0.02;

function demuxMs(tasks: number): number {
  const upper = DEMUX_MS.findIndex(([known]) => known >= tasks);
  const at = upper < 0 ? DEMUX_MS.length - 1 : upper;
  const [n, ms] = DEMUX_MS[at]!;
  if (n === tasks || at === 0) return ms;
  const [before, msBefore] = DEMUX_MS[at - 1]!;
  return msBefore + ((ms - msBefore) * (tasks - before)) / (n - before);
}

function decodeMs(tasks: number): number {
  const slowed = 1 + SLOWED_BY_EACH_WAITING * Math.max(0, tasks - ENGINES);
  return DECODE_MS * slowed * Math.max(1, tasks / ENGINES);
}

function waiting(name: string, service: (inFlight: number) => number): SimulatedStage {
  return { name, waitMs: service(1), cpuMs: 0, gilMs: 0, crowding: 0, goodUpTo: 64, service };
}

export const TWIN: Case = {
  pipeline: {
    name: 'headline',
    stages: [waiting('fetch', () => FETCH_MS), waiting('demux', demuxMs), waiting('decode', decodeMs)],
    cores: 2,
    batchMs: STEP_MS,
    sampleMs: 0,
    disturbance: 0,
    jitter: 0.02,
    noise: NOISE,
  },
  start: { concurrency: { fetch: 8, demux: 8, decode: 16 }, threads: 2, batch: BATCH, buffer: 3 },
};

/** As it is first written: one stage that demuxes and decodes. Each has threads of its own from the start. */
export const ONE_STAGE: Case = {
  pipeline: {
    ...TWIN.pipeline,
    name: 'headline from one stage',
    stages: [waiting('fetch', () => FETCH_MS), waiting('load', oneAfterTheOther(demuxMs, decodeMs))],
    split: { stage: 'load', halves: [waiting('load_read', demuxMs), waiting('load_compute', decodeMs)] },
  },
  start: { ...TWIN.start, concurrency: { fetch: 8, load: 16 }, threads: 16 },
};
