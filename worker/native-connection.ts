/** The worker's connection to Temporal. Loads the native SDK: nothing of the quick client commands may import it. */
import { NativeConnection } from '@temporalio/worker';
import type { TemporalTarget } from './connection.js';

export async function openNativeConnection({ clientOptions }: TemporalTarget): Promise<NativeConnection> {
  return NativeConnection.connect(clientOptions);
}
