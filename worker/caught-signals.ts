/** The signals by which a worker is asked to end: the first is told, a second ends the process at once. */

/** By shell convention 128 + SIGINT. */
const EXIT_ON_SECOND_SIGNAL = 130;

export function catchSignals(): { first: Promise<NodeJS.Signals>; release: () => void } {
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
