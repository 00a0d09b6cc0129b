/** Whole runs on a real server whose run with cached data was measured badly, or whose winner does less work. */
import { afterEach, expect, it } from 'vitest';
import { type ConfirmationRules, DEFAULT_CONFIRMATION } from '../../domain/belief/confirmation-state.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

const RULES: ConfirmationRules = {
  ...DEFAULT_CONFIRMATION,
  weighsOdds: true,
  goesOnUndecided: true,
  measuresCeilingsAgain: true,
};

let worker: TestWorker | null = null;

afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

it.each([
  ['the ceiling was measured badly, so that what is above it becomes the best', 900, 'keep', '002_fast'],
  ['what is above it a second time is set apart', 111, 'quarantine', '000_baseline'],
])(
  '%s',
  async (_, again, verdict, best) => {
    const speeds: Record<string, number> = { '000_headspace': 110, '002_fast': 180, '001_mtp': 80 };
    // No two runs agree to the last digit.
    const throughput = (nodeId: string) => {
      const [own = '', repeat] = nodeId.split('_repeat_');
      const isAgain = own === '000_headspace' && repeat !== undefined;
      return (isAgain ? again : (speeds[own] ?? 100)) * (1 + Number(repeat ?? 0) / 500);
    };
    const fake = new FakeRun({ autoEnd: true, plans: [['fast']], confirmation: RULES, throughput });
    worker = await startTestWorker({ activities: fake.activities });
    const { client, taskQueue } = worker;
    fake.serve(worker.run, client);
    const handle = await client.workflow.start('engineWorkflow', {
      workflowId: engineWorkflowId(worker.run),
      taskQueue,
      args: [{ run: worker.run, limits: { max_concurrency: 2 }, tuning: { chartIntervalMs: 50 } }],
    });
    expect((await handle.result()).best).toBe(best);
    const { state, events } = fake;
    expect(state.experiments['002_fast']?.judged?.verdict).toBe(verdict);
    const judged = events.flatMap((event) => (event.type === 'candidate_judged' ? [event.judgement] : []));
    expect(judged.map(({ reason }) => reason).join('\n')).toMatch(
      /it is faster than 000_headspace, which loads no data at all, by 64%: that one is measured again first/,
    );
    expect(fake.launched.filter((nodeId) => nodeId.startsWith('000_headspace'))).toHaveLength(2);
    expect([state.open, state.confirmation?.candidates]).toEqual([[], []]);
  },
  120_000,
);
