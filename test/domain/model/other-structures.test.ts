/** What a model takes over from jobs of another structure: how much surer it is by them, and when it is not. */
import { describe, expect, it } from 'vitest';
import type { OperatingPoint } from '../../../domain/model/operating-point.js';
import type { Carried } from '../../../domain/model/other-structures.js';
import { fitModel } from '../../../domain/model/pipeline-model.js';
import { predictionOf, ratesOf, ratios } from '../../../domain/model/prediction.js';

/** Stages with executors of their own, each with all its tasks in flight, by tasks and seconds of one. */
function job(stages: Record<string, readonly [tasks: number, seconds: number]>): OperatingPoint {
  const rate = Math.min(...Object.values(stages).map(([tasks, seconds]) => tasks / seconds));
  return {
    nodeId: JSON.stringify(stages),
    rate,
    setting: {
      tasks: Object.fromEntries(Object.entries(stages).map(([stage, [tasks]]) => [stage, tasks])),
      threads: null,
      buffer: null,
    },
    stages: Object.entries(stages).map(([stage, [tasks, seconds]]) => ({
      stage,
      tasksPerItem: 1,
      seconds,
      isWaitMeasured: true,
      inFlight: tasks,
      hasOwnExecutor: true,
    })),
    stepS: null,
    cores: null,
    coresBusy: null,
    gilBound: false,
  };
}

/** Of more or fewer tasks in the new structure, over its own jobs (the last one is what it starts from). */
function predictedOf(own: OperatingPoint[], carried: Carried[], tasks: Record<string, number>) {
  const reference = own.at(-1)!;
  const model = fitModel({ points: own, reference, cachedStepS: null, carried });
  const setting = { ...reference.setting, tasks: { ...reference.setting.tasks, ...tasks } };
  return predictionOf(ratios(model, setting, ratesOf(model, reference.setting)));
}

const width = ({ low, high }: { low: number; high: number }) => high / low;

describe('a stage that no change of structure touched', () => {
  const decode = (tasks: number, seconds: number) => job({ decode: [tasks, seconds] });
  const earlier = (...points: OperatingPoint[]): Carried[] =>
    points.map((point) => ({ point, same: [{ stage: 'decode', was: ['decode'] }], wholes: [] }));
  /** Seven engines. */
  const slower = [decode(4, 0.01), decode(8, 0.0115), decode(14, 0.02), decode(28, 0.04)];
  const now = decode(10, 0.0143);

  it('keeps its times: the model is surer than by its own jobs alone, and less sure than had it measured them', () => {
    const more = { decode: 20 };
    const alone = predictedOf([now], [], more);
    const carried = predictedOf([now], earlier(...slower), more);
    expect(carried.ratio).toBeGreaterThan(0.9);
    expect(carried.ratio).toBeLessThan(1.1);
    expect(width(carried)).toBeLessThan(0.5 * width(alone));
    expect(width(carried)).toBeGreaterThan(width(predictedOf([...slower, now], [], more)));
  });

  it('is taken for another one where its own jobs speak against it', () => {
    const other = earlier(...slower.map(({ stages }) => decode(stages[0]!.inFlight, 3 * stages[0]!.seconds)));
    const own = [decode(8, 0.0115), now];
    const more = { decode: 14 };
    expect(predictedOf(own, other, more)).toEqual(predictedOf(own, [], more));
  });

  it('is weighed less than its own jobs: a little off, they decide', () => {
    const own = [decode(8, 0.0115), decode(14, 0.02), now];
    const more = { decode: 12 };
    const off = earlier(...slower.map(({ stages }) => decode(stages[0]!.inFlight, 1.15 * stages[0]!.seconds)));
    const [alone, carried] = [predictedOf(own, [], more), predictedOf(own, off, more)];
    expect(Math.abs(carried.ratio / alone.ratio - 1)).toBeLessThan(0.03);
  });
});

describe('a merged stage', () => {
  it('takes what its parts took together', () => {
    const parts = [2, 4, 8].map((tasks) => job({ parse: [tasks, 0.001], pack: [tasks, 0.001] }));
    const merged = parts.map(
      (point): Carried => ({ point, same: [{ stage: 'parse', was: ['parse', 'pack'] }], wholes: [] }),
    );
    const now = job({ parse: [4, 0.002] });
    const more = { parse: 16 };
    expect(width(predictedOf([now], merged, more))).toBeLessThan(0.6 * width(predictedOf([now], [], more)));
    expect(predictedOf([now], merged, more).ratio).toBeGreaterThan(2.5);
  });
});

describe('the halves of a split stage', () => {
  const halved = (...points: OperatingPoint[]): Carried[] =>
    points.map((point) => ({ point, same: [], wholes: [{ was: 'load', halves: ['demux', 'decode'] }] }));
  /** The second half is known at as many tasks as the whole had, and is too fast to be what held that up. */
  const now = job({ demux: [3, 0.013], decode: [16, 0.04] });

  it('have to take together what the whole took: one that held it up is not given more tasks', () => {
    const heldUp = halved(job({ load: [16, 0.55] }));
    const more = { demux: 12 };
    const [alone, carried] = [predictedOf([now], [], more), predictedOf([now], heldUp, more)];
    expect(alone.high).toBeGreaterThan(1.5);
    expect(carried.ratio).toBeLessThan(0.7 * alone.ratio);
  });

  it('are as free as before where no two halves explain the whole', () => {
    const less = halved(job({ load: [16, 0.0001] }));
    const more = { demux: 12 };
    const [alone, carried] = [predictedOf([now], [], more), predictedOf([now], less, more)];
    expect(Math.abs(Math.log(carried.ratio / alone.ratio))).toBeLessThan(0.2);
    expect(Math.log(width(carried))).toBeGreaterThan(0.8 * Math.log(width(alone)));
  });

  it('are told no more by many jobs that are loaded alike than by one', () => {
    const one = halved(job({ load: [16, 0.55] }));
    expect(predictedOf([now], [...one, ...one, ...one], { demux: 6 })).toEqual(predictedOf([now], one, { demux: 6 }));
  });
});
