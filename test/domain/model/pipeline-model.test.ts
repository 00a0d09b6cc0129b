import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestSetting } from '../../../domain/model/best-setting.js';
import type { JointSetting, OperatingPoint } from '../../../domain/model/operating-point.js';
import { fitModel, type PipelineModel } from '../../../domain/model/pipeline-model.js';
import { boundBy, expectedImprovement, predictionOf, ratesOf, ratios } from '../../../domain/model/prediction.js';
import { type Shape, slowdown } from '../../../domain/model/service-curve.js';
import { throughput } from '../../../domain/model/throughput.js';

const ALONE: Shape = { engines: null, goodUpTo: 1, contention: 0, coherency: 0 };
/** The demuxing of a published pipeline, a quarter of its times: its tasks hold each other up. */
const DEMUX: Shape = { engines: null, goodUpTo: 2, contention: 0, coherency: 0.28 };
const DECODE: Shape = { engines: 7, goodUpTo: 7, contention: 0.08, coherency: 0 };
const STAGES = { demux: { shape: DEMUX, seconds: 0.0025 }, decode: { shape: DECODE, seconds: 0.01 } };
type Stages = Record<string, { shape: Shape; seconds: number }>;

/** What a job of such a pipeline would tell, with an executor for each stage and a step that is never the limit. */
function ran(tasks: Record<string, number>, stages: Stages = STAGES, stepS = 1e-4): OperatingPoint {
  const capacity = (name: string) =>
    tasks[name]! / (stages[name]!.seconds * slowdown(stages[name]!.shape, tasks[name]!));
  const rate = Math.min(1 / stepS, ...Object.keys(stages).map(capacity));
  return {
    nodeId: JSON.stringify(tasks),
    rate,
    setting: { tasks, threads: 2, buffer: null },
    stages: Object.entries(stages).map(([stage, { shape, seconds }]) => {
      // By Little's law: the least number of tasks that makes the rate, which are all of them where the stage bounds.
      let inFlight = tasks[stage]!;
      for (let n = tasks[stage]!; n >= 0.05; n -= 0.05)
        if (n / (seconds * slowdown(shape, Math.max(1, n))) >= rate - 1e-9) inFlight = n;
      if (capacity(stage) <= rate + 1e-9) inFlight = tasks[stage]!;
      const time = seconds * slowdown(shape, Math.max(1, inFlight));
      return { stage, tasksPerItem: 1, seconds: time, isWaitMeasured: true, inFlight, hasOwnExecutor: true };
    }),
    stepS,
    cores: null,
    coresBusy: null,
    gilBound: false,
  };
}

const REACH = {
  stages: ['demux', 'decode'].map((name) => ({ stages: [name], least: 1, most: 64 })),
  threads: null,
  buffer: null,
};

function model(points: OperatingPoint[]) {
  return fitModel({ points, reference: points.at(-1)!, cachedStepS: null });
}

function ratiosTo(fitted: PipelineModel, setting: JointSetting, reference: JointSetting) {
  return ratios(fitted, setting, ratesOf(fitted, reference));
}

