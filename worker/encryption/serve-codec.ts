/**
 * Temporal's codec server: shows the UI and the `temporal` command what a run's payloads say, with the keys of this
 * process. It listens on loopback alone, and answers only those web pages whose origin it was given.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload } from '@temporalio/common';
import { z } from 'zod';
import { LOOPBACK } from '../../host/free-ports.js';
import { requestBody } from '../../host/request-body.js';
import type { AutoresearchCodec } from './payload-codec.js';

/** Protobuf's JSON: all bytes are base64. */
const BodySchema = z.object({
  payloads: z.array(
    z.looseObject({ metadata: z.record(z.string(), z.base64()).default({}), data: z.base64().default('') }),
  ),
});

export interface CodecServerOptions {
  codec: Pick<AutoresearchCodec, 'encode' | 'decode'>;
  /** 0: any that is free. */
  port: number;
  /** Of the web pages that may ask, as a browser names them: `http://127.0.0.1:8233`. */
  origins: readonly string[];
}

export interface CodecServer extends AsyncDisposable {
  url: string;
}

/** A page of a history with payloads of 2 MiB each is far below it. */
const BODY_LIMIT_BYTES = 64 << 20;
/** A page that was led to this port under another name is not one of this host's. */
const HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

export async function startCodecServer({ codec, port, origins }: CodecServerOptions): Promise<CodecServer> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => end(response, 400, error.message));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers;
    if (!HOST.test(request.headers.host ?? '')) return end(response, 403, 'ask this server by 127.0.0.1 or localhost');
    if (origin !== undefined && !origins.includes(origin)) {
      return end(
        response,
        403,
        `${origin} may not ask; those may: ${origins.join(', ') || 'no web page'} (--ui names more)`,
      );
    }
    if (origin !== undefined) allow(response, origin);
    if (request.method === 'OPTIONS') return end(response, 204, '');
    // Clients may put the namespace before the name.
    const act = /\/(encode|decode)$/.exec((request.url ?? '').split('?')[0] ?? '')?.[1];
    if (act !== 'encode' && act !== 'decode') return end(response, 404, 'POST /encode or /decode');
    if (request.method !== 'POST') return end(response, 405, `POST /${act}`);
    const payloads = payloadsIn(JSON.parse(await requestBody(request, BODY_LIMIT_BYTES)));
    const done = await codec[act](payloads);
    response.setHeader('content-type', 'application/json');
    end(response, 200, JSON.stringify({ payloads: done.map(toJson) }));
  }

  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function allow(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
  response.setHeader('vary', 'origin');
}

function end(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.end(text);
}

function payloadsIn(body: unknown): Payload[] {
  const { payloads } = BodySchema.parse(body);
  return payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: Buffer.from(data, 'base64'),
  }));
}

function toJson({ metadata, data }: Payload) {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)])),
    ...(data ? { data: text(data) } : {}),
  };
}
