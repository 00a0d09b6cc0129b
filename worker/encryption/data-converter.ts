/** The one data converter of client and worker: JSON, with the codec for large and for secret payloads. */
import type { DataConverter } from '@temporalio/common';
import { packageFile } from '../../host/package-files.js';
import { AutoresearchCodec, codecKeys } from './payload-codec.js';

/**
 * With a key the messages and stacks of failures are encrypted, too: they name paths, commands and what a job printed.
 */
export function makeDataConverter(env: NodeJS.ProcessEnv = process.env): DataConverter {
  const keys = codecKeys(env);
  return {
    payloadCodecs: [new AutoresearchCodec(keys)],
    ...(keys.length > 0
      ? { failureConverterPath: packageFile('dist', 'worker', 'encryption', 'encoded-failures.cjs') }
      : {}),
  };
}
