/**
 * What happens to payloads on their way to the server: large ones are compressed, and all are encrypted when a key is
 * configured. Small unencrypted ones stay as they are, readable in the Temporal UI.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
// A CommonJS module whose named exports Node does not see.
import proto from '@temporalio/proto';
import { BadSetting } from '../../host/bad-setting.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const WirePayload = proto.temporal.api.common.v1.Payload;

/**
 * Below this nothing is gained that is worth an unreadable message; the server warns at 256 KiB and refuses at 2 MiB.
 */
export const COMPRESS_ABOVE_BYTES = 64 * 1024;

const GZIP = 'binary/gzip';
const ENCRYPTED = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const [NONCE_BYTES, TAG_BYTES, KEY_BYTES] = [12, 16, 32];

/** Of a payload's metadata: which key encrypted it. */
export const KEY_ID = 'encryption-key-id';

export const CODEC_KEY_VARIABLE = 'AUTORESEARCH_CODEC_KEY';

export interface CodecKey {
  /** Names the key without telling it; stands in the metadata of each payload that it encrypts. */
  id: string;
  key: Buffer;
}

/**
 * The keys of the environment: blank or comma separated, the first encrypts, all decrypt. To change the key, put the
 * new one first and leave the old ones behind it while histories need them.
 */
export function codecKeys(env: NodeJS.ProcessEnv = process.env): CodecKey[] {
  const texts = (env[CODEC_KEY_VARIABLE] ?? '').split(/[\s,]+/).filter((text) => text !== '');
  return texts.map((text, index) => {
    const key = Buffer.from(text, 'base64');
    if (key.length === KEY_BYTES) return codecKeyOf(key);
    const which =
      texts.length === 1 ? CODEC_KEY_VARIABLE : `${CODEC_KEY_VARIABLE}: key ${index + 1} of ${texts.length}`;
    throw new BadSetting(
      `${which} decodes to ${key.length} bytes, and must be ${KEY_BYTES} bytes in base64: make one with \`openssl rand -base64 32\``,
    );
  });
}

export function codecKeyOf(key: Buffer): CodecKey {
  return { id: createHash('sha256').update(key).digest('hex').slice(0, 12), key };
}

export class AutoresearchCodec implements PayloadCodec {
  constructor(private readonly keys: readonly CodecKey[]) {}

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map(async (payload) => this.#encrypt(await shrink(payload))));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map(async (payload) => expand(this.#decrypt(payload))));
  }

  #encrypt(payload: Payload): Payload {
    const [first] = this.keys;
    if (first === undefined) return payload;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, first.key, nonce);
    const sealed = [cipher.update(WirePayload.encode(payload).finish()), cipher.final()];
    return {
      metadata: { encoding: encode(ENCRYPTED), [KEY_ID]: encode(first.id) },
      data: Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]),
    };
  }

  #decrypt(payload: Payload): Payload {
    if (encodingOf(payload) !== ENCRYPTED || !payload.data) return payload;
    const keyId = decode(payload.metadata?.[KEY_ID] ?? new Uint8Array());
    const named = this.keys.find(({ id }) => id === keyId);
    if (named === undefined) {
      const ids = this.keys.map(({ id }) => id).join(', ');
      const have = ids === '' ? 'is not set' : `holds ${this.keys.length === 1 ? 'key' : 'keys'} ${ids}`;
      throw new Error(`a message is encrypted with key ${keyId}, and ${CODEC_KEY_VARIABLE} ${have}`);
    }
    try {
      const data = Buffer.from(payload.data);
      const decipher = createDecipheriv(CIPHER, named.key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      return WirePayload.decode(plain);
    } catch (error) {
      throw new Error(
        `a message that key ${keyId} encrypted cannot be decoded, it was changed: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
}

async function shrink(payload: Payload): Promise<Payload> {
  if ((payload.data?.length ?? 0) <= COMPRESS_ABOVE_BYTES) return payload;
  const data = await compress(WirePayload.encode(payload).finish());
  return data.length < (payload.data?.length ?? 0) ? { metadata: { encoding: encode(GZIP) }, data } : payload;
}

async function expand(payload: Payload): Promise<Payload> {
  if (encodingOf(payload) !== GZIP || !payload.data) return payload;
  return WirePayload.decode(await decompress(payload.data));
}

function encodingOf(payload: Payload): string {
  return decode(payload.metadata?.encoding ?? new Uint8Array());
}
