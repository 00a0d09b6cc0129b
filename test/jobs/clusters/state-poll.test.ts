import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SchedulerState } from '../../../jobs/clusters/scheduler.js';
import { StatePoll } from '../../../jobs/clusters/state-poll.js';

const EVERY_MS = 120_000;
const RUNNING: SchedulerState = { state: 'running' };

beforeEach(() => {
  // The clock alone: a question takes a moment, which passes by itself.
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A poll of a scheduler that counts what it is asked. */
function counted() {
  const asked: string[][] = [];
  const states = async (ids: readonly string[]) => {
    asked.push([...ids]);
    return new Map(ids.map((id) => [id, RUNNING]));
  };
  return { poll: new StatePoll({ states }, EVERY_MS, () => {}), asked };
}

const passed = (ms: number) => vi.setSystemTime(Date.now() + ms);

it('asks about all jobs by one question an interval, however often each of them is looked at', async () => {
  const { poll, asked } = counted();
  const ids = Array.from({ length: 50 }, (_, index) => String(index));
  for (let second = 0; second < 600; second += 1) {
    await Promise.all(ids.map((id) => poll.stateOf(id)));
    passed(1000);
  }
  // Ten minutes are five intervals, each of which begins with a question.
  expect(asked.map((each) => each.length)).toEqual([50, 50, 50, 50, 50]);
});

it('asks once a second for those who wait for the end of what they cancelled', async () => {
  const { poll, asked } = counted();
  await poll.stateOf('0');
  for (let turn = 0; turn < 50; turn += 1) {
    passed(100);
    poll.hurry();
    await poll.stateOf('0');
  }
  expect(asked).toHaveLength(1 + 5);
});
