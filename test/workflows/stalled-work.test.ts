/**
 * What cannot go on, on a real server: a workflow task that fails again and again, and a call of the agent that no
 * worker takes: shown, told once, and told when it goes on.
 */
import { randomUUID } from 'node:crypto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, inject, it, vi } from 'vitest';
import { stalledText } from '../../client/output/stalled-text.js';
import { watchStalled } from '../../client/stalled/stalled-watch.js';
import { stalledWork } from '../../client/stalled/stalled-work.js';
import type { AgentCall, AgentCallOutcome } from '../../domain/protocol/agent-calls.js';
import { initialState } from '../../domain/run/engine-state.js';
import { agentCallWorkflowId, agentQueueFor, engineWorkflowId } from '../../domain/run/naming.js';
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
  const config = { run_id: run, agent_queue: '' };
  const watch = { client, config, state: () => initialState(run), tell, seen, signal: stop.signal, lookMs: 200 };
  const watched = watchStalled(watch);
  await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 50_000, interval: 200 });
  const found = await stalledWork(client, config, ['002_none']);
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
  expect(await stalledWork(client, config, [])).toEqual([]);
}, 90_000);

it('says of a call of the agent that nobody takes since when it waits, and for which worker', async () => {
  await using worker = await startTestWorker({ activities: {} });
  const { client, run, taskQueue } = worker;
  const name = randomUUID();
  const config = { run_id: run, agent_queue: name };
  expect(await stalledWork(client, config, [])).toEqual([]);
  const call: AgentCall = {
    ...{ run, call: 'plan_001.0', agent: 'claude', model: '', effort: '', phase: 'plan', nodeId: null },
    ...{ prompt: 'what next?', timeoutMs: 60_000 },
  };
  const workflowId = agentCallWorkflowId(run, call.call);
  const args = [{ queue: agentQueueFor(name), call }];
  const handle = await client.workflow.start('agentCallWorkflow', { workflowId, taskQueue, args });
  const found = await vi.waitUntil(async () => (await stalledWork(client, config, []))[0], {
    timeout: 50_000,
    interval: 200,
  });
  expect(Date.parse(found.since!)).toBeLessThanOrEqual(Date.now() + 1000);
  expect(stalledText(found)).toMatch(
    new RegExp(
      `^engine: its call of the agent waits since 20\\S+ \\S+ UTC: no worker serves the agents' queue ${name} \\(plan_001\\); ` +
        `run \`autoresearch worker --agents ${name}\``,
    ),
  );
  // Of a run that has its agent called here, and of another run on that queue.
  expect(await stalledWork(client, { ...config, agent_queue: '' }, [])).toEqual([]);
  expect(await stalledWork(client, { ...config, run_id: `${run}x` }, [])).toEqual([]);
  // Where a worker polls, a call that waits has its turn before it.
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  const outcome: AgentCallOutcome = { is: 'left', stdout: '' };
  const callAgent = async () => outcome;
  const agents = await Worker.create({ connection, taskQueue: agentQueueFor(name), activities: { callAgent } });
  const polling = agents.run();
  expect(await handle.result()).toEqual(outcome);
  expect(await stalledWork(client, config, [])).toEqual([]);
  agents.shutdown();
  await polling;
  await connection.close();
}, 90_000);
