/**
 * How the end of an engine is learned: without asking again and again, over continue-as-new and absences of the server.
 */
import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { engineWorkflowId, taskQueueFor } from '../../domain/run/naming.js';
import { openClient, type TemporalTarget } from '../../worker/connection.js';
import { untilEngineCloses } from '../../worker/sight/engine-end.js';
import { testTarget } from '../support/temporal-env.js';

let client: Client;
beforeAll(async () => {
  client = await openClient(testTarget());
});
afterAll(() => client.connection.close());

/** An engine that nobody serves: it is open until somebody ends it. */
async function openEngine() {
  const run = `end-${randomUUID()}`;
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue: taskQueueFor(run),
    args: [{ run }],
  });
  return { run, handle };
}

/** A connection that counts its calls by method. */
function counted() {
  const calls: string[] = [];
  const connect = ({ clientOptions }: TemporalTarget) =>
    Connection.lazy({
      ...clientOptions,
      interceptors: [
        (options, next) => {
          calls.push(options.method_definition.path.split('/').at(-1) ?? '');
          return next(options) as never;
        },
      ],
    });
  return { calls, connect };
}

describe('the end of an engine', () => {
  it('is waited for by one call, which is answered when it comes', async () => {
    const { run, handle } = await openEngine();
    const { calls, connect } = counted();
    const { signal } = new AbortController();
    const end = untilEngineCloses(testTarget(), run, signal, { connect });
    await sleep(4_000);
    expect(calls).toEqual(['GetWorkflowExecutionHistory']);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await handle.terminate();
    expect(await end).toBe('closed');
    expect(calls).toHaveLength(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('is waited for no more after an abort, which lets go of the call', async () => {
    const { run, handle } = await openEngine();
    const { calls, connect } = counted();
    const ending = new AbortController();
    const end = untilEngineCloses(testTarget(), run, ending.signal, { connect });
    end.catch(() => undefined);
    await vi.waitUntil(() => calls.length > 0, { timeout: 30_000 });
    ending.abort();
    await expect(end).rejects.toThrow(/abort/i);
    await handle.terminate();
  });

  it('has nothing to wait for where there is no engine', async () => {
    expect(await untilEngineCloses(testTarget(), 'none-such', new AbortController().signal)).toBe('missing');
  });

  it('is that of the last of its runs, over a server that was away, asked once a second at most', async () => {
    const answers = [
      () => ({ history: { events: [] }, nextPageToken: Buffer.from('next') }),
      () => ({ history: { events: [{ workflowExecutionContinuedAsNewEventAttributes: {} }] }, nextPageToken: [] }),
      () => {
        throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: '', metadata: {} });
      },
      () => ({ history: { events: [{ workflowExecutionCanceledEventAttributes: {} }] }, nextPageToken: [] }),
    ];
    const asked: { atMs: number; token: string }[] = [];
    const inPlace = async <T>(_: unknown, ask: () => Promise<T>) => await ask();
    const fake = {
      workflowService: {
        getWorkflowExecutionHistory: async ({ nextPageToken }: { nextPageToken: Uint8Array | null }) => {
          asked.push({ atMs: performance.now(), token: Buffer.from(nextPageToken ?? []).toString() });
          return answers[asked.length - 1]?.();
        },
      },
      withDeadline: inPlace,
      withAbortSignal: inPlace,
      close: async () => undefined,
    };
    const connect = () => fake as unknown as Connection;
    expect(await untilEngineCloses(testTarget(), 'r', new AbortController().signal, { connect })).toBe('closed');
    expect(asked.map(({ token }) => token)).toEqual(['', 'next', '', '']);
    const pauses = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(900);
  });
});
