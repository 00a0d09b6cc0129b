/** Server-sent events: a response that stays open and tells what is new, until the page goes away. */
import type { ServerResponse } from 'node:http';

/** Proxies and sleeping machines are noticed by it; the page ignores it. */
const KEEP_ALIVE_MS = 15_000;

export interface EventStream {
  send(value: unknown): void;
  /** Aborts when the page went away or `end` was called. */
  signal: AbortSignal;
  end(): void;
}

export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(': open\n\n');
  const gone = new AbortController();
  const timer = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS);
  response.once('close', () => {
    clearInterval(timer);
    gone.abort();
  });
  return {
    send: (value) => void response.write(`data: ${JSON.stringify(value)}\n\n`),
    signal: gone.signal,
    end: () => void response.end(),
  };
}
