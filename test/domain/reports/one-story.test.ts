/** A run is told in many places: each tells the same value, gain and verdict of each experiment. */
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../../client/output/outcome-text.js';
import { overviewSections } from '../../../client/output/overview-text.js';
import { countsText } from '../../../client/output/status-text.js';
import { runOutcome } from '../../../client/run/run-outcome.js';
import { objectiveOfRow, speedup } from '../../../domain/belief/compare.js';
import { boardFacts } from '../../../domain/board/board-facts.js';
import { applyToBoard, newBoardRecord } from '../../../domain/board/board-record.js';
import { experimentPage } from '../../../domain/board/experiment-page.js';
import { chartSubtitle } from '../../../domain/charts/outcome.js';
import { progressData } from '../../../domain/charts/progress-points.js';
import { layoutTree } from '../../../domain/charts/tree-layout.js';
import { treeModel } from '../../../domain/charts/tree-model.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import { memoryOf } from '../../../domain/proposals/tried-experiments.js';
import { experimentView, statusView } from '../../../domain/protocol/views.js';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { findingsReport } from '../../../domain/reports/findings.js';
import { pullRequest } from '../../../domain/reports/pull-request.js';
import { gainText, objectiveText, speedupText } from '../../../domain/reports/quantity-text.js';
import { runReport } from '../../../domain/reports/report-text.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { standingMetrics, standingsOf } from '../../../domain/reports/standing.js';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { BASELINE_ID } from '../../../domain/run/experiment-record.js';
import { failure } from '../../../domain/run/failure.js';
import { trackedExperiments, trackedRun } from '../../../domain/tracking/tracked-run.js';
import { syntheticRun } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { ConfirmedStory } from '../confirmed-story.js';
import { chanceOf, RandomRun } from '../random-run.js';

function randomRecord(seed: number, steps: number) {
  const events: EngineEvent[] = [];
  const run = new RandomRun(chanceOf(seed), (event) => events.push(event));
  while (events.length < steps) run.step();
  return recordOf(events);
}

/** What a person reads in one text of an experiment, in another, and in the tables. */
function confirmedStory() {
  const story = ConfirmedStory.seeded();
  story.proposes('002_good').ends('002_good', 230).settles({ '002_good': 200 });
  story.proposes('003_open').ends('003_open', 400);
  const repeat = story.open('confirmation').find((nodeId) => nodeId.startsWith('003_open'));
  story.ends(repeat!, 210);
  return recordOf(story.events);
}

it('what is not decided has the value of its table, a section of its own, and repeats are counted as such', () => {
  const record = confirmedStory();
  const { state } = record;
  expect(state.confirmation?.candidates).toEqual(['003_open']);
  const value = objectiveText(standingsOf(state)('003_open').objective);
  expect(value).not.toBe('400 samples/s');
  const report = runReport(record, new Map(), syntheticRun({ followUps: 1 }).config);
  expect(report).toContain(`- 003_open (${value}) is not decided`);
  expect(report).toMatch(new RegExp(`## What is not decided\\n\\n- \\*\\*003_open\\*\\*: ${value}`));
  const repeats = Object.values(state.experiments).filter(
    ({ origin, state: now }) => origin.from === 'repeat' && now.status === 'completed',
  ).length;
  const counted = new RegExp(`\\d+( experiments)? completed \\(${repeats} of them repeats\\)`);
  for (const text of [report, summaryReport(record), chartSubtitle(record)]) expect(text).toMatch(counted);
  const repeated = {
    ...record,
    findings: new Map([
      ['002_good', ['mine']],
      [record.ended.at(-1)!.nodeId, ['disturbed']],
    ]),
  };
  expect(summaryReport(repeated)).toMatch(/## Latest findings\n\n- \*\*002_good\*\* .*\n {2}- mine\n/);
  expect(summaryReport(repeated)).not.toContain('disturbed');
});

it('a best that its repeats have not confirmed yet is called provisional wherever it is told', async () => {
  const rules = { weighsOdds: true, goesOnUndecided: true } as const;
  const story = ConfirmedStory.seeded(rules).proposes('002_a').ends('002_a', 130);
  const record = recordOf(story.events);
  const { state } = record;
  const { config } = syntheticRun({ followUps: 1 });
  expect(runReport(record, new Map(), config)).toContain('The provisional best is **002_a** with 130 samples/s');
  expect(pullRequest(state, '002_a', [], null).body).toContain('It is the provisional best of its run');
  const board = newBoardRecord();
  for (const event of story.events) applyToBoard(board, event);
  const overview = overviewOf(board, { nowMs: board.state.updatedAtMs, isServed: true, stalled: [] });
  expect(boardFacts(board, '', overview).best).toMatchObject({ nodeId: '002_a', isProvisional: true });
  const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 1 }));
  const outcome = { ...(await runOutcome(workdir, config, state, true)), winning_changes: [] };
  expect(outcomeText(outcome)).toMatch(
    /^provisional best: 130 samples\/s, .*\(002_a, not confirmed by repeats yet\)$/m,
  );
});

