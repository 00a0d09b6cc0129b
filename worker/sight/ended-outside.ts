/** An engine whose workflow somebody ended in the Temporal server, or removed from it: what is to be said of that. */
import { shellWord } from '../../domain/command/shell-word.js';
import type { Workdir } from '../../workdir/paths.js';

export type OutsideEnd = 'terminated' | 'timed_out' | 'deleted';

const HOW = {
  terminated: 'was terminated',
  timed_out: 'ran out of time',
  deleted: 'was deleted from the Temporal server',
} as const satisfies Record<OutsideEnd, string>;

/** By the server's name of a closed workflow's status; null where the engine itself says why it ended. */
export function outsideEndOf(status: string): OutsideEnd | null {
  if (status === 'TERMINATED') return 'terminated';
  return status === 'TIMED_OUT' ? 'timed_out' : null;
}

export function isOutsideEnd(end: string): end is OutsideEnd {
  return Object.hasOwn(HOW, end);
}

/** `why`: the server's words; '' for none. */
export function outsideText(how: OutsideEnd, { root }: Workdir, why = ''): string {
  const goOn = `\`autoresearch run ${shellWord(root)}\` goes on from its event log`;
  const said = why === '' ? '' : ` (${why})`;
  return `the workflow of the engine ${HOW[how]}${said}: jobs go on, nothing is lost, and ${goOn}`;
}
