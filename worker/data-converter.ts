/** The one data converter of client and worker: JSON, with the codec for large and for secret payloads. */
import type { DataConverter } from '@temporalio/common';
import { AutoresearchCodec, codecKey } from './payload-codec.js';

export function makeDataConverter(env: NodeJS.ProcessEnv = process.env): DataConverter {
  return { payloadCodecs: [new AutoresearchCodec(codecKey(env))] };
}