it('what a person refused is counted as that, and every table has the same word for it and for every other', () => {
  const story = ConfirmedStory.seeded().proposes('002_good').ends('002_good', 230).settles({ '002_good': 200 });
  story.proposes('003_same').ends('003_same', 150);
  story.tell({ type: 'approval_set', approval: { stage: 'plans', waitMinutes: null, silence: 'drop' } });
  story.proposes('004_no');
  const refused = failure('cancelled', 'a person refused it', 0);
  story.tell({ type: 'experiment_cancelled', nodeId: '004_no', failure: refused });
  const record = recordOf(story.events);
  const { state } = record;
  const overview = overviewOf(record, { nowMs: state.updatedAtMs, isServed: true, stalled: [] });
  const report = runReport(record, new Map(), syntheticRun({ followUps: 1 }).config);
  const summary = summaryReport(record);
  for (const text of [report, summary, chartSubtitle(record)]) expect(text).toMatch(/completed \([^)]*\), 1 refused\b/);
  expect(countsText(statusView(state), overview)).toMatch(/ completed, 1 refused$/);
  const [status] = overviewSections(overview).filter(({ title }) => title.startsWith('last results'));
  const words = { '002_good': 'confirmed', '003_same': 'not better', '004_no': 'refused' };
  const board = newBoardRecord();
  for (const event of story.events) applyToBoard(board, event);
  for (const [nodeId, word] of Object.entries(words)) {
    expect(status?.lines.find((line) => line.startsWith(nodeId))).toContain(` ${word} `);
    const cell = new RegExp(`\\| ${nodeId}( \\\\\\*| \\*)? +\\| ${word}\\b`);
    for (const text of [report, summary]) expect(text).toMatch(cell);
    expect(experimentPage(board, nodeId, { spec: null, evidence: null }).status).toMatch(new RegExp(`^${word}\\b`));
  }
});

