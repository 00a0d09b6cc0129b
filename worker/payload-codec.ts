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

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const WirePayload = proto.temporal.api.common.v1.Payload;

/** Below this nothing is gained that is worth an unreadable message; the server warns at 256 KiB and refuses at 2 MiB. */
export const COMPRESS_ABOVE_BYTES = 64 * 1024;

const GZIP = 'binary/gzip';
const ENCRYPTED = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const [NONCE_BYTES, TAG_BYTES, KEY_BYTES] = [12, 16, 32];

export const CODEC_KEY_VARIABLE = 'AUTORESEARCH_CODEC_KEY';

/** The key of the environment, or null when none is set. */
export function codecKey(env: NodeJS.ProcessEnv = process.env): Buffer | null {
  const text = env[CODEC_KEY_VARIABLE]?.trim();
  if (!text) return null;
  const key = Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new RangeError(
    `${CODEC_KEY_VARIABLE} decodes to ${key.length} bytes, and must be ${KEY_BYTES} bytes in base64: make one with \`openssl rand -base64 32\``,
  );
}

export class AutoresearchCodec implements PayloadCodec {
  /** Names the key without telling it, so that a wrong one is recognised. */
  readonly #keyId: string | null;

  constructor(private readonly key: Buffer | null) {
    this.#keyId = key === null ? null : createHash('sha256').update(key).digest('hex').slice(0, 12);
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map(async (payload) => this.#encrypt(await shrink(payload))));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map(async (payload) => expand(this.#decrypt(payload))));
  }

  #encrypt(payload: Payload): Payload {
    if (this.key === null || this.#keyId === null) return payload;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce);
    const sealed = [cipher.update(WirePayload.encode(payload).finish()), cipher.final()];
    return {
      metadata: { encoding: encode(ENCRYPTED), 'encryption-key-id': encode(this.#keyId) },
      data: Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]),
    };
  }

  #decrypt(payload: Payload): Payload {
    if (encodingOf(payload) !== ENCRYPTED || !payload.data) return payload;
    const keyId = decode(payload.metadata?.['encryption-key-id'] ?? new Uint8Array());
    if (this.key === null || keyId !== this.#keyId) {
      const have = this.key === null ? 'is not set' : `holds key ${this.#keyId}`;
      throw new Error(`a message is encrypted with key ${keyId}, and ${CODEC_KEY_VARIABLE} ${have}`);
    }
    const data = Buffer.from(payload.data);
    const decipher = createDecipheriv(CIPHER, this.key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return WirePayload.decode(plain);
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
