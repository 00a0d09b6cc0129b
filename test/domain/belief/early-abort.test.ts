import { describe, expect, it } from 'vitest';
import {
  hopeless,
  hopelessText,
  type Incumbent,
  incumbentFor,
  type Progress,
} from '../../../domain/belief/early-abort.js';
import { pooledNoise } from '../../../domain/belief/noise.js';
import type { Evidence } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { Story } from '../run-story.js';

const INCUMBENT: Incumbent = {
  nodeId: '000_baseline',
  stepMs: 100,
  steps: 400,
  batchSize: 16,
  samplesPerStep: 16,
  noise: 0.02,
};

function progress(stepMs: (step: number) => number, steps: number, more: Partial<Progress> = {}): Progress {
  const lines = Array.from({ length: steps }, (_, i) => ({ first: i + 1, last: i + 1, stepMs: stepMs(i + 1) }));
  return { steps: lines, batchSize: 16, ranks: 1, ...more };
}
const steady = (ms: number) => (step: number) => ms + (step % 3);

describe('whether a job can still come near the best', () => {
  it('one at a third of its speed cannot, and what was measured is said', () => {
    const measured = hopeless(progress(steady(300), 130), INCUMBENT);
    expect(measured).toMatchObject({ incumbent: '000_baseline', steps: 130, incumbent_step_time_ms: 100 });
    expect(measured!.speed_ratio).toBeCloseTo(1 / 3, 2);
    expect(measured!.speed_ratio_at_most).toBeLessThan(0.7);
    expect(hopelessText(measured!)).toMatch(
      /^ended early after 130 steps at 301 ms\/step: 33% of the speed of 000_baseline/,
    );
  });

  it.each([
    { name: 'one that is as fast', of: progress(steady(100), 130) },
    { name: 'one at 75% of the speed', of: progress(steady(133), 400) },
    { name: 'one that has only warmed up', of: progress(steady(300), 100) },
    { name: 'one that was slow until its caches were full', of: progress((step) => (step < 150 ? 400 : 100), 200) },
    { name: 'one that just becomes faster', of: progress((step) => (step < 190 ? 400 : 100), 200) },
    { name: 'one whose single steps stall', of: progress((step) => (step % 3 === 0 ? 3000 : 100), 300) },
    { name: 'one with another batch', of: progress(steady(300), 130, { batchSize: 48 }) },
    { name: 'one with an unknown batch', of: progress(steady(300), 130, { batchSize: null }) },
    { name: 'one with more ranks', of: progress(steady(300), 130, { ranks: 2 }) },
    { name: 'one that printed nothing', of: progress(steady(300), 0) },
    { name: 'one without numbers', of: progress(() => Number.NaN, 130) },
  ])('$name goes on', ({ of }) => {
    expect(hopeless(of, INCUMBENT)).toBeNull();
  });

  it('nothing is said before a quarter of the incumbent’s steps', () => {
    expect(hopeless(progress(steady(300), 130), { ...INCUMBENT, steps: 1000 })).toBeNull();
    expect(hopeless(progress(steady(300), 250), { ...INCUMBENT, steps: 1000 })).not.toBeNull();
  });

  it('noise that is large, or not known, takes more', () => {
    const half = progress(steady(200), 130);
    expect(hopeless(half, INCUMBENT)).not.toBeNull();
    expect(hopeless(half, { ...INCUMBENT, noise: 0.1 })).toBeNull();
    expect(hopeless(half, { ...INCUMBENT, noise: null })).toBeNull();
  });
});

