import { randomBytes } from 'node:crypto';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import { decode } from '@temporalio/common/lib/encoding.js';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { describe, expect, test } from 'vitest';
import { makeDataConverter } from '../../../worker/encryption/data-converter.js';
import {
  AutoresearchCodec,
  CODEC_KEY_VARIABLE,
  codecKeyOf,
  codecKeys,
} from '../../../worker/encryption/payload-codec.js';

const small = { node_id: 'n7', priority: -5 };
const large = { rows: Array.from({ length: 5_000 }, (_, row) => ({ row, status: 'completed', note: 'grüße' })) };
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) as Payload;
const jsonOf = (payload: Payload | undefined) => defaultPayloadConverter.fromPayload(payload as Payload);
const encodingOf = (payload: Payload | undefined) => decode(payload?.metadata?.encoding as Uint8Array);
const key = randomBytes(32);

describe.each([
  { name: 'without a key', codec: new AutoresearchCodec([]) },
  { name: 'with a key', codec: new AutoresearchCodec([codecKeyOf(key)]) },
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
  const [wire] = await new AutoresearchCodec([]).encode([payloadOf(small)]);
  expect(encodingOf(wire)).toBe('json/plain');
  expect(decode(wire?.data as Uint8Array)).toBe('{"node_id":"n7","priority":-5}');
});

test('a large message is compressed', async () => {
  const [wire] = await new AutoresearchCodec([]).encode([payloadOf(large)]);
  expect(encodingOf(wire)).toBe('binary/gzip');
  expect(wire?.data?.length).toBeLessThan((payloadOf(large).data?.length ?? 0) / 5);
});

test('with a key nothing of a message is on the wire, and no two are alike', async () => {
  const codec = new AutoresearchCodec([codecKeyOf(key)]);
  const [one, two] = await codec.encode([payloadOf(small), payloadOf(small)]);
  expect(encodingOf(one)).toBe('binary/encrypted');
  expect(Buffer.from(one?.data as Uint8Array).toString('latin1')).not.toContain('node_id');
  expect(Buffer.from(one?.data as Uint8Array).equals(two?.data as Uint8Array)).toBe(false);
});

test('a plain message is understood where a key is configured, as `temporal` sends it', async () => {
  const [decoded] = await new AutoresearchCodec([codecKeyOf(key)]).decode([payloadOf(small)]);
  expect(jsonOf(decoded)).toEqual(small);
});

test('a message under another key names the variable', async () => {
  const wire = await new AutoresearchCodec([codecKeyOf(key)]).encode([payloadOf(small)]);
  await expect(new AutoresearchCodec([codecKeyOf(randomBytes(32))]).decode(wire)).rejects.toThrow(
    `${CODEC_KEY_VARIABLE} holds key`,
  );
  await expect(new AutoresearchCodec([]).decode(wire)).rejects.toThrow(`${CODEC_KEY_VARIABLE} is not set`);
});

test('a message that was changed is refused', async () => {
  const codec = new AutoresearchCodec([codecKeyOf(key)]);
  const [wire] = await codec.encode([payloadOf(small)]);
  const data = Buffer.from(wire?.data as Uint8Array);
  data[data.length - 1] = (data[data.length - 1] as number) ^ 1;
  await expect(codec.decode([{ ...wire, data }])).rejects.toThrow(
    `a message that key ${codecKeyOf(key).id} encrypted cannot be decoded`,
  );
});

test('a key of the wrong length is refused without being told', () => {
  expect(codecKeys({})).toEqual([]);
  expect(codecKeys({ [CODEC_KEY_VARIABLE]: key.toString('base64') })).toEqual([codecKeyOf(key)]);
  const refused = () => makeDataConverter({ [CODEC_KEY_VARIABLE]: 'c2hvcnQ=' });
  expect(refused).toThrow(/AUTORESEARCH_CODEC_KEY decodes to 5 bytes, and must be 32/);
  expect(refused).not.toThrow(/c2hvcnQ/);
});

test('of several keys the first encrypts and each decrypts, so that a key can be changed', async () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)];
  const before = new AutoresearchCodec(codecKeys({ [CODEC_KEY_VARIABLE]: older.toString('base64') }));
  const after = new AutoresearchCodec(
    codecKeys({ [CODEC_KEY_VARIABLE]: `${newer.toString('base64')}, ${older.toString('base64')}` }),
  );
  const [old] = await before.encode([payloadOf(small)]);
  expect(jsonOf((await after.decode([old as Payload]))[0])).toEqual(small);
  const [fresh] = await after.encode([payloadOf(small)]);
  expect(decode(fresh?.metadata?.['encryption-key-id'] as Uint8Array)).toBe(codecKeyOf(newer).id);
  await expect(before.decode([fresh as Payload])).rejects.toThrow(
    `encrypted with key ${codecKeyOf(newer).id}, and ${CODEC_KEY_VARIABLE} holds key ${codecKeyOf(older).id}`,
  );
  expect(() => codecKeys({ [CODEC_KEY_VARIABLE]: `${key.toString('base64')},c2hvcnQ=` })).toThrow(
    /key 2 of 2.*5 bytes/,
  );
});

test('with a key the message and the stack of a failure are encrypted, and come back', async () => {
  const secret = 'python /home/me/secret-project/train.py failed';
  const converter = loadDataConverter(makeDataConverter({ [CODEC_KEY_VARIABLE]: key.toString('base64') }));
  const wire = await encodeErrorToFailure(converter, ApplicationFailure.nonRetryable(secret, 'job_failed'));
  expect(JSON.stringify(wire)).not.toContain('secret-project');
  expect(wire.message).toBe('Encoded failure');
  expect(await decodeOptionalFailureToOptionalError(converter, wire)).toMatchObject({ message: secret });
  const plain = loadDataConverter(makeDataConverter({}));
  expect((await encodeErrorToFailure(plain, ApplicationFailure.nonRetryable(secret))).message).toBe(secret);
});
