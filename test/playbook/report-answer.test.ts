/** The playbook's own texts say no more than the engine decided. */
import { describe, expect, it } from 'vitest';
import type { ReportTask } from '../../agents/agent.js';
import { historyOf } from '../../agents/run-history.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import { setApart } from '../../domain/proposals/work-effect.js';
import { heldText } from '../../domain/reports/held-claims.js';
import { objectiveText } from '../../domain/reports/quantity-text.js';
import { runReport } from '../../domain/reports/report-text.js';
import { runFacts } from '../../domain/reports/run-facts.js';
import { reportAnswer } from '../../playbook/report-answer.js';
import { ConfirmedStory } from '../domain/confirmed-story.js';
import { syntheticRun } from '../support/run-events.js';
import { recordOf } from '../support/run-record.js';

/** Experiments that a section's items begin with. */
function listed(report: string, title: string): string[] {
  const from = report.indexOf(`## ${title}\n`);
  const section = from < 0 ? '' : report.slice(from).split(/\n## /)[0]!;
  return [...section.matchAll(/^- \*\*(\w+)\*\*/gm)].map(([, id]) => id!).sort();
}

describe('the final report by rules', () => {
  const run = ConfirmedStory.seeded();
  run.proposes('002_lucky').ends('002_lucky', 180).settles({ '002_lucky': 100 });
  run.proposes('003_good').ends('003_good', 230).settles({ '003_good': 200 });
  run.proposes('004_slow').ends('004_slow', 150);
  const record = recordOf(run.events);
  const { state } = record;
  const specs = new Map(
    Object.values(state.experiments).map(({ nodeId, name }) => [nodeId, SpecSchema.parse({ name, changes: [name] })]),
  );
  const { config } = syntheticRun({ followUps: 1 });
  const history = historyOf(record, specs);
  const text = reportAnswer({
    history,
    bestNodeId: state.best,
    baseLaunchCommand: config.base_launch_command,
    notes: [] as string[],
  } as ReportTask);

  it('lists as worked, and as not, what report.md does', () => {
    expect(state.best).toBe('003_good');
    const byRules = runReport(record, specs, config);
    expect(listed(text, 'What worked')).toEqual(['003_good']);
    expect(listed(byRules, 'What worked')).toEqual(['003_good']);
    expect(listed(text, 'What did not')).toEqual(listed(byRules, 'What did not help'));
  });

  it('keeps other work apart, and compares it with nothing', () => {
    const apart = ConfirmedStory.seeded();
    apart.proposes('002_short').ends('002_short', 180, { doubt: setApart('other_work')! });
    const told = recordOf(apart.events);
    const named = new Map(Object.keys(apart.state.experiments).map((id) => [id, SpecSchema.parse({ name: id })]));
    const byRules = runReport(told, named, config);
    const byAgent = reportAnswer({
      history: historyOf(told, named),
      bestNodeId: '000_baseline',
      baseLaunchCommand: '',
      notes: [] as string[],
    } as ReportTask);
    for (const report of [byRules, byAgent]) {
      expect(listed(report, 'Other work, kept apart')).toEqual(['002_short']);
      expect([...listed(report, 'What did not'), ...listed(report, 'What did not help')]).not.toContain('002_short');
    }
    expect(byRules).toMatch(/\| 002_short \| quarantined \| 180 samples\/s \| - \|/);
    expect(byRules + byAgent).not.toMatch(/80%|1\.8/);
  });

  it('calls nothing no better that measured more than the best, where the odds decide', () => {
    const weighed = ConfirmedStory.seeded({ weighsOdds: true, goesOnUndecided: true }, {}, 5000);
    weighed.proposes('002_a').ends('002_a', 131).settles({ '002_a': 119 });
    weighed.proposes('003_b').ends('003_b', 125);
    const { state: now } = weighed;
    expect([now.best, weighed.verdict('003_b')]).toEqual(['002_a', 'not_better']);
    const told = recordOf(weighed.events);
    const named = new Map(Object.keys(now.experiments).map((id) => [id, SpecSchema.parse({ name: id })]));
    const history = historyOf(told, named);
    const byAgent = reportAnswer({
      history,
      bestNodeId: '002_a',
      baseLaunchCommand: '',
      notes: [] as string[],
    } as never);
    for (const each of [byAgent, runReport(told, named, config)])
      expect(listed(each, 'What is not decided')).toEqual(['003_b']);
    expect(byAgent).toContain('not shown better: ');
  });

  it('tells the best one by the value that every table shows', () => {
    const { best } = runFacts(state);
    expect(objectiveText(best!.objective)).not.toBe('230 samples/s');
    expect(text).toContain(`${best!.objective.value.toFixed(1)} samples/s`);
  });

  it('tells no loss of what worked, where what it builds on measured more and is not decided', () => {
    const on = history.map((entry) => {
      if (entry.nodeId === '003_good') return { ...entry, parentId: '004_slow' };
      if (entry.nodeId !== '004_slow') return entry;
      const judged = { ...entry.judged!, verdict: 'superseded' as const };
      return { ...entry, objective: { ...entry.objective!, value: 250 }, judged };
    });
    const told = reportAnswer({
      history: on,
      bestNodeId: '003_good',
      baseLaunchCommand: '',
      notes: [] as string[],
    } as never);
    expect(told).toMatch(
      /## What worked\n\n- \*\*003_good\*\* \(.*\): \d\.\d\d times the baseline; that it is faster than 004_slow, which it builds on, is not shown\.\n\n/,
    );
  });

  it('stands as it is when it is held against the verdicts', () => {
    expect(heldText(state, text)).toBe(text);
  });
});