describe('one run has one story', () => {
  it.each([
    [1, 40],
    [2, 120],
    [3, 300],
    [4, 600],
    [5, 900],
  ])('in table, pictures, trackers, findings and texts: run %i at %i events', (seed, steps) => {
    const record = randomRecord(seed, steps);
    const { state } = record;
    const standing = standingsOf(state);
    const boxes = new Map(layoutTree(treeModel(record)).boxes.map(({ box }) => [box.title, box]));
    const points = new Map(progressData(record).points.map((point) => [point.nodeId, point]));
    for (const row of trackedExperiments(state)) {
      const { values, tags } = trackedRun(state, row, { spec: null, evidence: null, series: [] });
      const { objective, gain, verdict } = standing(row.nodeId);
      expect(values.gain ?? null, row.nodeId).toBe(gain);
      if (objective !== null) expect(values[objective.metric], row.nodeId).toBe(objective.value);
      if (verdict !== null) expect(tags, row.nodeId).toContain(verdict);
    }
    let told = 0;
    for (const row of experimentTable(state)) {
      const { objective, gain, verdict, isDoubted } = standing(row.nodeId);
      expect(row, row.nodeId).toMatchObject({ objective, gain, verdict });
      const ended = state.experiments[row.nodeId]!;
      const view = experimentView(state, ended);
      expect(view.objective, row.nodeId).toEqual(objective);
      expect(view.first_run, row.nodeId).toEqual(objectiveOfRow(ended));
      if (gain !== null) expect(gain, row.nodeId).toBeCloseTo(speedup(objective, standing(BASELINE_ID).objective)!, 9);
      if (row.status !== 'completed') continue;
      told += 1;
      const box = boxes.get(row.nodeId)!;
      expect(box.detail, row.nodeId).toBe(objectiveText(objective));
      const isPlain = row.kind !== 'baseline' && row.kind !== 'headspace';
      const word = ['provisional', 'refuted', 'superseded'].includes(verdict ?? '') ? ` ${verdict}` : '';
      const mark = box.outcome === 'unconfirmed' ? `?${word}` : '';
      if (isPlain) expect(box.gain, row.nodeId).toBe(`${gainText(gain)}${mark}`);
      if (isDoubted) expect(['unconfirmed', 'improved'], row.nodeId).toContain(box.outcome);
      expect(points.get(row.nodeId)?.value, row.nodeId).toBe(objective?.value);
      expect(points.get(row.nodeId)?.outcome, row.nodeId).toBe(box.outcome);
      const findings = findingsReport({
        ...record,
        findings: new Map([[row.nodeId, ['x']]]),
        ended: [{ nodeId: row.nodeId, iteration: 1 }],
      });
      expect(findings).toContain(`(${objectiveText(objective)})`);
      expect(pullRequest(state, row.nodeId, [], null).body).toContain(speedupText(gain));
    }
    expect(told).toBeGreaterThan(2);
    if (state.best === null || state.best === BASELINE_ID) return;
    const { best, gain } = runFacts(state);
    expect(standing(state.best)).toMatchObject({ objective: best?.objective, gain });
    expect(chartSubtitle(record)).toContain(`best ${objectiveText(best!.objective)}, ${speedupText(gain)}`);
    const open = standing(state.best).verdict === 'provisional' ? '? provisional' : '';
    expect(boxes.get(state.best)?.gain).toBe(`${gainText(gain)}${open}`);
    expect(points.get(state.best)?.value).toBe(progressData(record).best?.value);
  });

  it('of a winner whose verification says less than its confirmation: value, baseline, gain and ceiling fit', () => {
    const story = ConfirmedStory.seeded({ verifyRuns: 2 }, { maxIterations: 1 }).proposes('002_a').ends('002_a', 300);
    for (let [id] = story.open(); id !== undefined && story.open('verification').length === 0; [id] = story.open()) {
      story.ends(id, id.startsWith('002_a') ? 300 : 100);
    }
    story.settles({ '002_a': 200 });
    const { state } = story;
    const facts = runFacts(state);
    expect([state.best, state.confirmation?.verified]).toEqual(['002_a', '002_a']);
    expect(objectiveText(facts.best!.objective)).toBe('200 samples/s');
    const view = statusView(state);
    expect(view.best).toMatchObject({ objective: facts.best!.objective, first_run: { value: 300 } });
    expect(1 + view.gain!.gain).toBeCloseTo(speedup(view.best!.objective, view.baseline!.objective)!, 9);
    expect(facts.gain).toBeCloseTo(speedup(facts.best!.objective, facts.baseline!.objective)!, 9);
    expect(facts.remaining).toBeCloseTo(speedup(facts.headspace!.objective, facts.best!.objective)!, 9);
    expect(pullRequest(state, '002_a', [], null).body).toMatch(/\| after \| 200 samples\/s \| 2 of \d+ \|/);
  });

  it('of one that was measured once beside a repeated baseline: that one run decides nothing', () => {
    const { state } = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 100);
    const { body } = pullRequest(state, '002_a', [], null);
    expect(body).toMatch(/\| before \| .* \| [2-9]/);
    expect(body).not.toContain('Each was measured once');
  });

  it('of a winner with its repeats: what analyses compare with, and what a setting is said to give', () => {
    const story = ConfirmedStory.seeded({ verifyRuns: 2 }, { maxIterations: 1 })
      .proposes('002_a', { changeSet: ['a=2'] })
      .ends('002_a', 300);
    for (let [id] = story.open(); id !== undefined && story.open('verification').length === 0; [id] = story.open()) {
      story.ends(id, id.startsWith('002_a') ? 300 : 100);
    }
    story.settles({ '002_a': 200 });
    const { state } = story;
    const { value } = standingsOf(state)('002_a').objective!;
    expect(value).toBeCloseTo(200);
    expect(standingMetrics(state, '002_a')).toMatchObject({ throughput_samples_per_s: value });
    expect(standingMetrics(state, 'none')).toBeNull();
    const points = memoryOf(state, 'python train.py').dimensions.flatMap(({ series }) => series[0]!.points);
    expect(points.find(({ nodeIds }) => nodeIds.includes('002_a'))?.objective.value).toBe(value);
  });

  it('what looked better once and did not again looks like that, and not like a gain', () => {
    const story = ConfirmedStory.seeded();
    story.proposes('002_lucky').ends('002_lucky', 180).settles({ '002_lucky': 100 });
    const record = recordOf(story.events);
    expect(record.state.experiments['002_lucky']?.judged?.verdict).toBe('reject');
    const box = layoutTree(treeModel(record)).boxes.find(({ box: { title } }) => title === '002_lucky')!.box;
    expect(box).toMatchObject({ outcome: 'unconfirmed', isBetter: false, gain: '0%?' });
    expect(progressData(record).points.at(-1)).toMatchObject({
      nodeId: '002_lucky',
      value: expect.closeTo(100),
      bestSoFar: expect.closeTo(100),
    });
  });
});
