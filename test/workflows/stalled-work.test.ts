/** A workflow task that fails again and again, on a real server: shown, told once, and told when it goes on. */
import { expect, it, vi } from 'vitest';
import { stalledText } from '../../client/output/stalled-text.js';
import { watchStalled } from '../../client/stalled/stalled-watch.js';
import { stalledWork } from '../../client/stalled/stalled-work.js';
import { initialState } from '../../domain/run/engine-state.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { startTestWorker } from '../support/temporal-env.js';

it('says of a wedged workflow task since when, why, and what to do; and when that is over', async () => {
  await using worker = await startTestWorker({ activities: {} });
  const { client, run, taskQueue } = worker;
  // Code that throws what is no failure of Temporal's fails its task, and the server tries that again.
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [null],
  });
  const told: string[] = [];
  const stop = new AbortController();
  const seen = vi.fn();
  const tell = (line: string) => void told.push(line);
  const watch = { client, run, state: () => initialState(run), tell, seen, signal: stop.signal, lookMs: 200 };
  const watched = watchStalled(watch);
  await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 50_000, interval: 200 });
  const found = await stalledWork(client, run, ['002_none']);
  expect(found).toEqual([
    expect.objectContaining({ who: 'engine', what: 'workflow task', failure: expect.stringContaining('null') }),
  ]);
  expect(Date.parse(found[0]!.since!)).toBeLessThanOrEqual(Date.now() + 1000);
  expect(stalledText(found[0]!)).toMatch(/again and again \(try \d+, since 20.*\): .*; nothing is lost/);
  await handle.terminate();
  await vi.waitFor(() => expect(told[1]).toBe('engine: its workflow task goes on, or has ended'), { timeout: 20_000 });
  expect(seen).toHaveBeenLastCalledWith([]);
  stop.abort();
  await watched;
  expect(told[0]).toMatch(/^warning: engine: the server tries its workflow task/);
  expect(await stalledWork(client, run, [])).toEqual([]);
}, 90_000);
