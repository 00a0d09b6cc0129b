/**
 * What a stack of changes comes to where a later one turns the same thing again: `threads 8 → 16` and `threads 16 → 32`
 * are `threads 8 → 32` of the later.
 */

const TURN = /^(\S.*) (\S+) → (\S+)$/;

/**
 * `stack`: the words of each change, the oldest first. As many come back, '' for one of which a later one has all.
 * Words of another form stay as they are.
 */
export function foldedChanges(stack: readonly string[]): string[] {
  const last = new Map<string, { parts: string[]; from: string; to: string }>();
  const folded = stack.map((words) => {
    const parts: string[] = [];
    for (const part of words.split(', ')) {
      const [, name = '', from = '', to = ''] = TURN.exec(part) ?? [];
      const before = last.get(name);
      const isOn = before !== undefined && before.to === from;
      if (isOn) before.parts.splice(before.parts.indexOf(`${name} ${before.from} → ${before.to}`), 1);
      const start = isOn ? before.from : from;
      parts.push(name === '' ? part : `${name} ${start} → ${to}`);
      if (name !== '') last.set(name, { parts, from: start, to });
    }
    return parts;
  });
  return folded.map((parts) => parts.join(', '));
}

/**
 * The stack as a person is told it, without changes of which nothing is left. `alone`: what is said of each by itself
 * (winner-parts.ts); one of which something is said stays.
 */
export function toldChanges<T extends { nodeId: string; words: string }>(
  stack: readonly T[],
  alone: ReadonlyMap<string, string>,
): T[] {
  const folded = foldedChanges(stack.map(({ words }) => words));
  return stack.flatMap((each, index) => {
    const words = folded[index] || (alone.has(each.nodeId) ? each.words : '');
    return words === '' ? [] : [{ ...each, words }];
  });
}
