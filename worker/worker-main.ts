/** The worker as a process of its own (`autoresearch worker`, and what `start` leaves behind). */
import { type OpenOptions, type OpenRun, openRun } from './open-run.js';
import { interruptRun, type RunEnd, untilRunEnds } from './run-end.js';

/** By shell convention 128 + SIGINT. */
const EXIT_ON_SECOND_SIGNAL = 130;

/** Serves the run until it ends or is interrupted; then stops the workdir's own server. Jobs run on in any case. */
export async function runWorkerProcess(workdirPath: string, options: OpenOptions = {}): Promise<RunEnd | 'signal'> {
  const signals = catchSignals();
  const open = await openRun(workdirPath, options);
  const ending = new AbortController();
  try {
    const ends = untilRunEnds(open, ending.signal).then((end) => end ?? 'signal');
    const stopped = open.worker.run.then(() => 'signal' as const);
    const asked = signals.first.then(async (name) => {
      open.log('ending on a signal', { signal: name });
      await interrupt(open);
      return 'signal' as const;
    });
    const end = await Promise.race([ends, stopped, asked]);
    open.log('the worker ends', { reason: end });
    return end;
  } finally {
    ending.abort();
    await open.close({ stopServer: true });
    signals.release();
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

function catchSignals(): { first: Promise<NodeJS.Signals>; release: () => void } {
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
  let heard = false;
  let tell: (name: NodeJS.Signals) => void = () => undefined;
  const first = new Promise<NodeJS.Signals>((resolve) => {
    tell = resolve;
  });
  const listener = (name: NodeJS.Signals) => {
    if (heard) process.exit(EXIT_ON_SECOND_SIGNAL);
    heard = true;
    tell(name);
  };
  for (const name of names) process.on(name, listener);
  return {
    first,
    release: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
