/** What is said of an addition that nobody could hold against the rules. */
import type { UncheckedAdd } from '../../run/event-types.js';

const REASON_LENGTH = 300;

export function uncheckedText({ given, reason, waits }: UncheckedAdd): string {
  const [line = ''] = reason.slice(0, REASON_LENGTH).split('\n');
  const then = waits
    ? 'it waits in the workdir: stop the run, and `autoresearch run` tries again'
    : 'it was not added: give it again when that is mended';
  return `${given}: it could not be checked (${line}); ${then}`;
}
