/** One request under a key at a time: an engine that was reset asks again while the activity of its former run still asks. */
export type KeyTurns = <T>(key: string, signal: AbortSignal, act: () => Promise<T>) => Promise<T>;

/** Whoever is cancelled does not wait for its turn; what has begun is never left. */
export function makeKeyTurns(): KeyTurns {
  const last = new Map<string, Promise<unknown>>();
  return async (key, signal, act) => {
    const before = last.get(key) ?? Promise.resolve();
    const turn = beforeAbort(before, signal).then(act);
    const quiet: Promise<unknown> = Promise.allSettled([before, turn]).then(() => {
      if (last.get(key) === quiet) last.delete(key);
    });
    last.set(key, quiet);
    return await turn;
  };
}

async function beforeAbort(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
  signal.throwIfAborted();
}
