/** The worker as a process (`autoresearch worker`, and what `start` leaves behind): of one run, or of several. */
import { catchSignals } from './caught-signals.js';
import { type OpenOptions, type OpenRun, openRun } from './open-run.js';
import { RunConnections } from './run-connections.js';
import { interruptRun, type RunEnd, untilRunEnds } from './run-end.js';
import { isOutsideEnd, outsideText } from './sight/ended-outside.js';

/** Why one of the runs of a process is not served any more. */
export interface ServedEnd {
  workdir: string;
  /** `left`: the workdir was moved or removed, or another process took the run over. */
  end: RunEnd | 'signal' | 'left' | 'failed';
  /** Of a worker that could not go on. */
  error?: unknown;
}

/** Serves the run until it ends or is interrupted; then stops the workdir's own server. Jobs run on in any case. */
export async function runWorkerProcess(
  workdirPath: string,
  options: OpenOptions = {},
): Promise<RunEnd | 'signal' | 'left'> {
  const [served] = await serveRuns([workdirPath], options);
  if (served === undefined || served.end === 'failed') throw served?.error;
  return served.end;
}

/**
 * The same for several runs at once, each on the task queue of its own: one that ends, or whose worker cannot go on,
 * leaves the others alone. Serves none where one of them cannot be opened, and throws why. `onEnd` is told of each.
 */
export async function serveRuns(
  workdirPaths: readonly string[],
  options: OpenOptions = {},
  onEnd: (ended: ServedEnd) => void = () => undefined,
): Promise<ServedEnd[]> {
  const signals = catchSignals();
  const connections = new RunConnections();
  const givenUp = new AbortController();
  const served: Promise<ServedEnd>[] = [];
  try {
    // Each is watched from its opening on: it may end while the next one is opened.
    for (const path of workdirPaths) {
      const open = await openRun(path, { connections, ...options });
      served.push(serveOne(open, { asked: signals.first, givenUp: givenUp.signal, onEnd }));
    }
    return await Promise.all(served);
  } finally {
    givenUp.abort();
    await Promise.all(served);
    await connections.close();
    signals.release();
  }
}

interface Serving {
  asked: Promise<NodeJS.Signals>;
  /** Another run of the process could not be opened. */
  givenUp: AbortSignal;
  onEnd: (ended: ServedEnd) => void;
}

/** Closes the run before it tells. */
async function serveOne(open: OpenRun, { asked: signal, givenUp, onEnd }: Serving): Promise<ServedEnd> {
  const ended = await untilItEnds(open, signal, givenUp);
  onEnd(ended);
  return ended;
}

async function untilItEnds(open: OpenRun, signal: Promise<NodeJS.Signals>, givenUp: AbortSignal): Promise<ServedEnd> {
  const workdir = open.workdir.root;
  const ending = new AbortController();
  try {
    const either = AbortSignal.any([ending.signal, givenUp]);
    const ends = untilRunEnds(open, either).then((end) => end ?? 'signal');
    const stopped = open.worker.run.then(() => (open.whyLeft() === null ? 'signal' : 'left'));
    const asked = signal.then(async (name) => {
      open.log('ending on a signal', { signal: name });
      await interrupt(open);
      return 'signal' as const;
    });
    const end = await Promise.race([ends, stopped, asked]);
    if (isOutsideEnd(end)) open.log(outsideText(end, open.workdir));
    open.log('the worker ends', { reason: end });
    return { workdir, end };
  } catch (error) {
    open.log('the worker cannot go on', { error: String(error) });
    return { workdir, end: 'failed', error };
  } finally {
    ending.abort();
    await open.close({ stopServer: true });
  }
}

/**
 * A workdir's own server ends with its worker, so the run is interrupted and says so in its files. On a configured
 * server other workers may go on with the run: there a signal ends this process alone.
 */
async function interrupt({ target, client, config, log }: OpenRun): Promise<void> {
  if (target.kind === 'configured') return;
  if (await interruptRun(client, config.run_id)) return;
  log('the engine did not write its interruption in time; the run is resumable all the same');
}
