/** Waits for the change of one file, without reading it again and again. */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where nobody tells of a change (some network file systems), it is seen this late. */
const LOOK_MS = 1_000;

/**
 * Resolves when the file changed, after a second at most, or once `signal` aborts. Its neighbours do not count: the
 * Temporal server writes to its database in the folder of the event log all the time.
 */
export async function untilChange(path: string, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  const watcher = watchFile(path, () => changed.abort());
  try {
    await sleep(LOOK_MS, undefined, { signal: AbortSignal.any([signal, changed.signal]) }).catch(() => undefined);
  } finally {
    watcher?.close();
  }
}

/** Watches the folder of the file, because the file may not be there yet. */
function watchFile(path: string, onChange: () => void) {
  try {
    const onEvent = (_: string, name: string | null) => {
      if (name === null || name === basename(path)) onChange();
    };
    return watch(dirname(path), { persistent: false }, onEvent).on('error', onChange);
  } catch {
    return null;
  }
}
