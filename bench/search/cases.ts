/** Pipelines that are slow in the ways in which real ones are, each with the setting that its author left it in. */
import type { Random, SimulatedPipeline, SimulatedSetting, SimulatedStage } from './simulated-pipeline.js';

export interface Case {
  pipeline: SimulatedPipeline;
  start: SimulatedSetting;
}

function stage(name: string, more: Partial<SimulatedStage>): SimulatedStage {
  return { name, waitMs: 0, cpuMs: 0, gilMs: 0, crowding: 0, goodUpTo: 64, ...more };
}

const QUIET = { cores: 8, batchMs: 0.5, sampleMs: 0.8, disturbance: 0.01, jitter: 0.02, noise: 0 };

export const CASES: readonly Case[] = [
  {
    pipeline: {
      ...QUIET,
      name: 'starved',
      stages: [stage('fetch', { waitMs: 8 }), stage('decode', { cpuMs: 3 }), stage('augment', { cpuMs: 0.6 })],
    },
    start: { concurrency: { fetch: 2, decode: 2, augment: 1 }, threads: 8, batch: 32, buffer: 2 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'oversubscribed',
      cores: 2,
      sampleMs: 1.2,
      disturbance: 0.05,
      stages: [
        stage('fetch', { waitMs: 2 }),
        stage('decode', { cpuMs: 2, crowding: 0.15, goodUpTo: 2 }),
        stage('augment', { cpuMs: 0.3 }),
      ],
    },
    start: { concurrency: { fetch: 4, decode: 16, augment: 4 }, threads: 16, batch: 16, buffer: 2 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'thread_starved',
      stages: [stage('fetch', { waitMs: 10 }), stage('decode', { cpuMs: 2 }), stage('resize', { cpuMs: 1 })],
    },
    start: { concurrency: { fetch: 8, decode: 4, resize: 2 }, threads: 2, batch: 32, buffer: 2 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'gil_bound',
      cores: 4,
      disturbance: 0.08,
      sampleMs: 1,
      stages: [
        stage('read', { waitMs: 2 }),
        stage('parse', { gilMs: 1.1, crowding: 0.05, goodUpTo: 2 }),
        stage('pack', { gilMs: 0.2 }),
      ],
    },
    start: { concurrency: { read: 4, parse: 12, pack: 4 }, threads: 16, batch: 32, buffer: 2 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'noisy',
      noise: 0.03,
      stages: [stage('fetch', { waitMs: 12 }), stage('decode', { cpuMs: 2 }), stage('augment', { cpuMs: 0.5 })],
    },
    start: { concurrency: { fetch: 4, decode: 1, augment: 1 }, threads: 4, batch: 32, buffer: 2 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'contended',
      noise: 0.02,
      stages: [
        stage('list', { waitMs: 2, crowding: 0.2, goodUpTo: 2 }),
        stage('fetch', { waitMs: 10, crowding: 0.1, goodUpTo: 8 }),
        stage('decode', { cpuMs: 3, crowding: 0.2, goodUpTo: 3 }),
        stage('augment', { cpuMs: 1, crowding: 0.15, goodUpTo: 2 }),
      ],
    },
    start: { concurrency: { list: 8, fetch: 2, decode: 8, augment: 1 }, threads: 16, batch: 32, buffer: 2 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'uneven',
      jitter: 0.5,
      noise: 0.02,
      stages: [stage('fetch', { waitMs: 6 }), stage('decode', { cpuMs: 2 }), stage('augment', { cpuMs: 0.5 })],
    },
    start: { concurrency: { fetch: 4, decode: 2, augment: 1 }, threads: 8, batch: 32, buffer: 1 },
  },
  {
    pipeline: {
      ...QUIET,
      name: 'long',
      cores: 16,
      noise: 0.02,
      stages: [
        stage('list', { waitMs: 1 }),
        stage('fetch', { waitMs: 6, crowding: 0.05, goodUpTo: 12 }),
        stage('unpack', { cpuMs: 1 }),
        stage('decode', { cpuMs: 3, crowding: 0.1, goodUpTo: 6 }),
        stage('augment', { cpuMs: 1 }),
      ],
    },
    start: { concurrency: { list: 1, fetch: 1, unpack: 1, decode: 1, augment: 1 }, threads: 8, batch: 32, buffer: 2 },
  },
];

export const COMPUTE_BOUND: Case = {
  pipeline: {
    ...QUIET,
    name: 'compute_bound',
    sampleMs: 20,
    disturbance: 0,
    jitter: 0,
    stages: [stage('fetch', { waitMs: 4 }), stage('decode', { cpuMs: 1 })],
  },
  start: { concurrency: { fetch: 4, decode: 2 }, threads: 8, batch: 16, buffer: 4 },
};

/** Four knobs (two concurrencies, threads, buffer) with anything from starved to oversubscribed. */
export function randomCase(random: Random, noise: number): Case {
  const pick = (values: readonly number[]) => values[Math.floor(random() * values.length)]!;
  const between = (low: number, high: number) => low + random() * (high - low);
  const cores = pick([2, 4, 8, 16]);
  return {
    pipeline: {
      name: 'random',
      cores,
      batchMs: between(0.1, 3),
      sampleMs: between(0.3, 2),
      disturbance: between(0, 0.08),
      jitter: between(0, 0.1),
      noise,
      stages: [
        stage('fetch', {
          waitMs: between(1, 15),
          cpuMs: between(0, 0.2),
          crowding: pick([0, 0, 0.05]),
          goodUpTo: pick([4, 8, 16]),
        }),
        stage('decode', {
          cpuMs: between(0.5, 4),
          gilMs: pick([0, 0, 0.2]),
          crowding: pick([0, 0.1, 0.2]),
          goodUpTo: pick([2, 4, 8]),
        }),
      ],
    },
    start: {
      concurrency: { fetch: pick([1, 2, 4, 8, 16]), decode: pick([1, 2, 4, 8, 16]) },
      threads: pick([2, 4, 8, 16]),
      batch: 32,
      buffer: pick([1, 2, 4]),
    },
  };
}
