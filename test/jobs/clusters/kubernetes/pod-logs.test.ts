/** How often a log is asked for: a state that was asked for before the log ended says nothing of that end. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import type { KubeApi } from '../../../../jobs/clusters/kubernetes/kube-api.js';
import { PodLogs, type PodPlace } from '../../../../jobs/clusters/kubernetes/pod-logs.js';

const line = (second: number, text: string) => `2026-11-29T12:00:0${second}.000000000Z ${text}\n`;

class Server implements Pick<KubeApi, 'read'> {
  readonly responses: PassThrough[] = [];

  async read(): Promise<IncomingMessage> {
    const response = new PassThrough();
    this.responses.push(response);
    return response as unknown as IncomingMessage;
  }
}

async function followed() {
  const server = new Server();
  const logs = new PodLogs(server);
  const told = { cursor: null as string | null, text: '' };
  const look = async (endedAtMs: number | null, askedAtMs: number) => {
    const pod: PodPlace = { namespace: 'n', name: 'p', uid: 'u', container: 'main', endedAtMs, askedAtMs };
    const { stdout, cursor } = await logs.since('n/j', pod, told.cursor);
    told.text += stdout;
    told.cursor = cursor;
  };
  const askedAtMs = Date.now();
  await look(null, askedAtMs);
  const [response] = server.responses;
  const ends = async (text: string) => {
    response!.end(text);
    await once(response!, 'close');
  };
  return { server, told, look, askedAtMs, ends };
}

it('is once where the container ends between the question for its state and the look at its log', async () => {
  const { server, told, look, askedAtMs, ends } = await followed();
  const endedAtMs = Date.now();
  await ends(line(1, 'last'));
  // As it was said before: several looks share one answer.
  await look(null, askedAtMs);
  await look(null, askedAtMs);
  expect(told.text).toBe('last\n');
  await look(endedAtMs, endedAtMs + 1000);
  // By a clock that is ahead of ours, in an answer that was asked for before the log ended.
  await look(endedAtMs + 60_000, askedAtMs);
  expect(server.responses).toHaveLength(1);
});

it('is twice where a log ended and the container is said to run after that', async () => {
  const { server, told, look, ends } = await followed();
  await ends(line(1, 'first'));
  const later = Date.now() + 1;
  vi.useFakeTimers({ now: later + 1000, toFake: ['Date'] });
  const looking = look(null, later);
  await vi.waitFor(() => expect(server.responses).toHaveLength(2), { timeout: 30_000 });
  vi.useRealTimers();
  const endedAtMs = Date.now();
  server.responses[1]!.end(line(1, 'first') + line(2, 'second'));
  await looking;
  await look(endedAtMs, Date.now());
  expect(told.text).toBe('first\nsecond\n');
  expect(server.responses).toHaveLength(2);
});
