import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../agents/agent.js';
import { COMPUTE_BOUND } from '../../../bench/search/cases.js';
import {
  runSimulation,
  type SimulatedPipeline,
  type SimulatedSetting,
  seeded,
} from '../../../bench/search/simulated-pipeline.js';
import { BASE_COMMAND, BASE_COMMIT, surveyFor } from '../../../bench/search/simulated-run.js';
import type { Evidence } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { failure } from '../../../domain/run/failure.js';
import { type PlanInput, planProposals } from '../../../playbook/plan-answer.js';
import { settingsOf, surveyOfBase } from '../../../playbook/search/settings.js';
import { readTrials } from '../../../playbook/search/trials.js';
import type { Knob } from '../../../playbook/survey.js';

const PIPELINE: SimulatedPipeline = {
  name: 'two stages',
  cores: 8,
  batchMs: 0,
  sampleMs: 1,
  disturbance: 0,
  jitter: 0,
  noise: 0,
  stages: [
    { name: 'fetch', waitMs: 4, cpuMs: 0, gilMs: 0, crowding: 0, goodUpTo: 64 },
    { name: 'decode', waitMs: 0, cpuMs: 6, gilMs: 0, crowding: 0, goodUpTo: 64 },
  ],
};
const START: SimulatedSetting = { concurrency: { fetch: 8, decode: 2 }, threads: 16, batch: 32, buffer: 2 };

function ended(
  nodeId: string,
  kind: HistoryEntry['kind'],
  throughput: number | null,
  more: object = {},
  commit = BASE_COMMIT,
): HistoryEntry {
  return {
    nodeId,
    kind,
    status: 'completed',
    spec: SpecSchema.parse({ name: nodeId, launch_command: BASE_COMMAND, ...more }),
    commit,
    parentId: kind === 'planned' ? '000_baseline' : null,
    result: { metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: throughput }, sources: {}, findings: [] },
    failure: null,
    isBest: false,
    durationS: null,
  };
}

it('a run that was ended early is as slow as it measured, and no incumbent', () => {
  const details = { incumbent: '002_a', speed_ratio: 0.4 };
  const pruned: HistoryEntry = {
    ...ended('003_b', 'planned', null, { changes: ['decode.concurrency=1'] }),
    status: 'failed',
    result: null,
    failure: failure('pruned', 'ended early', 0, { details }),
  };
  const history = [ended('000_baseline', 'baseline', 100), ended('002_a', 'planned', 200, {}, 'c2'), pruned];
  const { all, incumbent } = readTrials({ knobs: [] }, history, BASE_COMMIT, '002_a');
  expect(all.find(({ entry }) => entry.nodeId === '003_b')?.speed).toBeCloseTo(0.8);
  expect(incumbent?.entry.nodeId).not.toBe('003_b');
});

function open(nodeId: string, more: object): HistoryEntry {
  return { ...ended(nodeId, 'planned', null, more), status: 'open', result: null, commit: null };
}

function inputFor(
  pipeline: SimulatedPipeline,
  start: SimulatedSetting,
  more: HistoryEntry[] = [],
  change: Partial<PlanInput> = {},
): PlanInput {
  const evidence: Record<string, Evidence> = {
    '000_baseline': runSimulation('000_baseline', pipeline, start, seeded(1)),
  };
  const ceiling = runSimulation('000_headspace', pipeline, { ...start, cached: true }, seeded(1));
  return {
    survey: surveyFor(pipeline, start),
    history: [
      ended('000_baseline', 'baseline', evidence['000_baseline']!.metrics.throughput_samples_per_s),
      ended(
        '000_headspace',
        'headspace',
        ceiling.metrics.throughput_samples_per_s,
        { changes: ['cache_dataloader'] },
        'h',
      ),
      ...more,
    ],
    evidence,
    baseCommit: BASE_COMMIT,
    baseLaunchCommand: BASE_COMMAND,
    bestNodeId: '000_baseline',
    maxConcurrency: 3,
    memory: { dimensions: [], combinations: [] },
    practices: { known: ['mtp', 'batch_size_tuning', 'concurrency_tuning'], tried: [], notApplicable: [] },
    ...change,
  };
}

const CLIP_LENGTH: Knob = {
  ...{ id: 'flag:--clip-seconds', role: 'item_length', stage: null, pipeline: null, confidence: 'name' },
  ...{ where: { type: 'flag', flag: '--clip-seconds' }, value: 2, whole: false },
};
const NO_PRACTICES = { known: [], tried: [], notApplicable: [] };

