/** bench/headline without its runs: both pipelines and their twin on paper have the same figures; how it counts. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { courseOf, firstAt } from '../../bench/headline/course.js';
import { ONE_STAGE, TWIN } from '../../bench/headline/twin.js';
import { operate, splitPipeline } from '../../bench/search/simulated-pipeline.js';
import { packageFile } from '../../host/package-files.js';
import { ConfirmedStory } from '../domain/confirmed-story.js';
import { recordOf } from '../support/run-record.js';

const scriptOf = (pipeline: string) => readFile(packageFile('bench', 'headline', pipeline, 'train.py'), 'utf8');

/** `NAME = …` at the left margin, but for how many tasks and threads there are. */
function figuresOf(script: string): Record<string, string> {
  const lines = [...script.matchAll(/^([A-Z_]+) = (.+)$/gm)].map(([, name, value]) => [name!, value!] as const);
  return Object.fromEntries(lines.filter(([name]) => !/CONCURRENCY|THREADS/.test(name)));
}

describe('the figures of the headline', () => {
  it('are the same however the pipeline is written', async () => {
    const { DECODE_MS, CLIP_S, ...apart } = figuresOf(await scriptOf('source'));
    const { DECODE_MS_PER_S, ...inOneStage } = figuresOf(await scriptOf('one-stage'));
    expect(inOneStage).toEqual(apart);
    expect(DECODE_MS).toBe(`${DECODE_MS_PER_S} * CLIP_S`);
    expect(CLIP_S).toBe('0.5');
  });

  it('are those of the twin', async () => {
    const script = await scriptOf('one-stage');
    const figures = figuresOf(script);
    const serviceOf = (name: string) => TWIN.pipeline.stages.find((stage) => stage.name === name)!.service!;
    for (const [, tasks, ms] of figures.DEMUX_MS!.matchAll(/(\d+): ([\d.]+)/g))
      expect(serviceOf('demux')(Number(tasks))).toBe(Number(ms));
    expect(serviceOf('decode')(1)).toBe(Number(figures.DECODE_MS_PER_S) / 2);
    expect(serviceOf('fetch')(1)).toBe(Number(figures.FETCH_MS));
    expect(TWIN.pipeline.batchMs).toBe(Number(figures.STEP_MS));
  });

  it('are the same on paper once its one stage is split', () => {
    const { demux, decode, ...others } = TWIN.start.concurrency;
    const concurrency = { ...others, load_read: demux!, load_compute: decode! };
    const split = operate(splitPipeline(ONE_STAGE.pipeline), { ...TWIN.start, concurrency });
    expect(split.rate).toBeCloseTo(operate(TWIN.pipeline, TWIN.start).rate, 6);
    const load = ONE_STAGE.pipeline.stages.find(({ name }) => name === 'load')!.service!;
    // One task at a time does one after the other; of many all but a few wait for the demuxer.
    expect(load(1)).toBeCloseTo(50, 6);
    expect(load(16)).toBeGreaterThan(400);
  });
});

describe('the course of a run', () => {
  const story = ConfirmedStory.seeded();
  story.proposes('002_slow').ends('002_slow', 60);
  story
    .proposes('003_fast', { changeSet: ['threads=2'] })
    .ends('003_fast', 300)
    .settles({ '003_fast': 300 });
  story.proposes('004_cut', { parentId: '003_fast', changeSet: ['--clip-seconds=0.5'] });
  story.completed('004_cut', 400, { doubt: 'it does other work by design' }).due();
  story.tell({
    type: 'plan_received',
    iteration: 4,
    action: 'launch',
    reasoning: '',
    accepted: [],
    refused: [{ name: 'apart', reason: 'it cannot be split' }],
    notApplicable: [],
  });
  const course = courseOf(recordOf(story.events));

  it('counts each experiment with a job once, and all jobs', () => {
    // Baseline, headspace and MTP, two repeats of the baseline, and two experiments.
    expect(firstAt(200, course.results)).toMatchObject({ nodeId: '003_fast', distinct: 5, experiments: 2, jobs: 7 });
    expect(firstAt(50_000, course.results)).toBeNull();
    expect(course.results.map(({ nodeId }) => nodeId)).not.toContain('000_headspace');
  });

  it('tells what is kept apart, what led to the best, and what was refused', () => {
    expect(course.results.filter(({ isApart }) => isApart).map(({ nodeId }) => nodeId)).toEqual(['004_cut']);
    expect(course).toMatchObject({ best: '003_fast', changesOfBest: ['threads=2'] });
    expect(course.refused).toEqual(['apart: it cannot be split']);
  });
});
