/**
 * Runs whose provisional best is refuted, on a real server: whatever was stacked on it and whenever its worker goes
 * away, state, tree, reports and money are right afterwards.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_CONFIRMATION } from '../../domain/belief/confirmation-state.js';
import { treeModel } from '../../domain/charts/tree-model.js';
import { confidenceLines } from '../../domain/reports/caveats/confidence.js';
import { runFacts } from '../../domain/reports/run-facts.js';
import { summaryReport } from '../../domain/reports/summary-text.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { recordOf } from '../support/run-record.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

const RULES = { ...DEFAULT_CONFIRMATION, weighsOdds: true, goesOnUndecided: true } as const;
const PRICE = 0.01;
const RUNS = 20;

/** True speeds by name, of which the lucky ones look 60% faster in their own run, and in no other. */
const SPEEDS: Record<string, number> = { headspace: 900, good: 140, slow: 80 };
const LUCK = 1.6;

let worker: TestWorker | null = null;

afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

/** Two calls of the same node agree, and no two runs to the last digit. */
function wobble(nodeId: string): number {
  const sum = [...nodeId].reduce((total, letter) => (31 * total + letter.charCodeAt(0)) % 1009, 7);
  return 1 + (sum / 1009 - 0.5) / 100;
}

function throughputOf(nodeId: string): number {
  const [own = '', repeat] = nodeId.replace(/^\d+_/, '').split('_repeat_');
  const luck = own.startsWith('lucky') && repeat === undefined ? LUCK : 1;
  return 100 * ((SPEEDS[own.replace(/\d+$/, '')] ?? 100) / 100) * luck * wobble(nodeId);
}

/** What each run proposes, round by round, and in how many slots: a lucky one, and others on it or beside it. */
const SCRIPTS: readonly string[][][] = [
  [['lucky'], ['plain'], ['good']],
  [
    ['lucky', 'plain'],
    ['slow', 'good'],
  ],
  [['plain', 'lucky', 'slow'], ['good']],
  [['lucky'], ['slow'], ['plain']],
  [['good'], ['plain', 'slow'], ['plain2']],
];

describe.each(Array.from({ length: RUNS }, (_, run) => run))('run %i with a lucky result', (run) => {
  const plans = SCRIPTS[run % SCRIPTS.length]!;
  const slots = 1 + (run % 3);
  const stops = run % 2 === 1;

  it(`is right after it, in ${slots} slots${stops ? ', with a worker that goes away' : ''}`, async () => {
    const names = plans.flat();
    const hasLuck = names.includes('lucky');
    const fake = new FakeRun({
      autoEnd: true,
      stacks: true,
      plans,
      usdPerCall: PRICE,
      confirmation: RULES,
      throughput: throughputOf,
    });
    worker = await startTestWorker({ activities: fake.activities });
    const { client, taskQueue } = worker;
    fake.serve(worker.run, client);
    const handle = await client.workflow.start('engineWorkflow', {
      workflowId: engineWorkflowId(worker.run),
      taskQueue,
      args: [{ run: worker.run, limits: { max_concurrency: slots }, tuning: { chartIntervalMs: 50 } }],
    });
    if (stops) {
      const after = run % 4 === 1 ? ['provisional'] : ['refuted', 'superseded', 'keep'];
      await fake.until(({ events }) =>
        events.some((event) => event.type === 'candidate_judged' && after.includes(event.judgement.verdict)),
      );
      await worker.stop();
      await worker.restart(fake.activities);
    }
    const result = await handle.result();
    const { state, events } = fake;
    const nodeOf = (name: string) => Object.values(state.experiments).find((row) => row.name === name)!;
    const best = names.includes('good') ? nodeOf('good').nodeId : '000_baseline';
    expect([result.best, ['planner_stopped', 'plateau']]).toEqual([best, expect.arrayContaining([result.reason])]);

    // State: nothing is open, nothing is provisional, and each job ran once.
    expect([state.open, state.confirmation?.candidates, state.withdrawing ?? []]).toEqual([[], [], []]);
    expect(new Set(fake.launched).size).toBe(fake.launched.length);
    expect(fake.launched.sort()).toEqual(Object.keys(state.experiments).sort());
    for (const name of names) expect(nodeOf(name).state.status, name).toBe('completed');
    const verdicts = Object.values(state.experiments).map(({ judged }) => judged?.verdict);
    expect(verdicts).not.toContain('provisional');
    expect(verdicts).not.toContain('repeat');

    // Tree and reports say what became of the lucky one, and of nothing else that it is so.
    const record = recordOf(events);
    const facts = runFacts(record.state);
    const boxes = treeModel(record).descendants();
    expect(boxes.filter(({ data }) => data.isBest).map(({ data }) => data.title)).toEqual([best]);
    expect([facts.best?.row.nodeId, facts.isProvisional]).toEqual([best, false]);
    if (hasLuck) {
      const { nodeId, judged } = nodeOf('lucky');
      expect(['refuted', 'superseded']).toContain(judged?.verdict);
      expect(events.some((event) => event.type === 'best_changed' && event.insteadOf === nodeId)).toBe(true);
      expect(boxes.find(({ data }) => data.title === nodeId)?.data.gain).toContain(judged?.verdict);
      expect(confidenceLines(record.state, facts).join('\n')).toContain(`${nodeId} is ${judged?.verdict}`);
      expect(summaryReport(record)).toContain(nodeId);
    }

    // Money: each call is booked once, and nothing stays set aside.
    expect(state.ledger.spent.usd).toBeCloseTo(fake.paid.size * PRICE, 6);
    expect(state.ledger.reserved).toEqual({});
    expect(state.ledger.spent.jobHours * 3600).toBeCloseTo(fake.launched.length, 6);
  }, 60_000);
});