const names = (input: PlanInput) => planProposals(input).experiments.map(({ name }) => name);
const baseRate = (input: PlanInput) => input.history[0]!.result!.metrics.throughput_samples_per_s!;

describe('first proposals', () => {
  it('raise the bottleneck that the statistics point at', () => {
    const plan = planProposals(inputFor(PIPELINE, START));
    expect(plan.experiments[0]!.name).toMatch(/^decode_c/);
    expect(plan.experiments[0]!.hypothesis).toContain('`decode` is the bottleneck');
    expect(plan.experiments.length).toBeGreaterThanOrEqual(2);
    expect(plan.experiments.length).toBeLessThanOrEqual(4);
    expect(plan.experiments[0]!.best_practices_tags).toEqual(['concurrency_tuning']);
  });
  it('raise threads when they are what is short', () => {
    const [first] = planProposals(inputFor(PIPELINE, { ...START, threads: 3 })).experiments;
    expect(first!.launch_command).toMatch(/--num-threads (10|16)\b/);
  });
  it.each([
    ['as other work that is allowed', { allow: ['other-work'] }, true, true],
    ['never where it is not', {}, true, false],
    ['never without a GPU', { allow: ['other-work'] }, false, false],
  ])('decode video on the GPU %s', (_, change, isOnGpu, isProposed) => {
    const practices = { known: ['gpu_video_decode'], tried: [], notApplicable: [] };
    const input = inputFor(PIPELINE, START, [], { practices, ...change });
    if (isOnGpu) input.evidence['000_baseline']!.system.gpuMemoryMb = 4000;
    const moves = [{ move: 'nvdec', stage: 'decode', possible: true, reason: '' }];
    const plan = planProposals({ ...input, survey: { ...input.survey, decodesVideo: true, moves } });
    const found = plan.experiments.find(({ changes }) => changes.includes('nvdec:decode'));
    expect(found !== undefined).toBe(isProposed);
    expect(plan.not_applicable).toEqual(isProposed ? [] : ['gpu_video_decode']);
    if (found) expect(found.best_practices_tags).toContain('gpu_video_decode');
  });
  it.each([
    ['as other work that is allowed', { allow: ['other-work'] }, true],
    ['never where it is not', {}, false],
  ])('take less of each item %s, where there is nothing better', (_, change, isProposed) => {
    const input = inputFor(PIPELINE, { ...START, threads: 16 }, [], { practices: NO_PRACTICES, ...change });
    const plan = planProposals({ ...input, survey: { ...input.survey, knobs: [CLIP_LENGTH] } });
    expect(plan.experiments.map(({ name }) => name)).toEqual(isProposed ? ['clip_seconds_0_5'] : []);
    expect(plan.experiments.map(({ work }) => work)).toEqual(isProposed ? ['other_work'] : []);
    if (!isProposed) return;
    expect(plan.experiments[0]!.launch_command).toContain('--clip-seconds 0.5');
    expect(plan.experiments[0]!.change_summary).toBe('clip seconds 2 → 0.5');
  });
  it('take less of each item beside what is likely to be faster, once the first of that has ended', () => {
    const cut = ({ survey, ...input }: PlanInput) =>
      planProposals({
        ...{ ...input, survey: { ...survey, knobs: [...survey.knobs, CLIP_LENGTH] } },
        ...{ allow: ['other-work'], maxConcurrency: 1 },
      });
    const first = cut(inputFor(PIPELINE, START));
    expect(first.experiments.some(({ work }) => work === 'other_work')).toBe(false);
    const { experiments } = cut(inputFor(PIPELINE, START, [ended('002_a', 'planned', 200, {}, 'c2')]));
    expect(experiments.filter(({ work }) => work === 'other_work')).toHaveLength(1);
    expect(experiments.length).toBeGreaterThan(1);
  });
  it('lower an oversubscribed stage', () => {
    const slow = {
      ...PIPELINE,
      cores: 2,
      stages: [PIPELINE.stages[0]!, { ...PIPELINE.stages[1]!, cpuMs: 2.5, crowding: 0.2, goodUpTo: 2 }],
    };
    const proposed = names(inputFor(slow, { ...START, concurrency: { fetch: 2, decode: 16 } }));
    expect(proposed.some((name) => /decode_c[1-8]\b|decode_c[1-8]_/.test(name))).toBe(true);
  });
  it('change a flag in the command and code in the changes', () => {
    const plan = planProposals(inputFor({ ...PIPELINE, stages: [...PIPELINE.stages].reverse() }, START));
    expect(plan.experiments[0]).toMatchObject({
      changes: [],
      goto: null,
      launch_command: expect.stringMatching(/^python train\.py .*--decode-workers \d+/),
    });
    expect(planProposals(inputFor(PIPELINE, START)).experiments[0]!.changes[0]).toMatch(
      /^code:loader\.py:DECODE_WORKERS=\d+$/,
    );
  });
  it('search by numbers alone where there are no statistics', () => {
    const input = inputFor(PIPELINE, START);
    const blind = { '000_baseline': { ...input.evidence['000_baseline']!, stages: [] } };
    expect(names({ ...input, evidence: blind }).length).toBeGreaterThanOrEqual(2);
  });
  it('keep a flag’s thread counts within the pool', () => {
    const survey = surveyFor(PIPELINE, START);
    const knobs = survey.knobs.map((knob) =>
      knob.stage === 'fetch'
        ? { ...knob, id: 'flag:--num-fetch-threads', where: { type: 'flag' as const, flag: '--num-fetch-threads' } }
        : knob,
    );
    for (const { launch_command: command } of planProposals(
      inputFor(PIPELINE, START, [], { survey: { ...survey, knobs } }),
    ).experiments) {
      const threads = Number(/--num-threads (\d+)/.exec(command)?.[1] ?? START.threads);
      const fetch = Number(/--num-fetch-threads (\d+)/.exec(command)?.[1] ?? 8);
      expect(threads).toBeLessThanOrEqual(16);
      expect(fetch).toBeLessThanOrEqual(threads);
    }
  });
});

