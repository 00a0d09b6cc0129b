import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { decode } from '@temporalio/common/lib/encoding.js';
import { describe, expect, test } from 'vitest';
import { makeDataConverter } from '../../worker/data-converter.js';
import { AutoresearchCodec, CODEC_KEY_VARIABLE, codecKey } from '../../worker/payload-codec.js';

const small = { node_id: 'n7', priority: -5 };
const large = { rows: Array.from({ length: 5_000 }, (_, row) => ({ row, status: 'completed', note: 'grüße' })) };
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) as Payload;
const jsonOf = (payload: Payload | undefined) => defaultPayloadConverter.fromPayload(payload as Payload);
const encodingOf = (payload: Payload | undefined) => decode(payload?.metadata?.encoding as Uint8Array);
const key = randomBytes(32);

describe.each([
  { name: 'without a key', codec: new AutoresearchCodec(null) },
  { name: 'with a key', codec: new AutoresearchCodec(key) },
])('$name', ({ codec }) => {
  test.each([
    ['null', null],
    ['a small message', small],
    ['a large message', large],
    ['a text that does not shrink', randomBytes(100_000).toString('latin1')],
  ])('%s comes back as it went', async (_name, value) => {
    const [decoded] = await codec.decode(await codec.encode([payloadOf(value)]));
    expect(jsonOf(decoded)).toEqual(value);
    expect(encodingOf(decoded)).toBe(encodingOf(payloadOf(value)));
  });

  test('no payloads are no payloads', async () => {
    expect(await codec.encode([])).toEqual([]);
  });
});

test('a small message without a key is readable JSON on the wire', async () => {
  const [wire] = await new AutoresearchCodec(null).encode([payloadOf(small)]);
  expect(encodingOf(wire)).toBe('json/plain');
  expect(decode(wire?.data as Uint8Array)).toBe('{"node_id":"n7","priority":-5}');
});

test('a large message is compressed', async () => {
  const [wire] = await new AutoresearchCodec(null).encode([payloadOf(large)]);
  expect(encodingOf(wire)).toBe('binary/gzip');
  expect(wire?.data?.length).toBeLessThan((payloadOf(large).data?.length ?? 0) / 5);
});

test('with a key nothing of a message is on the wire, and no two are alike', async () => {
  const codec = new AutoresearchCodec(key);
  const [one, two] = await codec.encode([payloadOf(small), payloadOf(small)]);
  expect(encodingOf(one)).toBe('binary/encrypted');
  expect(Buffer.from(one?.data as Uint8Array).toString('latin1')).not.toContain('node_id');
  expect(Buffer.from(one?.data as Uint8Array).equals(two?.data as Uint8Array)).toBe(false);
});

test('a plain message is understood where a key is configured, as `temporal` sends it', async () => {
  const [decoded] = await new AutoresearchCodec(key).decode([payloadOf(small)]);
  expect(jsonOf(decoded)).toEqual(small);
});

test('a message under another key names the variable', async () => {
  const wire = await new AutoresearchCodec(key).encode([payloadOf(small)]);
  await expect(new AutoresearchCodec(randomBytes(32)).decode(wire)).rejects.toThrow(`${CODEC_KEY_VARIABLE} holds key`);
  await expect(new AutoresearchCodec(null).decode(wire)).rejects.toThrow(`${CODEC_KEY_VARIABLE} is not set`);
});

test('a message that was changed is refused', async () => {
  const codec = new AutoresearchCodec(key);
  const [wire] = await codec.encode([payloadOf(small)]);
  const data = Buffer.from(wire?.data as Uint8Array);
  data[data.length - 1] = (data[data.length - 1] as number) ^ 1;
  await expect(codec.decode([{ ...wire, data }])).rejects.toThrow();
});

test('a key of the wrong length is refused without being told', () => {
  expect(codecKey({})).toBeNull();
  expect(codecKey({ [CODEC_KEY_VARIABLE]: key.toString('base64') })).toEqual(key);
  const refused = () => makeDataConverter({ [CODEC_KEY_VARIABLE]: 'c2hvcnQ=' });
  expect(refused).toThrow(/AUTORESEARCH_CODEC_KEY decodes to 5 bytes, and must be 32/);
  expect(refused).not.toThrow(/c2hvcnQ/);
});
