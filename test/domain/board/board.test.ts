/** What the page is told of a run is what all other places tell of it. */
import { describe, expect, it } from 'vitest';
import { isRemeasurement } from '../../../domain/belief/confirmation-state.js';
import { boardOf } from '../../../domain/board/board.js';
import { applyToBoard, type BoardRecord, newBoardRecord } from '../../../domain/board/board-record.js';
import { diffFiles } from '../../../domain/board/diff-lines.js';
import { comparison, experimentPage } from '../../../domain/board/experiment-page.js';
import { stageReport } from '../../../domain/board/stage-bars.js';
import { timelineOf } from '../../../domain/board/timeline.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import { gainText, objectiveText, speedupText } from '../../../domain/reports/quantity-text.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { standingsOf } from '../../../domain/reports/standing.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { NOTHING_SPENT } from '../../../domain/run/ledger.js';
import { moneyOfReports } from '../../../domain/schedule/settlement.js';
import { syntheticRun } from '../../support/run-events.js';
import { chanceOf, RandomRun } from '../random-run.js';
import { Story } from '../run-story.js';

const NOTHING = { spec: null, evidence: null };

function boardRecord(events: readonly EngineEvent[]) {
  const board = newBoardRecord();
  for (const event of events) applyToBoard(board, event);
  return board;
}

function shown(record: BoardRecord) {
  const overview = overviewOf(record, { nowMs: record.state.updatedAtMs, isServed: true, stalled: [] });
  return boardOf(record, new Map(), overview, '');
}

function randomEvents(seed: number, steps: number): EngineEvent[] {
  const events: EngineEvent[] = [];
  const run = new RandomRun(chanceOf(seed), (event) => events.push(event));
  while (events.length < steps) run.step();
  return events;
}

describe('the board', () => {
  it.each([
    [1, 60],
    [2, 300],
    [3, 800],
  ])('tells each value, gain and verdict as they stand: run %i at %i events', (seed, steps) => {
    const record = boardRecord(randomEvents(seed, steps));
    const { facts, rows } = shown(record);
    const standing = standingsOf(record.state);
    for (const row of rows) {
      const { objective, gain } = standing(row.nodeId);
      expect(row.valueText, row.nodeId).toBe(objectiveText(objective));
      if (row.kind !== 'baseline') expect(row.gainText, row.nodeId).toBe(gainText(gain));
      const page = experimentPage(record, row.nodeId, NOTHING);
      expect(page.standing.value, row.nodeId).toBe(row.valueText);
      expect([page.look, page.status], row.nodeId).toEqual([row.look, row.status]);
    }
    const { best, gain } = runFacts(record.state);
    const repeats = Object.values(record.state.experiments).filter(isRemeasurement).length;
    expect(facts.counts.find(({ name }) => name === 'of them repeats')?.value ?? 0).toBe(repeats);
    expect(facts.best?.text).toBe(objectiveText(best?.objective ?? null));
    expect(facts.best?.gain).toBe(speedupText(gain));
    expect(rows.filter(({ isBest }) => isBest).map(({ nodeId }) => nodeId)).toEqual([record.state.best]);
  });

  it('lists what waits in the order in which it runs, and what is under way apart', () => {
    const { running, queue } = shown(boardRecord(syntheticRun({ followUps: 3, open: 4 }).events));
    expect(running.map(({ step }) => step)).toEqual(['running', 'preparing']);
    expect(running[0]?.expectedMs).toBeGreaterThan(20_000);
    // What is only being prepared can still be moved.
    expect(queue.map(({ status }) => status)).toEqual(['preparing', 'queued', 'queued']);
  });

  it('books what an experiment cost, of work that is told again the last', () => {
    const board = boardRecord(randomEvents(1, 200));
    const [nodeId] = [...board.moments.keys()].filter(
      (id) => board.state.experiments[id]?.state.status === 'completed',
    );
    expect(experimentPage(board, nodeId!, NOTHING).cost).toContainEqual({
      what: 'code change',
      text: '0.1 US dollars',
    });
    // What came late stands beside it.
    const { seq, updatedAtMs: atMs } = board.state;
    const owed = { phase: 'apply' as const, nodeId: nodeId!, spent: { usd: 0.25, tokens: 0, unpriced: 0 } };
    const money = moneyOfReports({ spent: NOTHING_SPENT, ended: [owed] }, String(seq));
    applyToBoard(board, { seq: seq + 1, atMs, type: 'reported', money });
    expect(experimentPage(board, nodeId!, NOTHING).cost).toContainEqual({
      what: 'code change',
      text: '0.35 US dollars',
    });
  });

  it('compares with the parent and the best, against the first column', () => {
    const board = boardRecord(syntheticRun({ followUps: 12, seed: 11 }).events);
    const { best } = board.state;
    const { metrics } = experimentPage(board, best!, NOTHING);
    expect(metrics.columns.map(({ nodeId }) => nodeId)).toContain(best);
    const row = comparison(board, '000_baseline', best!).rows[0]!;
    expect(row.cells[0]).toMatchObject({ change: '', isBetter: null });
    expect(row.cells[1]).toMatchObject({ change: gainText(standingsOf(board.state)(best!).gain), isBetter: true });
  });

  it('knows no experiment that is not there', () => {
    expect(() => experimentPage(newBoardRecord(), 'x', NOTHING)).toThrow(RangeError);
  });
});