describe('stopping', () => {
  it('at once when compute is the limit, with every practice left out by name', () => {
    const plan = planProposals(inputFor(COMPUTE_BOUND.pipeline, COMPUTE_BOUND.start));
    expect(plan).toMatchObject({
      action: 'stop',
      experiments: [],
      not_applicable: ['mtp', 'batch_size_tuning', 'concurrency_tuning'],
    });
    expect(plan.reasoning).toContain('compute is the limit');
  });
  it('when nothing was measured', () => {
    expect(
      planProposals(inputFor(PIPELINE, START, [], { history: [ended('000_baseline', 'baseline', null)] })).action,
    ).toBe('stop');
  });
  it('when there is no knob', () => {
    const survey = { ...surveyFor(PIPELINE, START), knobs: [] };
    const plan = planProposals(inputFor(PIPELINE, START, [], { survey }));
    expect(plan).toMatchObject({
      action: 'stop',
      not_applicable: expect.arrayContaining(['batch_size_tuning', 'concurrency_tuning']),
    });
    expect(plan.reasoning).toContain('no stage concurrency or thread count was found');
  });
});

describe('with a history', () => {
  it('stacks on the winner and keeps its flags', () => {
    const start = inputFor(PIPELINE, START);
    const winner = ended(
      '002_decode_c4',
      'planned',
      baseRate(start) * 1.5,
      { changes: ['code:loader.py:DECODE_WORKERS=4'], launch_command: `${BASE_COMMAND} --num-threads 12` },
      'c'.repeat(40),
    );
    const evidence = runSimulation(
      '002_decode_c4',
      PIPELINE,
      { ...START, concurrency: { fetch: 8, decode: 4 }, threads: 12 },
      seeded(1),
    );
    const plan = planProposals({
      ...inputFor(PIPELINE, START, [winner]),
      bestNodeId: '002_decode_c4',
      evidence: { ...start.evidence, '002_decode_c4': evidence },
    });
    for (const spec of plan.experiments) {
      expect(spec.goto).toBe('c'.repeat(40));
      expect(spec.launch_command).toMatch(/--num-threads \d+/);
    }
  });
  it('never proposes what is open', () => {
    const [first] = planProposals(inputFor(PIPELINE, START)).experiments;
    const again = planProposals(inputFor(PIPELINE, START, [open('002_first', first!)])).experiments;
    expect(again.map(({ changes, launch_command }) => [changes, launch_command])).not.toContainEqual([
      first!.changes,
      first!.launch_command,
    ]);
  });
  it('combines what was won separately', () => {
    const rate = baseRate(inputFor(PIPELINE, START));
    const code = ended(
      '002_decode_c4',
      'planned',
      rate * 1.4,
      { changes: ['code:loader.py:DECODE_WORKERS=4'] },
      'c'.repeat(40),
    );
    const mtp = ended('001_mtp', 'mtp', rate * 1.2, { changes: ['mtp'], best_practices_tags: ['mtp'] }, 'd'.repeat(40));
    const plan = planProposals({ ...inputFor(PIPELINE, START, [mtp, code]), bestNodeId: '002_decode_c4' });
    expect(plan.experiments.find(({ changes }) => changes.includes('mtp'))).toMatchObject({
      goto: 'c'.repeat(40),
      best_practices_tags: ['mtp'],
    });
  });
  it('leaves mtp alone when it was worse, and stacks on it when it was better', () => {
    const rate = baseRate(inputFor(PIPELINE, START));
    const mtp = (factor: number) =>
      ended('001_mtp', 'mtp', rate * factor, { changes: ['mtp'], best_practices_tags: ['mtp'] }, 'd'.repeat(40));
    expect(
      planProposals(inputFor(PIPELINE, START, [mtp(0.8)])).experiments.every(
        ({ goto, changes }) => goto === null && !changes.includes('mtp'),
      ),
    ).toBe(true);
    const better = planProposals({ ...inputFor(PIPELINE, START, [mtp(1.3)]), bestNodeId: '001_mtp' });
    expect(better.experiments.every(({ goto }) => goto === 'd'.repeat(40))).toBe(true);
  });
  it('tries the best without a part that did not help by itself, once', () => {
    const rate = baseRate(inputFor(PIPELINE, START));
    const tags = { best_practices_tags: ['mtp'] };
    const mtp = ended('001_mtp', 'mtp', rate * 0.97, { changes: ['mtp'], ...tags }, 'd'.repeat(40));
    const more = { goto: 'd'.repeat(40), stacks_on: '001_mtp', changes: ['arena', 'code:loader.py:DECODE_WORKERS=4'] };
    const flags = { launch_command: `${BASE_COMMAND} --num-threads 12` };
    const best = ended('002_wide', 'planned', rate * 1.5, { ...more, ...flags }, 'e'.repeat(40));
    const text = 'not confirmed by itself (not better, against 000_baseline); measured only as a part of the whole';
    const input = {
      ...inputFor(PIPELINE, START, [mtp, best]),
      ...{ bestNodeId: '002_wide', doubted: [{ nodeId: '001_mtp', onto: '000_baseline', text }] },
    };
    const without = planProposals(input).experiments.filter(({ name }) => name.startsWith('without_mtp'));
    expect(without).toMatchObject([
      {
        goto: null,
        changes: ['code:loader.py:DECODE_WORKERS=4'],
        launch_command: expect.stringContaining('--num-threads 12'),
        change_summary: expect.stringMatching(/^002_wide without 001_mtp: /),
        hypothesis: `001_mtp is ${text}: the best without it may be as fast, and shows whether it is needed.`,
      },
    ]);
    const tried = open('003_without_mtp', without[0]!);
    const again = planProposals({ ...input, history: [...input.history, tried] }).experiments;
    expect(again.filter(({ name }) => name.startsWith('without_mtp'))).toEqual([]);
  });
  it('says that mtp cannot be had when it never ran', () => {
    const mtp = {
      ...ended('001_mtp', 'mtp', null, { changes: ['mtp'], best_practices_tags: ['mtp'] }),
      status: 'failed' as const,
      result: null,
      failure: failure('job_startup_failed', 'cannot pickle a lock', 0),
    };
    const plan = planProposals(inputFor(PIPELINE, START, [mtp]));
    expect(plan.not_applicable).toContain('mtp');
    expect(plan.reasoning).toContain('cannot pickle a lock');
    const input = inputFor(PIPELINE, START, [mtp]);
    const pipelines = [true, false].map((possible) => ({
      ...{ ...input.survey.pipelines[0]!, mtp: { possible, reason: possible ? 'it is forked' : 'it is a lambda' } },
    }));
    const told = pipelines.map((pipeline) => {
      return planProposals({ ...input, survey: { ...input.survey, pipelines: [pipeline] } }).reasoning;
    });
    expect(told).toEqual([
      expect.stringContaining('mtp does not apply: cannot pickle a lock'),
      expect.stringContaining('mtp does not apply: it is a lambda'),
    ]);
  });
  it('tries a larger batch once, with a warning, and not again when it lost', () => {
    const rate = baseRate(inputFor(PIPELINE, START));
    const tried = ended('002_threads8', 'planned', rate, {
      launch_command: `${BASE_COMMAND} --num-threads 8`,
      best_practices_tags: ['concurrency_tuning'],
    });
    const plan = planProposals(inputFor(PIPELINE, START, [tried]));
    const batch = plan.experiments.find(({ best_practices_tags: tags }) => tags.includes('batch_size_tuning'))!;
    expect(batch).toMatchObject({ name: 'batch64', description: expect.stringContaining('changes the training') });
    const lost = ended('003_batch64', 'planned', rate * 0.9, batch);
    expect(names(inputFor(PIPELINE, START, [tried, lost])).filter((name) => name.includes('batch'))).toEqual([]);
  });
  it('gives a buffer that no experiment has touched a try before the fine tuning', () => {
    const rate = baseRate(inputFor(PIPELINE, START));
    const fewer = ended('002_threads8', 'planned', rate, { launch_command: `${BASE_COMMAND} --num-threads 8` });
    const buffered = { changes: ['code:loader.py:BUFFER=8'] };
    const isProposed = (history: HistoryEntry[]) =>
      planProposals(inputFor(PIPELINE, START, history, { maxConcurrency: 4 })).experiments.some(({ changes }) =>
        changes.some((change) => change.startsWith('code:loader.py:BUFFER=')),
      );
    expect(isProposed([])).toBe(false);
    expect(isProposed([fewer])).toBe(true);
    expect(isProposed([fewer, ended('003_buffer8', 'planned', rate, buffered, 'c'.repeat(40))])).toBe(false);
  });
  it('does not go past a value that lost', () => {
    const rate = baseRate(inputFor(PIPELINE, START));
    const lost = ended(
      '002_decode_c4',
      'planned',
      rate * 0.7,
      { changes: ['code:loader.py:DECODE_WORKERS=4'] },
      'c'.repeat(40),
    );
    const proposed = planProposals(inputFor(PIPELINE, START, [lost])).experiments;
    expect(proposed[0]!.changes).not.toContain('code:loader.py:DECODE_WORKERS=8');
  });
});

