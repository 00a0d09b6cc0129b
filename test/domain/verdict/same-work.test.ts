import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { otherWork, type References } from '../../../domain/verdict/same-work.js';

type Run = { steps?: number; ms?: number; samples?: number; ending?: string[] };

function run({ steps = 100, ms = 20, samples, ending }: Run): Evidence {
  return {
    nodeId: 'x',
    metrics: { ...UNKNOWN_METRICS, step_time_ms: ms },
    sources: {},
    steps: {
      count: steps,
      stepMs: ms,
      fetchMs: null,
      computeMs: null,
      batchSize: null,
      ...(samples === undefined ? {} : { samples }),
    },
    stages: [],
    system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
    findings: [],
    ...(ending ? { ending } : {}),
  };
}

const against = (baseline: Run, repeats: Run[] = [baseline], isAlone = false): References => ({
  baseline: run(baseline),
  repeats: repeats.map(run),
  isAlone,
});
const FULL = { steps: 100, samples: 600 };

describe('a job that did less', () => {
  it.each<[string, Run, References]>([
    ['that died after 60 of 100 steps, four times as fast', { steps: 60, ms: 5, samples: 360 }, against(FULL)],
    ['that went on from a checkpoint', { steps: 10, ms: 20, samples: 60 }, against(FULL)],
    ['whose samples nobody counts', { steps: 60, ms: 5 }, against({ steps: 100 })],
    ['whose larger batches hide it', { steps: 40, ms: 20, samples: 480 }, against(FULL)],
    ['before any repeat', { steps: 60, ms: 5, samples: 360 }, against(FULL, [])],
  ])('%s is not compared', (_, own, references) => {
    expect(otherWork(run(own), references)).toMatch(/it trained [\d,]+ (?:samples|steps), and the baseline/);
  });

  it.each<[string, Run, References]>([
    ['the same work, faster', { ms: 5, samples: 600 }, against(FULL)],
    ['larger batches: fewer steps, the same samples', { steps: 50, samples: 600 }, against(FULL)],
    ['the last batch dropped', { steps: 14, samples: 588, ms: 30 }, against(FULL)],
    ['a time-boxed job that is slower: as long, fewer samples', { steps: 80, ms: 25, samples: 480 }, against(FULL)],
    [
      'a job whose counts differ anyway',
      { steps: 80, ms: 20, samples: 480 },
      against(FULL, [{ steps: 85, samples: 510 }]),
    ],
    ['more work', { steps: 200, samples: 1200 }, against(FULL)],
    ['nothing that is counted', { steps: 0 }, against(FULL)],
  ])('%s is compared', (_, own, references) => {
    expect(otherWork(run(own), references)).toBeNull();
  });

  it('by steps, unless its batch may be another', () => {
    expect(otherWork(run({ steps: 50, ms: 20 }), against({ steps: 100 }), true)).toBeNull();
  });
});

describe('the last line', () => {
  const SAVED = ['epoch # done', 'saved the model'];
  it('of all runs of the baseline must come', () => {
    const references = against({ ending: SAVED }, [{ ending: SAVED }]);
    expect(otherWork(run({ ending: ['epoch # done'] }), references)).toContain('"saved the model"');
    expect(otherWork(run({ ending: ['saved the model', 'UserWarning: leaked #'] }), references)).toBeNull();
  });
  it('that the baseline’s runs do not share says nothing', () => {
    expect(otherWork(run({ ending: ['x'] }), against({ ending: ['a cat'] }, [{ ending: ['a dog'] }]))).toBeNull();
  });
  it('that comes now and then is no end', () => {
    const often = ['step # loss #', 'step # loss #'];
    expect(
      otherWork(run({ ending: ['ready'] }), against({ ending: often }, [{ ending: ['step # loss #'] }])),
    ).toBeNull();
  });
  it('of one run is believed where there is no other', () => {
    expect(otherWork(run({ ending: ['x'] }), against({ ending: SAVED }, []))).toBeNull();
    expect(otherWork(run({ ending: ['x'] }), against({ ending: SAVED }, [], true))).not.toBeNull();
  });
});
