/** Ctrl+C and its kin: the first asks for a graceful end, the second ends the process at once. */
import { EXIT } from './output/exit-codes.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupts extends Disposable {
  readonly signal: AbortSignal;
}

export function listenForInterrupts(): Interrupts {
  const first = new AbortController();
  const onSignal = () => {
    // Temporal keeps the run, and jobs have a runner of their own: nothing is lost by leaving now.
    if (first.signal.aborted) process.exit(EXIT.interrupted);
    first.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: first.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