describe('the model of the pipeline', () => {
  const withModel = (more: HistoryEntry[] = []) => inputFor(PIPELINE, START, more, { withModel: true });
  const input = withModel();
  const [first] = planProposals(input).experiments;
  const predicted = first!.predicted as { value: number; low: number; high: number };

  it('says in the hypothesis what it predicts, and in the specification for the analysis', () => {
    expect(first!.hypothesis).toMatch(/Predicted [\d,.]+ (± [\d.]+ )?samples\/s/);
    expect(predicted.low).toBeLessThan(predicted.value);
    expect(predicted.high).toBeGreaterThan(predicted.value);
    expect(predicted.value).toBeGreaterThan(baseRate(input));
  });
  it('is left out after two results outside of their intervals, with the reason', () => {
    const wrong = ['002_a', '003_b'].map((nodeId, i) =>
      ended(nodeId, 'planned', 0.5 * predicted.low, {
        ...first!,
        launch_command: `${BASE_COMMAND} --fetch-workers ${9 + i}`,
      }),
    );
    const believed = planProposals(withModel(wrong.slice(0, 1)));
    expect(believed.reasoning).not.toContain('no longer believed');
    const plan = planProposals(withModel(wrong));
    expect(plan.reasoning).toContain('was wrong 2 times and is no longer believed (002_a: predicted');
    expect(plan.experiments.length).toBeGreaterThan(0);
    for (const { predicted: none } of plan.experiments) expect(none).toBeUndefined();
  });
});

