/** Whether an engine that does not answer is taken for stuck: one that fails is, one that is slow is waited for. */
import { once } from 'node:events';
import type { Client } from '@temporalio/client';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { Refusal } from '../../../client/output/refusal.js';
import { engineStatus } from '../../../client/stalled/stuck-engine.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

const CONVERTER = {
  payloadConverter: defaultPayloadConverter,
  failureConverter: defaultFailureConverter,
  payloadCodecs: [],
};

/** A server that tries the engine's task once more at each look at it; the query is answered after some of them. */
function server(event: object): Client {
  let looks = 0;
  let answer: (view: { status: string }) => void;
  const answered = new Promise<{ status: string }>((resolve) => {
    answer = resolve;
  });
  const describe = async () => {
    looks += 1;
    if (looks >= 6) answer({ status: 'running' });
    return { status: { name: 'RUNNING' }, raw: { pendingWorkflowTask: { attempt: looks }, pendingActivities: [] } };
  };
  return {
    workflow: { getHandle: () => ({ describe, query: () => answered }) },
    workflowService: { getWorkflowExecutionHistoryReverse: async () => ({ history: { events: [event] } }) },
    options: { namespace: 'default', loadedDataConverter: CONVERTER },
    withDeadline: (_: number, act: () => unknown) => act(),
    withAbortSignal: (signal: AbortSignal, act: () => unknown) => Promise.race([act(), once(signal, 'abort')]),
  } as unknown as Client;
}

async function statusBy(event: object) {
  const { workdir, context } = await syntheticWorkdir(syntheticRun({ followUps: 2 }));
  return await engineStatus(server(event), { workdir, config: context.config }).catch((error: unknown) => error);
}

it('waits for one whose tasks run out of time, as they do on a busy machine', async () => {
  expect(await statusBy({ workflowTaskTimedOutEventAttributes: {} })).toBe('running');
});

it('refuses one whose tasks fail, and says why', async () => {
  const refused = await statusBy({ workflowTaskFailedEventAttributes: { failure: { message: 'it broke' } } });
  expect(refused).toBeInstanceOf(Refusal);
  expect(refused).toMatchObject({ advice: expect.stringContaining('it broke') });
});
