/** Changes of an experiment that can be made on another's code as well: by their texts in change sets. */
import { readMove } from './moves.js';

const MOVE = 'move ';
const ASSIGNMENT = /^(.+?)\s*=\s*-?\d+(?:\.\d+)?$/;

/** What a change turns: a flag, a knob, or (of a move) its stage; null where its text does not say. */
export function subjectOf(change: string): string | null {
  const move = readMove(change);
  if (move !== null) return `${MOVE}${move.stage ?? ''}`.toLowerCase();
  return ASSIGNMENT.exec(change)?.[1]?.toLowerCase() ?? null;
}

/** Whether two changes are in each other's way: of the same knob, or a knob of the stage that a move rewrites. */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [subjectOf(a), subjectOf(b)];
  if (one === null || other === null || one === other) return true;
  return rewrites(one, other) || rewrites(other, one);
}

function rewrites(move: string, knob: string): boolean {
  const stage = move.startsWith(MOVE) ? move.slice(MOVE.length) : '';
  return stage !== '' && !knob.startsWith(MOVE) && knob.includes(stage);
}

/**
 * What an experiment changes of the one it was made of: change sets hold all flags that differ from the base command,
 * the inherited ones as well. Null where it took a flag back, or changes what cannot be told by its text.
 */
export function ownChanges(changeSet: readonly string[], parent: readonly string[]): string[] | null {
  const own = changeSet.filter((change) => !parent.includes(change));
  const subjects = changeSet.map(subjectOf);
  const isTakenBack = parent.some((change) => change.startsWith('-') && !subjects.includes(subjectOf(change)));
  return own.length === 0 || isTakenBack || own.some((change) => subjectOf(change) === null) ? null : own;
}
