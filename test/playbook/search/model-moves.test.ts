import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../agents/agent.js';
import { TWIN } from '../../../bench/headline/twin.js';
import { runSimulation, type SimulatedSetting, seeded } from '../../../bench/search/simulated-pipeline.js';
import { BASE_COMMAND, BASE_COMMIT, surveyFor } from '../../../bench/search/simulated-run.js';
import type { Evidence } from '../../../domain/evidence/evidence.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { axesOf } from '../../../playbook/search/axes.js';
import { bottleneckSteps } from '../../../playbook/search/bottleneck-steps.js';
import type { Concluded } from '../../../playbook/search/concluded.js';
import { modelMoves, predicted, searchModel } from '../../../playbook/search/model-moves.js';
import type { Move } from '../../../playbook/search/scored-moves.js';
import type { SearchInput } from '../../../playbook/search/search-input.js';
import { readTrials } from '../../../playbook/search/trials.js';

const { start } = TWIN;
const pipeline = { ...TWIN.pipeline, noise: 0 };
const [FETCH, DEMUX, DECODE] = ['flag:--fetch-workers', 'code:loader.py:DEMUX_WORKERS', 'flag:--decode-workers'];
type Tasks = Partial<SimulatedSetting['concurrency']>;

function entryOf(nodeId: string, tasks: Tasks, evidence: Evidence | null): HistoryEntry {
  const { fetch = 8, demux = 8, decode = 16 } = tasks;
  const changes = demux === 8 ? [] : [`${DEMUX}=${demux}`];
  const launch_command = `${BASE_COMMAND} --fetch-workers ${fetch} --decode-workers ${decode}`;
  return {
    nodeId,
    kind: nodeId === '000_baseline' ? 'baseline' : 'planned',
    status: evidence ? 'completed' : 'open',
    spec: SpecSchema.parse({ name: nodeId, changes, launch_command }),
    commit: changes.length > 0 ? nodeId.padEnd(40, '0') : BASE_COMMIT,
    parentId: null,
    result: evidence && { metrics: evidence.metrics, sources: evidence.sources, findings: [] },
    failure: null,
    durationS: null,
    isBest: false,
  };
}

/** A run in which these settings were measured, and those of `open` are under way. */
function searchOf(measured: Tasks[], open: Tasks[] = [], more: Partial<SearchInput> = {}) {
  const evidence: Record<string, Evidence> = {};
  const history = [...measured, ...open].map((tasks, i) => {
    const nodeId = i === 0 ? '000_baseline' : `00${i + 1}_x`;
    if (i >= measured.length) return entryOf(nodeId, tasks, null);
    const setting = { ...start, concurrency: { ...start.concurrency, ...(tasks as Record<string, number>) } };
    evidence[nodeId] = runSimulation(nodeId, pipeline, setting, seeded(1));
    return entryOf(nodeId, tasks, evidence[nodeId]);
  });
  const input: SearchInput = {
    survey: surveyFor(pipeline, start),
    history,
    evidence,
    withModel: true,
    baseCommit: BASE_COMMIT,
    bestNodeId: null,
    memory: { dimensions: [], combinations: [] },
    maxConcurrency: 1,
    untried: [],
    allows: () => true,
    ...more,
  };
  const trials = readTrials(input.survey, history, BASE_COMMIT, null);
  const axes = axesOf(input.survey, trials);
  const search = searchModel(input, axes, trials.incumbent!, trials);
  const moves = (count = 1, concluded: Concluded = new Map()) =>
    modelMoves(search!, input, axes, trials, concluded, count);
  return { search, moves, axes, input, trials };
}

describe('moves by the model of the pipeline', () => {
  const known = [{}, { demux: 3 }, { demux: 3, decode: 5 }, { demux: 4, decode: 9 }];

  it('turn several numbers at once, to where no stage holds the others up', () => {
    const [move] = searchOf([{}, { demux: 4 }, { demux: 2, decode: 4 }]).moves();
    expect(Object.keys(move!.values).length).toBeGreaterThan(1);
    expect(move!.values[DECODE!]).toBeLessThan(12);
    expect(move!.predicted!.low).toBeLessThan(move!.predicted!.ratio);
    expect(move!.why).toContain('by the model over 3 jobs');
  });

  it('predict what was never tried from jobs at other settings', () => {
    const { search, axes } = searchOf(known);
    const values = { [DEMUX!]: 3, [DECODE!]: 7 };
    const move: Move = { values, structure: [], gain: 0, why: '', family: '' };
    const { ratio, low, high } = predicted(move, search!, axes)!.prediction;
    expect(ratio).toBeGreaterThan(1.03);
    expect(low).toBeLessThan(175 / 151);
    expect(high).toBeGreaterThan(175 / 151);
  });

  it('are each another setting, none of them tried or under way', () => {
    const keys = searchOf(known, [{ demux: 3, decode: 7 }])
      .moves(3)
      .map(({ values }) => JSON.stringify(values));
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).not.toBe(JSON.stringify({ [DEMUX!]: 3, [DECODE!]: 7 }));
  });

  it('promise less where what is under way is as good already', () => {
    const [alone] = searchOf(known).moves();
    const [beside] = searchOf(known, [{ demux: 3, decode: 7 }]).moves();
    expect(beside?.gain ?? 0).toBeLessThan(alone!.gain);
  });

  it('leave alone numbers that were seen to make no difference, and what the engine would refuse', () => {
    const flat = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };
    const concluded = new Map([FETCH!, DEMUX!, DECODE!, 'code:loader.py:BUFFER'].map((id) => [id, flat]));
    expect(searchOf(known).moves(1, concluded)).toEqual([]);
    expect(searchOf(known, [], { allows: () => false }).moves()).toEqual([]);
  });

  it('never go far beyond what was tried', () => {
    for (const { values } of searchOf([{}]).moves(4)) {
      expect(values[DEMUX!] ?? 8).toBeLessThanOrEqual(4 * 8);
      expect(values[FETCH!] ?? 8).toBeLessThanOrEqual(4 * 8);
    }
  });

  it('go by all jobs of the run, and not by the newest alone', () => {
    const { search, input, axes, trials } = searchOf(known);
    const newest = Object.fromEntries(Object.entries(input.evidence).slice(-1));
    const points = Object.fromEntries(search!.model.points.map((point) => [point.nodeId, point]));
    expect(searchModel({ ...input, evidence: newest, points }, axes, trials.incumbent!, trials)!.model.points).toEqual(
      search!.model.points,
    );
  });

  it('know nothing where no stage was timed', () => {
    const evidence = { '000_baseline': { ...runSimulation('000_baseline', pipeline, start, seeded(1)), stages: [] } };
    expect(searchOf([{}], [], { evidence }).search).toBeNull();
  });
});

describe('a step of the bottleneck', () => {
  it('goes either way from where it stands, and says what the model expects of it', () => {
    const { search, axes } = searchOf([{ demux: 3, decode: 7 }]);
    const steps = bottleneckSteps(search!, axes);
    expect(steps.map(({ values }) => values)).toEqual([{ [DECODE!]: 6 }, { [DECODE!]: 8 }]);
    for (const { predicted: expected, why } of steps) {
      expect(expected!.ratio).toBeGreaterThan(0.9);
      expect(why).toContain('bounds the pipeline at 7 tasks');
    }
  });

  it('is not taken where the model expects it to lose much', () => {
    const { search, axes } = searchOf([4, 3, 2].map((decode) => ({ demux: 3, decode })));
    expect(bottleneckSteps(search!, axes).map(({ values }) => values)).toEqual([{ [DECODE!]: 5 }]);
  });
});