describe('which jobs are judged', () => {
  const evidence: Evidence = {
    nodeId: '000_baseline',
    metrics: UNKNOWN_METRICS,
    sources: {},
    steps: { count: 400, stepMs: 160, fetchMs: null, computeMs: null, batchSize: 16 },
    stages: [],
    system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
    findings: [],
  };
  const story = () => new Story().setUp().seedsDone();

  it('experiments of the search, against the best', () => {
    expect(incumbentFor(story().add('002_a').state, '002_a', evidence)).toEqual({
      nodeId: '000_baseline',
      stepMs: 160,
      steps: 400,
      batchSize: 16,
      samplesPerStep: 16,
      noise: null,
    });
    expect(incumbentFor(story().add('002_a', { kind: 'user' }).state, '002_a', evidence)).not.toBeNull();
    // One rank prints for all, whose steps are those of all.
    expect(incumbentFor(story().add('002_a').state, '002_a', { ...evidence, rateOf: 'all' })).not.toBeNull();
  });

  it.each([
    { name: 'a seed', nodeId: '001_mtp', of: story() },
    {
      name: 'a repeat',
      nodeId: '002_r',
      of: story().add('002_r', {
        kind: 'repeat',
        origin: { from: 'repeat', of: '000_baseline', index: 0, purpose: 'confirmation' },
      }),
    },
    { name: 'a repair', nodeId: '002_a', of: story().add('002_a', { kind: 'repair' }) },
    { name: 'another batch', nodeId: '002_a', of: story().add('002_a', { tags: ['batch_size_tuning'] }) },
    { name: 'one that is unknown', nodeId: '009_x', of: story() },
    { name: 'one without a best', nodeId: '002_a', of: new Story().setUp().add('002_a') },
  ])('not $name', ({ nodeId, of }) => {
    expect(incumbentFor(of.state, nodeId, evidence)).toBeNull();
  });

  it('not where the best has no step times, or results are compared by something else', () => {
    const { state } = story().add('002_a');
    expect(incumbentFor(state, '002_a', null)).toBeNull();
    for (const rateOf of ['sum', 'unclear'] as const)
      expect(incumbentFor(state, '002_a', { ...evidence, rateOf }), rateOf).toBeNull();
    expect(incumbentFor(state, '002_a', { ...evidence, steps: { ...evidence.steps, stepMs: null } })).toBeNull();
    const best = state.experiments['000_baseline']!.state;
    if (best.status !== 'completed') throw new Error('the baseline has completed');
    best.metrics = { ...best.metrics, custom: { name: 'speed', direction: 'higher', value: 3 } };
    expect(incumbentFor(state, '002_a', evidence)).toBeNull();
  });
});

/** Jobs of 600 steps, looked at after every 60; slow steps come in rows, one in ten stalls, runs differ by `noise`. */
class Simulation {
  private seed: number;
  constructor(
    seed: number,
    private readonly noise: number,
  ) {
    this.seed = seed;
  }

  /** Share of jobs of this true speed (1 = the incumbent's) that are ended early. */
  endedOf(speed: number, jobs: number): number {
    let ended = 0;
    for (let i = 0; i < jobs; i += 1) if (this.isEnded(speed)) ended += 1;
    return ended / jobs;
  }

  private isEnded(speed: number): boolean {
    const baseline = [0, 1, 2].map(() => this.noise * this.normal());
    const incumbent = {
      ...INCUMBENT,
      steps: 600,
      stepMs: 100 * Math.exp((baseline[0]! + baseline[1]! + baseline[2]!) / 3),
      noise: pooledNoise([baseline])!.sd,
    };
    const own = (100 / speed) * Math.exp(this.noise * this.normal());
    let drift = 0;
    const { steps } = progress(() => {
      drift = 0.95 * drift + 0.04 * this.normal();
      const stall = this.uniform() < 0.1 ? 1 + 4 * this.uniform() : 1;
      return own * Math.exp(drift + 0.1 * this.normal()) * stall;
    }, 600);
    for (let done = 60; done < 600; done += 60)
      if (hopeless({ steps: steps.slice(0, done), batchSize: 16, ranks: 1 }, incumbent)) return true;
    return false;
  }

  private normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** mulberry32. */
  private uniform(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
}

describe('error rates, with nine looks at each job', () => {
  it.each([
    { noise: 0.05, speed: 1, most: 0 },
    { noise: 0.05, speed: 0.9, most: 0 },
    { noise: 0.05, speed: 0.8, most: 0.01 },
    { noise: 0.05, speed: 0.7, most: 0.1 },
    { noise: 0.1, speed: 1, most: 0 },
    { noise: 0.1, speed: 0.9, most: 0.01 },
  ])(
    'at $noise noise a job of $speed of the speed is ended in at most $most of the cases',
    ({ noise, speed, most }) => {
      expect(new Simulation(1, noise).endedOf(speed, 400)).toBeLessThanOrEqual(most);
    },
  );

  it.each([
    { noise: 0.02, speed: 0.5, least: 0.95 },
    { noise: 0.05, speed: 0.4, least: 0.9 },
    { noise: 0.1, speed: 0.25, least: 0.8 },
  ])('at $noise noise a job of $speed of the speed is ended in at least $least', ({ noise, speed, least }) => {
    expect(new Simulation(2, noise).endedOf(speed, 200)).toBeGreaterThanOrEqual(least);
  });
});
