import { describe, expect, it } from 'vitest';
import { TWIN } from '../../../bench/headline/twin.js';
import { BASE_COMMIT, surveyFor } from '../../../bench/search/simulated-run.js';
import { axesOf, idleReasons } from '../../../playbook/search/axes.js';
import { jointSetting, turnsOf, valuesForTasks } from '../../../playbook/search/joint-turns.js';
import { readTrials } from '../../../playbook/search/trials.js';
import type { Survey } from '../../../playbook/survey.js';

const { pipeline, start } = TWIN;
const POOLED: Survey = surveyFor(
  { ...pipeline, stages: pipeline.stages.map(({ service: _, ...stage }) => stage) },
  { ...start, threads: 6 },
);

/** With executors of `decode` that are made so. */
function withExecutor(executor: { value: number | null; knob: string | null }): Survey {
  const pipelines = POOLED.pipelines.map((each) => ({
    ...each,
    stages: each.stages.map((stage) => (stage.function === 'decode' ? { ...stage, executor } : stage)),
  }));
  const workers = POOLED.knobs.find(({ role }) => role === 'num_threads')!;
  const own = { ...workers, id: 'code:loader.py:WORKERS', value: 16, stage: 'decode', where: POOLED.knobs[1]!.where };
  return { ...POOLED, pipelines, knobs: [...POOLED.knobs, own] };
}

const axes = (survey: Survey) => axesOf(survey, readTrials(survey, [], BASE_COMMIT, null));
const base = (survey: Survey) => readTrials(survey, [], BASE_COMMIT, null).base;
const decode = (survey: Survey) => turnsOf(survey, axes(survey)).stages.find(({ stages }) => stages[0] === 'decode')!;

describe('what can be turned at once', () => {
  it('is the tasks of each stage, the threads of the pool and the buffer', () => {
    const { stages, threads, buffer } = turnsOf(POOLED, axes(POOLED));
    expect(stages.map(({ stages: [name] }) => name)).toEqual(['fetch', 'demux', 'decode']);
    expect(threads!.knob.id).toBe('flag:--num-threads');
    expect(buffer!.knob.id).toBe('code:loader.py:BUFFER');
  });

  it('is no pool that no stage uses', () => {
    const apart = surveyFor(pipeline, start);
    expect(turnsOf(apart, axes(apart)).threads).toBeNull();
  });

  it('is no concurrency above an executor whose size nothing sets', () => {
    expect(decode(POOLED).most).toBe(64);
    expect(decode(withExecutor({ value: 12, knob: null })).most).toBe(12);
  });

  it('is a concurrency with the workers of its executor, which are raised with it and never lowered', () => {
    const survey = withExecutor({ value: 16, knob: 'code:loader.py:WORKERS' });
    const turn = decode(survey);
    expect(turn.executor!.knob.id).toBe('code:loader.py:WORKERS');
    const concurrency = turn.concurrency!.knob.id;
    expect(valuesForTasks(turn, 16, base(survey))).toEqual({ [concurrency]: 16 });
    expect(valuesForTasks(turn, 4, base(survey))).toEqual({ [concurrency]: 4 });
    expect(valuesForTasks({ ...turn, most: 32 }, 20, base(survey))).toEqual({
      [concurrency]: 20,
      'code:loader.py:WORKERS': 16,
    });
  });
});

describe('how knobs set a pipeline', () => {
  it('is read from their values, and from the code where no knob sets it', () => {
    const setting = { ...base(POOLED), values: { ...base(POOLED).values, 'code:loader.py:DEMUX_WORKERS': 3 } };
    expect(jointSetting(POOLED, axes(POOLED), setting)).toEqual({
      tasks: { fetch: 8, demux: 3, decode: 16 },
      threads: 6,
      buffer: 3,
    });
  });

  it('gives a stage no more tasks than its executor has workers', () => {
    const survey = withExecutor({ value: 12, knob: null });
    expect(jointSetting(survey, axes(survey), base(survey)).tasks).toMatchObject({ decode: 12 });
  });
});

it('says which numbers cannot matter, or not above what', () => {
  expect(idleReasons(POOLED)).toEqual([]);
  expect(idleReasons(surveyFor(pipeline, start))).toEqual([
    'flag:--num-threads cannot matter: no stage uses the pool whose threads it counts.',
  ]);
  expect(idleReasons(withExecutor({ value: 12, knob: null }))).toEqual([
    'flag:--decode-workers cannot matter above 12: its stage runs in an executor of so many workers.',
  ]);
});