it('leaves alone the threads of a pool that no stage uses, and says why', () => {
  const survey = surveyFor(PIPELINE, { ...START, threads: 2 });
  const pipelines = survey.pipelines.map((pipeline) => ({
    ...pipeline,
    stages: pipeline.stages.map((stage) => ({ ...stage, executor: { value: stage.concurrency, knob: stage.knob } })),
  }));
  const input = inputFor(PIPELINE, { ...START, threads: 2 });
  const proposed = (of: PlanInput) => planProposals(of).experiments.map(({ launch_command: command }) => command);
  expect(proposed(input).some((command) => command.includes('--num-threads'))).toBe(true);
  const apart = { ...input, survey: { ...survey, pipelines } };
  expect(proposed(apart).some((command) => command.includes('--num-threads'))).toBe(false);
  expect(planProposals(apart).reasoning).toContain('flag:--num-threads cannot matter: no stage uses the pool');
});

describe('effective settings', () => {
  const survey = surveyFor(PIPELINE, START);
  it('follow stacked commits and flags', () => {
    const first = ended('002_a', 'planned', 1, { changes: ['code:loader.py:DECODE_WORKERS=4'] }, 'c1');
    const second = ended(
      '003_b',
      'planned',
      1,
      { changes: ['code:loader.py:BUFFER=8'], goto: 'c1', launch_command: `${BASE_COMMAND} --batch-size=64` },
      'c2',
    );
    const { values } = settingsOf(survey, [first, second], BASE_COMMIT).byNode.get('003_b')!;
    expect(values).toMatchObject({
      'code:loader.py:DECODE_WORKERS': 4,
      'code:loader.py:BUFFER': 8,
      'flag:--batch-size': 64,
      'flag:--num-threads': 16,
    });
  });
  it('find the base’s values in a survey of the best', () => {
    const best = ended(
      '002_a',
      'planned',
      2,
      { changes: ['code:loader.py:DECODE_WORKERS=4'], knobs_before: { 'code:loader.py:DECODE_WORKERS': 2 } },
      'c1',
    );
    const ofBest = {
      ...survey,
      knobs: survey.knobs.map((knob) => (knob.id.endsWith('DECODE_WORKERS') ? { ...knob, value: 4 } : knob)),
    };
    const base = surveyOfBase(ofBest, [ended('000_baseline', 'baseline', 1), best], BASE_COMMIT, '002_a');
    expect(base.knobs.find(({ id }) => id.endsWith('DECODE_WORKERS'))!.value).toBe(2);
  });
});

