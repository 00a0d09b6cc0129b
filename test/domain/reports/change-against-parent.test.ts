/** What an experiment changes is told against the one that it builds on, in the same words wherever it is told. */
import { expect, it } from 'vitest';
import { boardOf } from '../../../domain/board/board.js';
import { applyToBoard, newBoardRecord } from '../../../domain/board/board-record.js';
import { experimentPage } from '../../../domain/board/experiment-page.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import { changesAgainstParents } from '../../../domain/reports/change-against-parent.js';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { experimentsCsv } from '../../../domain/reports/experiments-csv.js';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import { trackedRun } from '../../../domain/tracking/tracked-run.js';
import { Story } from '../run-story.js';

const LOAD = 'code:train.py:load.concurrency';
const BOTH = ['--batch-size=32', '--num-threads=16'];
const ON_002 = { parentId: '002_threads', startCommit: 'c_002_threads' };

/** 003 and 004 have the same recorded change set, and are two experiments. */
const STORY = new Story()
  .setUp()
  .seedsDone()
  .add('002_threads', { changeSet: ['--num-threads=16', `${LOAD}=22`] })
  .completed('002_threads', 200)
  .add('003_batch', { changeSet: BOTH, ...ON_002 })
  .add('004_both', { changeSet: BOTH })
  .add('005_plain', { changeSet: [`${LOAD}=6`], ...ON_002 })
  .add('006_off', { changeSet: ['--num-threads=16', 'mtp', 'removed --amp'], ...ON_002 })
  .completed('006_off', 210)
  .add('007_on', { changeSet: ['--num-threads=16'], parentId: '006_off', startCommit: 'c_006_off' })
  .add('008_elsewhere', { changeSet: ['--num-threads=16'], parentId: '006_off', startCommit: null });

const EXPECTED = {
  '000_baseline': 'baseline',
  '001_mtp': 'mtp',
  '002_threads': `--num-threads=16, ${LOAD}=22`,
  '003_batch': 'on 002_threads: --batch-size=32',
  '004_both': '--batch-size=32, --num-threads=16',
  '005_plain': `on 002_threads: --num-threads as in the baseline, ${LOAD}=6`,
  '006_off': 'on 002_threads: mtp, removed --amp',
  '007_on': 'on 006_off: --amp as in the baseline',
  '008_elsewhere': `on 006_off: --amp as in the baseline, ${LOAD} as in the baseline, without mtp`,
};

it('tells flags and code against the parent, and names it where it is not the baseline', () => {
  const { experiments } = STORY.state;
  const changeOf = changesAgainstParents(STORY.state);
  const told = Object.keys(EXPECTED).map((nodeId) => [nodeId, changeOf(experiments[nodeId]!)]);
  expect(Object.fromEntries(told)).toEqual(EXPECTED);
});

it('tells it the same in status, summary and page', () => {
  const record = newBoardRecord();
  for (const event of STORY.events) applyToBoard(record, event);
  const overview = overviewOf(record, { nowMs: record.state.updatedAtMs, isServed: true, stalled: [] });
  const board = boardOf(record, new Map(), overview, '');
  const summary = summaryReport(record);
  for (const [nodeId, change] of Object.entries(EXPECTED)) {
    const status = [...overview.results, ...overview.queue].find((row) => row.node_id === nodeId);
    expect([nodeId, status?.change]).toEqual([nodeId, change]);
    expect(experimentPage(record, nodeId, { spec: null, evidence: null }).change).toBe(change);
    expect(board.queue.find((row) => row.nodeId === nodeId)?.change ?? change).toBe(change);
    expect(summary).toContain(change);
  }
});

it('tells it the same in CSV and to other tools, which name the parent by itself', () => {
  const csv = experimentsCsv(STORY.state);
  for (const shown of experimentTable(STORY.state)) {
    const { parentId } = STORY.state.experiments[shown.nodeId]!;
    if (shown.kind !== 'planned') continue;
    const told = EXPECTED[shown.nodeId as keyof typeof EXPECTED];
    const changes = told.replace(/^on \w+: /, '').replaceAll(', ', '; ');
    expect(csv).toMatch(new RegExp(`^${shown.nodeId},planned,\\w+,${parentId},.*,'?${changes}\r$`, 'm'));
    if (shown.status !== 'completed') continue;
    const { settings } = trackedRun(STORY.state, shown, { spec: null, evidence: null, series: [] });
    expect(settings).toMatchObject({ parent: parentId, changes });
  }
});

it('says of a repeat what it measures again', () => {
  const story = new Story().setUp().seedsDone();
  story.add('000_baseline_repeat_1', {
    kind: 'repeat',
    origin: { from: 'repeat', of: '000_baseline', index: 1, purpose: 'calibration' },
  });
  expect(changesAgainstParents(story.state)(story.state.experiments['000_baseline_repeat_1']!)).toBe(
    '000_baseline again',
  );
});
