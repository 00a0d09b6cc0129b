/**
 * Whether an experiment is the copy of another: the same code, by its content, under the same launch command. Names and
 * words never decide. A declared repeat is no copy, and a seed is measured whatever its code.
 */

import { isFlag } from '../command/launch-command.js';
import { shellWords } from '../command/shell-commands.js';
import { hasFailed } from '../proposals/change-set.js';
import type { EngineState } from '../run/engine-state.js';
import { type ExperimentRow, isSeed } from '../run/experiment-record.js';
import { isRemeasurement } from './confirmation-state.js';

/** In a command that is a script, order is meaning. */
const SHELL = /[;&|<>(){}`$\n]/;

/**
 * Equal for commands that start the same job: spaces, quotes, the order of flags, and `--a=1` for `--a 1` make no
 * difference. A flag that is given twice stays so, in its order.
 */
export function commandKey(command: string): string {
  const words = shellWords(command);
  if (SHELL.test(command) || words.includes('--')) return words.join('\0');
  const groups: string[][] = [[]];
  for (const word of words) {
    if (!isFlag(word)) groups.at(-1)!.push(word);
    else {
      const equals = word.indexOf('=');
      const [name, ...value] = equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
      groups.push([name!.replaceAll('_', '-'), ...value]);
    }
  }
  const [head = [], ...flags] = groups;
  const sorted = flags.sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0));
  return [head, ...sorted].map((group) => group.join('\0')).join('\n');
}

/** Whether it may be another's copy at all. */
export function mayBeCopy(row: Pick<ExperimentRow, 'kind' | 'origin'>): boolean {
  return row.origin.from !== 'seed' && !isRemeasurement(row) && row.kind !== 'headspace';
}

/** Whether others may be its copies: it is tried, or was, and did not fail. */
export function isOriginal(row: ExperimentRow): boolean {
  return !hasFailed(row) && !isRemeasurement(row) && row.kind !== 'headspace';
}

/** Of several, what was queued first. `isAlike` says whether a row has the code and the command in question. */
export function firstAlike(state: EngineState, isAlike: (row: ExperimentRow) => boolean): string | null {
  const alike = Object.values(state.experiments).filter((row) => isOriginal(row) && isAlike(row));
  return alike.sort((a, b) => Number(isSeed(b)) - Number(isSeed(a)) || a.seq - b.seq)[0]?.nodeId ?? null;
}
