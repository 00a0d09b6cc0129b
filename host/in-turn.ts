/** Makes a queue for work that must not overlap: each begins when the one before has settled, whichever way. */
export function makeTurns(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const turn = last.then(act);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** The same for each key by itself. */
export type KeyTurns = <T>(key: string, act: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Whoever is cancelled by its signal does not wait for its turn; what has begun is never left. */
export function makeKeyTurns(): KeyTurns {
  const last = new Map<string, Promise<unknown>>();
  return async (key, act, signal) => {
    const before = last.get(key) ?? Promise.resolve();
    const turn = (signal === undefined ? before : beforeAbort(before, signal)).then(act);
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
