/**
 * Which experiment a person means: its id, the beginning of it, its number or its name; a near miss gets a suggestion.
 */

export type Named =
  | { found: string }
  /** More than one is meant. */
  | { among: string[] }
  /** None is; these are spelled much like it, the nearest first. */
  | { near: string[] };

/** Letters that may be wrong, of a name of this many: one in three, and three at most. */
const wrongLetters = (length: number) => Math.min(3, Math.floor(length / 3));
const SUGGESTED = 3;

export function experimentNamed(nodeIds: readonly string[], text: string): Named {
  const given = text.trim().toLowerCase();
  if (nodeIds.includes(text)) return { found: text };
  if (given === '') return { near: [] };
  const meanings: ((id: string) => boolean)[] = [
    (id) => id.toLowerCase() === given,
    (id) => /^\d+$/.test(given) && Number(numberOf(id)) === Number(given),
    (id) => nameOf(id).toLowerCase() === given,
    (id) => id.toLowerCase().startsWith(given),
    (id) => nameOf(id).toLowerCase().startsWith(given),
  ];
  for (const isMeant of meanings) {
    const meant = withoutRemeasurements(nodeIds.filter(isMeant));
    if (meant.length === 1) return { found: meant[0]! };
    if (meant.length > 1) return { among: meant };
  }
  const whole = spelledLike(given, nodeIds, (id) => id);
  return { near: whole.length > 0 ? whole : spelledLike(given, nodeIds, (id) => id.slice(0, given.length)) };
}

/** Of each id, and of its name, the part that may have been meant. */
function spelledLike(given: string, nodeIds: readonly string[], part: (id: string) => string): string[] {
  return nodeIds
    .map((id) => {
      const meant = [id, nameOf(id)].map((each) => distance(given, part(each.toLowerCase())));
      return { id, far: Math.min(...meant) };
    })
    .filter(({ far }) => far <= wrongLetters(given.length))
    .sort((a, b) => a.far - b.far)
    .slice(0, SUGGESTED)
    .map(({ id }) => id);
}

const numberOf = (nodeId: string) => /^\d+/.exec(nodeId)?.[0] ?? '';
const nameOf = (nodeId: string) => nodeId.replace(/^\d+_/, '');

/** Repeats and ceilings bear the number and the name of their experiment, which is meant where they are not named. */
function withoutRemeasurements(nodeIds: readonly string[]): string[] {
  const isOf = (id: string, other: string) => id.startsWith(`${other}_repeat_`) || id === `${other}_ceiling`;
  return nodeIds.filter((id) => !nodeIds.some((other) => isOf(id, other)));
}

/** Levenshtein's: letters to change, add or take away. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