describe('the model of a pipeline', () => {
  it('finds the best of two stages that hold each other up, in a few jobs, turning both at once', () => {
    const points = [ran({ demux: 8, decode: 16 })];
    let best = points[0]!;
    for (let job = 0; job < 6; job += 1) {
      const fitted = fitModel({ points, reference: best, cachedStepS: null });
      const tried = points.map(({ setting }) => JSON.stringify(setting.tasks));
      const had = fitted.draws.map(() => 1);
      const next = bestSetting(fitted, best.setting, REACH, had, ({ tasks }) => !tried.includes(JSON.stringify(tasks)));
      if (!next) break;
      points.push(ran({ ...next.setting.tasks }));
      best = points.reduce((a, b) => (b.rate > a.rate ? b : a));
    }
    expect(best.rate).toBeGreaterThan(0.95 * 700);
  });

  it('predicts a joint setting that was never tried, with an interval that holds the result', () => {
    const points = [ran({ demux: 8, decode: 16 }), ran({ demux: 2, decode: 16 }), ran({ demux: 2, decode: 5 })];
    const reference = points.at(-1)!;
    const fitted = model(points);
    const target = ran({ demux: 2, decode: 7 });
    const { low, high } = predictionOf(ratiosTo(fitted, target.setting, reference.setting));
    expect(low).toBeLessThan(target.rate / reference.rate);
    expect(high).toBeGreaterThan(target.rate / reference.rate);
  });

  it('is the surer the more jobs it was fitted over', () => {
    const width = (points: OperatingPoint[]) => {
      const { low, high } = predictionOf(
        ratiosTo(model(points), { tasks: { demux: 3, decode: 9 }, threads: 2, buffer: null }, points.at(-1)!.setting),
      );
      return high / low;
    };
    const one = [ran({ demux: 8, decode: 16 })];
    const all = [ran({ demux: 4, decode: 12 }), ran({ demux: 2, decode: 6 }), ran({ demux: 2, decode: 9 }), ...one];
    expect(width(all)).toBeLessThan(0.5 * width(one));
  });

  it('promises nothing of more tasks once the training step is the limit', () => {
    const stages = { read: { shape: ALONE, seconds: 0.001 } };
    const point = ran({ read: 8 }, stages, 0.001);
    const more = { ...point.setting, tasks: { read: 16 } };
    const { ratio } = predictionOf(ratiosTo(model([point]), more, point.setting));
    expect(ratio).toBeLessThan(1.02);
  });

  it('never gets faster by a slower training step, nor slower by more threads', () => {
    const facts = {
      stages: [
        { stage: 'a', tasksPerItem: 1, hasOwnExecutor: false },
        { stage: 'b', tasksPerItem: 0.1, hasOwnExecutor: true },
      ],
      cores: null,
      computing: 0.5,
    };
    const setting = fc.record({
      a: fc.integer({ min: 1, max: 40 }),
      b: fc.integer({ min: 1, max: 40 }),
      threads: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(
        setting,
        fc.boolean(),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        ({ a, b, threads }, isEven, stepS) => {
          const draw = {
            isEven,
            switching: 0,
            times: { a: [0.02], b: [0.05] },
            stepS,
            disturbance: 0,
            cpuS: null,
            lockS: null,
            unevenness: 0,
          };
          const joint: JointSetting = { tasks: { a, b }, threads, buffer: null };
          const rate = throughput(facts, draw, joint);
          expect(throughput(facts, { ...draw, stepS: 2 * stepS }, joint)).toBeLessThanOrEqual(rate * (1 + 1e-9));
          expect(throughput(facts, draw, { ...joint, threads: threads + 1 })).toBeGreaterThanOrEqual(rate * (1 - 1e-9));
          expect(rate).toBeLessThanOrEqual(1 / stepS);
        },
      ),
    );
  });

  it('holds what a stage with its own executor does apart from the pool', () => {
    const point = ran({ demux: 2, decode: 7 });
    const fitted = model([point]);
    const values = ratiosTo(fitted, { ...point.setting, threads: 32 }, point.setting);
    expect(predictionOf(values).ratio).toBe(1);
  });

  it('takes the lock of an interpreter for likely only, until a faster job refutes it', () => {
    const slow = { ...ran({ demux: 1, decode: 1 }), gilBound: true };
    const locked = model([slow]).draws.filter(({ lockS }) => lockS !== null).length;
    expect(locked).toBeGreaterThan(0);
    expect(locked).toBeLessThan(32);
    expect(model([slow, ran({ demux: 2, decode: 4 })]).draws.every(({ lockS }) => lockS === null)).toBe(true);
  });

  it('leaves out jobs of a pipeline with other stages', () => {
    const other = ran({ demux: 2 }, { demux: STAGES.demux });
    expect(model([other, ran({ demux: 2, decode: 4 })]).points).toHaveLength(1);
  });

  it('says which stage bounds', () => {
    const point = ran({ demux: 8, decode: 16 });
    expect(boundBy(model([point]), point.setting)).toBe('demux');
  });

  it('gives the same draws for the same jobs', () => {
    const points = [ran({ demux: 8, decode: 16 }), ran({ demux: 2, decode: 16 })];
    expect(model(points)).toEqual(model(points));
  });

  it('expects an improvement where some draws gain, beyond what is had already', () => {
    expect(expectedImprovement([0.5, 1, 1.4], [1, 1, 1])).toBeCloseTo(0.4 / 3);
    expect(expectedImprovement([0.5, 1, 1.4], [1, 1, 1.4])).toBe(0);
  });
});
