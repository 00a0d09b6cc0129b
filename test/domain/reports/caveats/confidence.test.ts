/** What reports say of how far a run's numbers can be trusted. */
import { describe, expect, test } from 'vitest';
import { statusText } from '../../../../client/output/status-text.js';
import { SpecSchema } from '../../../../domain/formats/spec.js';
import { overviewOf } from '../../../../domain/overview/overview.js';
import { statusView } from '../../../../domain/protocol/views.js';
import { confidenceLines, noGainText } from '../../../../domain/reports/caveats/confidence.js';
import { experimentCells, experimentTable } from '../../../../domain/reports/experiment-table.js';
import { headlineTable } from '../../../../domain/reports/headline.js';
import { intervalText } from '../../../../domain/reports/judgement-text.js';
import { masterTableLine } from '../../../../domain/reports/master-table.js';
import { runFacts } from '../../../../domain/reports/run-facts.js';
import { newRunRecord } from '../../../../domain/reports/run-record.js';
import { type EngineState, rowOf } from '../../../../domain/run/engine-state.js';
import { describeRun } from '../../../../domain/run/run-details.js';
import { ConfirmedStory } from '../../confirmed-story.js';
import { Story } from '../../run-story.js';

/** 002_kept is 30% faster, 003_lucky was lucky once, 004_wild is faster than cached data. */
function story(): ConfirmedStory {
  const values = { '002_kept': 130, '003_lucky': 130, '004_wild': 9000 };
  const run = ConfirmedStory.seeded({ verifyRuns: 1 }, { maxIterations: 3 });
  run.proposes('002_kept').ends('002_kept', 150).settles(values);
  run.proposes('003_lucky').ends('003_lucky', 160).settles(values);
  return run.proposes('004_wild').ends('004_wild', 9000).settles(values);
}

const { state } = story();
const facts = runFacts(state);

function statusOf(of: EngineState): string {
  const overview = overviewOf({ ...newRunRecord(), state: of }, { nowMs: of.updatedAtMs, isServed: true, stalled: [] });
  return statusText({
    run: 'demo',
    workdir: '/w',
    engine: null,
    temporal: null,
    next: [],
    recent_failures: [],
    stalled: [],
    short_of_room: null,
    status: statusView(of),
    overview,
  });
}

describe('confidence', () => {
  test('names the noise, the gain with its interval, and what was set apart', () => {
    expect(confidenceLines(state, facts)).toEqual([
      expect.stringMatching(
        /^- Noise: a single run is off by 0\.[\d]+% .* from \d+ repeats\); a gain counts from 1\.?\d*% on\.$/,
      ),
      expect.stringMatching(/^- Gain of 002_kept over the baseline: \+30% \(95% interval .*\), measured in turn with/),
      expect.stringMatching(/^- Left to the ceiling: \+285% \(95% interval /),
      expect.stringMatching(/^- 004_wild is quarantined .*: it is faster than 000_headspace, .*%/),
      expect.stringMatching(
        /^- 003_lucky is not confirmed .*: its repeats are not better than 002_kept, \S+ \(99.5% interval/,
      ),
    ]);
  });

  test('says of a best that is faster than its ceiling that nothing is left, and not that less than nothing is', () => {
    const run = ConfirmedStory.seeded({ verifyRuns: 1 }, { maxIterations: 1 }, 127);
    run.proposes('002_a').ends('002_a', 130).settles({ '002_a': 130 });
    const told = confidenceLines(run.state, runFacts(run.state)).join('\n');
    expect(told).toMatch(
      /^- Left to the ceiling: nothing; the best is faster than the ceiling by \+2\.4% \(95% inter/m,
    );
    expect(statusOf(run.state)).toMatch(/^left {7}nothing; the best is faster than the ceiling by \+2\.4%/m);
  });

  test('tells large gains as factors, all three numbers alike', () => {
    expect(intervalText({ gain: 11, low: 8, high: 14, confidence: 0.95 })).toBe('12x (95% interval 9x to 15x)');
    expect(intervalText({ gain: 0.1, low: -0.02, high: 0.2, confidence: 0.995 })).toBe(
      '+10% (99.5% interval -2% to +20%)',
    );
  });

  test.each([
    [{ gain: 2.4, low: -0.5, high: 20 }, 'too few, or differ too much'],
    [{ gain: -0.01, low: -0.05, high: 0.03 }, 'did not show again'],
  ])('says what an interval means that includes no gain: %j', (interval, says) => {
    expect(noGainText({ ...interval, confidence: 0.95 })[0]).toContain(says);
  });

  test('says when the gain is not shown by the runs of the end', () => {
    const run = ConfirmedStory.seeded({ verifyRuns: 1 }, { maxIterations: 1 }).proposes('002_a').ends('002_a', 130);
    run.ends('000_baseline_repeat_3', 100).ends('002_a_repeat_1', 130).settles({ '002_a': 100 });
    expect(confidenceLines(run.state, runFacts(run.state)).join('\n')).toContain('includes no gain at all');
  });

  test('says what was not decided when the run was stopped', () => {
    const run = ConfirmedStory.seeded().proposes('002_a').tell({ type: 'stop_requested', mode: 'drain' });
    run.ends('002_a', 130);
    expect(confidenceLines(run.state, runFacts(run.state)).join('\n')).toContain(
      '002_a (130 samples/s) is not decided',
    );
  });

  test('says nothing of a run without repeats', () => {
    const run = new Story().setUp().seedsDone();
    expect(confidenceLines(run.state, runFacts(run.state))).toEqual([]);
    expect(statusView(run.state)).toMatchObject({ confidence: null, gain: null, headspace_left: null });
  });

  test('marks in the master table what other work disturbed', () => {
    const run = new Story().setUp().seedsDone().add('002_a').completed('002_a', 70, { contention: 0.354 });
    const line = masterTableLine(rowOf(run.state, '002_a'), SpecSchema.parse({ name: 'x' }));
    expect(line).toContain('\tcontended: other work used 35% of its CPUs or GPUs meanwhile\t');
  });

  test('stands in the headline in place of the lucky first result', () => {
    expect(headlineTable(facts).join('\n')).toMatch(/\| Best \| 002_kept \| 130 samples\/s \| \+30% \(95% interval/);
  });

  test('stands in tables, status and the Temporal UI', () => {
    const cells = experimentTable(state).map((row) => experimentCells(row).slice(0, 2).join(': '));
    expect(cells).toContainEqual(expect.stringMatching(/^002_kept \*: confirmed \(1 of 7 runs\)$/));
    expect(cells).toContain('004_wild: quarantined (1 of 2 runs)');
    expect(cells.filter((cell) => cell.includes('_repeat_'))).toEqual([]);
    const spec = SpecSchema.parse({ name: 'x' });
    expect(masterTableLine(rowOf(state, '004_wild'), spec)).toMatch(/\tquarantined: it is faster .*\tquarantine\t\n?$/);
    expect(masterTableLine(rowOf(state, '002_kept_repeat_1'), spec)).toMatch(/\t002_kept\n?$/);
    const shown = statusOf(state);
    expect(shown).toMatch(/gain {7}\+30% \(95% interval/);
    expect(shown).toMatch(/left {7}\+285% .* to the ceiling/);
    expect(shown).toMatch(/noise {6}0\.\d+% a run/);
    expect(describeRun(state)).toMatch(/1\.30 times the baseline, between 1\.\d\d and 1\.\d\d/);
  });
});