describe('what the run remembers', () => {
  const flat = (conditions: string) => {
    const names = [0, 1, 2].map((i) => `n${i}`);
    const points = names.map((nodeId, i) => ({
      value: String(2 ** i),
      objective: { metric: 'throughput_samples_per_s', value: 100 },
      nodeIds: i === 1 ? [conditions] : [nodeId],
      runs: 1,
      isPruned: false,
    }));
    const name = 'code:loader.py:decode_workers';
    const values = points.map(({ value }) => value);
    const series = [{ others: [], points }];
    const dimension = {
      name,
      values,
      series,
      best: points[0]!,
      effect: 0,
      bestEffect: 0,
      isBaseBest: false,
      isConcluded: true,
    };
    return { dimensions: [dimension], combinations: [] };
  };
  const proposed = (memory: PlanInput['memory']) => {
    const { experiments } = planProposals(inputFor(PIPELINE, START, [], { memory }));
    return experiments.some(
      ({ changes }) => changes.length === 1 && changes[0]!.startsWith('code:loader.py:DECODE_WORKERS='),
    );
  };

  it('is not tried again where it made no difference, and is where something else has changed', () => {
    expect(proposed({ dimensions: [], combinations: [] })).toBe(true);
    expect(proposed(flat('000_baseline'))).toBe(false);
    expect(proposed(flat('another'))).toBe(true);
  });

  it('is no speed when it was quarantined, and the mean of repeats when there are some', () => {
    const judged = { verdict: 'quarantine', against: null, gain: null, reason: 'too fast' } as const;
    const history = [
      ended('000_baseline', 'baseline', 100),
      { ...ended('002_cheat', 'planned', 900, {}, 'c2'), judged },
      { ...ended('003_lucky', 'planned', 150, {}, 'c3'), objective: { metric: 'throughput_samples_per_s', value: 90 } },
    ];
    expect(readTrials({ knobs: [] }, history.slice(0, 2), BASE_COMMIT, null).incumbent?.entry.nodeId).toBe(
      '000_baseline',
    );
    const knob = surveyFor(PIPELINE, START).knobs.find(({ role }) => role === 'sink_buffer')!;
    const lucky = { ...history[2]!, spec: SpecSchema.parse({ name: 'l', changes: ['sink_buffer=8'] }) };
    const { all } = readTrials({ knobs: [knob] }, [history[0]!, lucky], BASE_COMMIT, null);
    expect(all[1]?.speed).toBeCloseTo(0.9);
  });
});