describe('the timeline', () => {
  it('goes from one step to the next, and stays open while the experiment is', () => {
    const at = (type: EngineEvent['type'], atMs: number) => ({ type, atMs });
    const begun = [at('experiment_added', 1), at('experiment_preparing', 5), at('experiment_prepared', 9)];
    expect(timelineOf(begun)).toEqual([
      { name: 'queued', beginMs: 1, endMs: 5 },
      { name: 'prepare', beginMs: 5, endMs: 9 },
      { name: 'wait for a slot', beginMs: 9, endMs: null },
    ]);
    const ended = [
      ...begun,
      at('slot_granted', 10),
      at('job_launched', 12),
      at('experiment_failed', 30),
      at('candidate_judged', 40),
    ];
    expect(timelineOf(ended).at(-1)).toEqual({ name: 'job', beginMs: 12, endMs: 30 });
  });
});

describe('the stages', () => {
  it('are bars from source to sink, with the bottleneck marked', () => {
    const stage = (index: number, name: string, aveTimeS: number | null, occupationRate: number) => ({
      name: `pipeline:0:${index}:${name}[1]`,
      pipeline: 0,
      index,
      function: name,
      concurrency: 1,
      aveTimeS,
      numTasks: 100,
      numFailures: 0,
      qps: 50,
      putS: 0,
      getS: 0.01,
      occupationRate,
      isSink: name === 'sink',
    });
    const { pipelines, limits } = stageReport(
      {
        nodeId: 'x',
        metrics: UNKNOWN_METRICS,
        sources: {},
        steps: { count: 100, stepMs: 20, fetchMs: 15, computeMs: 5, batchSize: 1 },
        stages: [stage(0, 'src', null, 0.95), stage(1, 'decode', 0.02, 0.1), stage(2, 'sink', null, 0.1)],
        system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
        findings: [],
      },
      null,
    );
    expect(pipelines).toHaveLength(1);
    expect(pipelines[0]!.stages.map(({ name, isBottleneck }) => [name, isBottleneck])).toEqual([
      ['src', false],
      ['decode', true],
      ['sink', false],
    ]);
    expect(pipelines[0]!.stages[1]).toMatchObject({ itemMs: 20, busy: 1, queue: 0.1, taskText: '20.0 ms a task' });
    expect(limits[0]).toContain('decode');
  });
});

describe('a diff', () => {
  it('is files with numbered lines', () => {
    const [file, ...others] = diffFiles('--- a/src/train.py\n+++ b/src/train.py\n@@ -3,3 +3,3 @@\n a\n-b\n+c\n d\n');
    expect(others).toEqual([]);
    expect(file).toMatchObject({ path: 'src/train.py', added: 1, removed: 1, leftOut: 0 });
    expect(file!.hunks[0]!.lines).toEqual([
      { kind: 'same', text: 'a', before: 3, after: 3 },
      { kind: 'removed', text: 'b', before: 4, after: null },
      { kind: 'added', text: 'c', before: null, after: 4 },
      { kind: 'same', text: 'd', before: 5, after: 5 },
    ]);
  });

  it('of very many lines says how many are left out', () => {
    const lines = Array.from({ length: 4000 }, (_, index) => `+${index}`).join('\n');
    const [file] = diffFiles(`--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,4000 @@\n${lines}\n`);
    expect(file).toMatchObject({ path: 'new.txt', added: 4000, leftOut: 2500 });
    expect(diffFiles('')).toEqual([]);
  });
});

it('calls no step better or worse than one of another number of samples', () => {
  const story = new Story().setUp().seedsDone();
  const measure = (nodeId: string, rate: number, stepMs: number) => {
    const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: rate, steady_step_time_ms: stepMs };
    story.add(nodeId).completed(nodeId, rate, { metrics });
  };
  measure('002_base', 100, 160);
  measure('003_smaller_batch', 120, 67);
  measure('004_same_batch', 120, 132);
  const record = boardRecord(story.events);
  const step = (other: string) =>
    comparison(record, '002_base', other).rows.find(({ name }) => name === 'Steady step time')!.cells[1];
  expect(step('003_smaller_batch')).toMatchObject({ change: '-58%', isBetter: null });
  expect(step('004_same_batch')).toMatchObject({ change: '-18%', isBetter: true });
});
