import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { expect, onTestFinished, test } from 'vitest';
import { AutoresearchCodec, codecKeyOf } from '../../../worker/encryption/payload-codec.js';
import { startCodecServer } from '../../../worker/encryption/serve-codec.js';

const UI = 'http://127.0.0.1:8233';
const key = codecKeyOf(randomBytes(32));
const codec = new AutoresearchCodec([key]);

async function started() {
  const server = await startCodecServer({ codec, port: 0, origins: [UI] });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { method: 'POST', body: JSON.stringify(body), headers });
  return { url: server.url, post };
}

const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
function jsonOf({ metadata, data }: Payload) {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(entries), data: base64(data) };
}

test('decodes what a run encrypted, and encodes what a person sends, as the UI and the command ask', async () => {
  const { post } = await started();
  const plain = defaultPayloadConverter.toPayload({ node_id: 'n7' }) as Payload;
  const [wire] = await codec.encode([plain]);
  const response = await post(
    '/decode',
    { payloads: [jsonOf(wire as Payload)] },
    { origin: UI, 'x-namespace': 'default' },
  );
  expect(response.headers.get('access-control-allow-origin')).toBe(UI);
  expect(await response.json()).toEqual({ payloads: [jsonOf(plain)] });
  const encoded = (await (await post('/default/encode', { payloads: [jsonOf(plain)] })).json()) as {
    payloads: { metadata: Record<string, string> }[];
  };
  expect(Buffer.from(encoded.payloads[0]?.metadata['encryption-key-id'] ?? '', 'base64').toString()).toBe(key.id);
});

test('a browser may ask from the UI and from nowhere else', async () => {
  const { url, post } = await started();
  const preflight = await fetch(`${url}/decode`, { method: 'OPTIONS', headers: { origin: UI } });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('x-namespace');
  const foreign = await post('/decode', { payloads: [] }, { origin: 'http://evil.example' });
  expect(foreign.status).toBe(403);
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
});

test('a name that was pointed at this host is refused', async () => {
  const { url } = await started();
  const status = await new Promise((resolve, reject) => {
    request(`${url}/decode`, { method: 'POST', headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end('{}');
  });
  expect(status).toBe(403);
});

test('says which key is missing, and what is no request', async () => {
  const { post } = await started();
  const other = codecKeyOf(randomBytes(32));
  const [wire] = await new AutoresearchCodec([other]).encode([defaultPayloadConverter.toPayload(1) as Payload]);
  const refused = await post('/decode', { payloads: [jsonOf(wire as Payload)] });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain(`encrypted with key ${other.id}`);
  expect((await post('/decode', { payloads: 1 })).status).toBe(400);
  expect((await post('/elsewhere', {})).status).toBe(404);
});
