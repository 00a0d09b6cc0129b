/**
 * One value of each experiment, for decisions and for texts; and no text says of what measured more than the best that
 * it was not better.
 */
import { describe, expect, it } from 'vitest';
import { overviewSections } from '../../../client/output/overview-text.js';
import { logSpeed } from '../../../domain/belief/noise.js';
import { expectedNoise, leastImprovementOf } from '../../../domain/belief/repeats.js';
import { typicalObjective } from '../../../domain/belief/value.js';
import { speedOf } from '../../../domain/belief/weighing.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { runReport } from '../../../domain/reports/report-text.js';
import { standingsOf } from '../../../domain/reports/standing.js';
import { syntheticRun } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';
import { ConfirmedStory } from '../confirmed-story.js';
import { chanceOf } from '../random-run.js';

const RULES = { weighsOdds: true, goesOnUndecided: true } as const;
const { config } = syntheticRun({ followUps: 1 });

/** A search over code of known speeds, with 5% noise on a machine that others use now and then. */
function searched(seed: number): ConfirmedStory {
  const chance = chanceOf(seed);
  const normal = () => Math.sqrt(-2 * Math.log(chance() + 1e-12)) * Math.cos(2 * Math.PI * chance());
  const truth: Record<string, number> = { '000_headspace': 5000 };
  const story = ConfirmedStory.seeded(RULES, { maxIterations: 100 }, 5000);
  const run = (nodeId: string) => {
    const { origin } = story.state.experiments[nodeId]!;
    const isContended = chance() < 0.15;
    const speed = (truth[origin.from === 'repeat' ? origin.of : nodeId] ?? 100) * Math.exp(0.05 * normal());
    story.ends(nodeId, isContended ? 0.8 * speed : speed, isContended ? { contention: 0.3 } : {});
  };
  for (let index = 2; index < 12; index += 1) {
    const nodeId = `${String(index).padStart(3, '0')}_x`;
    const before = truth[story.state.best ?? ''] ?? 100;
    truth[nodeId] = before * (chance() < 0.25 ? 1.05 + 0.15 * chance() : 1 - 0.05 * chance());
    story.proposes(nodeId);
    run(nodeId);
    while (story.open().length > 0 && chance() < 0.6) run(story.open()[0]!);
  }
  for (let turns = 0; turns < 300 && story.open().length > 0; turns += 1) run(story.open()[0]!);
  return story;
}

describe('the value of an experiment', () => {
  it('is what it is weighed with, its first run included', () => {
    const { state } = ConfirmedStory.seeded(RULES, {}, 5000)
      .proposes('002_a')
      .ends('002_a', 131)
      .ends('002_a_repeat_1', 119);
    expect(state.best).toBe('002_a');
    const { value } = standingsOf(state)('002_a').objective!;
    expect([value > 119.5, value < 131]).toEqual([true, true]);
    const weighed = { noise: expectedNoise(state), least: leastImprovementOf(state, null)! };
    const { mean } = speedOf(state, '002_a', 'throughput_samples_per_s', weighed);
    expect(logSpeed(typicalObjective(state, '002_a')!)).toBeCloseTo(mean, 9);
    expect(standingsOf(state)('002_a')).toMatchObject({ runs: 2, gain: expect.closeTo(value / 100, 3) });
  });

  it('of a single run is what that one measured', () => {
    const { state } = ConfirmedStory.seeded(RULES, {}, 5000).proposes('002_a').ends('002_a', 131);
    expect(standingsOf(state)('002_a')).toMatchObject({
      objective: { value: expect.closeTo(131, 6) },
      runs: 1,
    });
  });
});

it('what measured more than the best is nowhere called not better, and the best stands first', () => {
  let above = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const story = searched(seed);
    const record = recordOf(story.events);
    const { state } = record;
    const best = standingsOf(state)(state.best!);
    const report = runReport(record, new Map(), config);
    const sections = overviewSections(overviewOf(record, { nowMs: state.updatedAtMs, isServed: true, stalled: [] }));
    const results = sections.flatMap(({ title, lines }) => (title.startsWith('last results') ? lines : []));
    for (const { nodeId, objective, verdict, isAboveBest } of experimentTable(state)) {
      if (verdict === null || verdict === 'repeat' || verdict === 'provisional' || objective === null) continue;
      expect(isAboveBest, `${seed} ${nodeId}`).toBe(nodeId !== state.best && objective.value > best.objective!.value);
      if (!isAboveBest) continue;
      above += 1;
      expect(report).toMatch(new RegExp(`${nodeId}.* measured more than ${state.best}, the best, by no more than`));
      expect(report.split('## What is not decided')[0]).not.toMatch(new RegExp(`^- \\*\\*${nodeId}\\*\\*`, 'm'));
      expect(report).not.toMatch(new RegExp(`\\| ${nodeId} .*\\| not better`));
      expect(results.find((line) => line.startsWith(nodeId)) ?? '').not.toMatch(/ not better /);
    }
    const [, worked] = /## What worked\n\n- \*\*(\S+)\*\*/.exec(report) ?? [];
    if (worked !== undefined) expect(worked).toBe(state.best);
  }
  expect(above).toBeGreaterThan(5);
});
