/**
 * Takes lines out again that somebody put in, where other changes touch them: a three-way merge like git's, in which
 * hunks that only touch are no conflict. It is for the removal of what is known to stand for itself; in the work of two
 * people a touch is rightly shown to them.
 */
import { diffArrays } from 'diff';

/** Lines `start` to `end` (exclusive) of the base become `lines`. */
interface Hunk {
  start: number;
  end: number;
  lines: string[];
}

/** The base with both sets of changes, each a text; null where they cannot be told apart. */
export function mergeLines(base: string, ours: string, theirs: string): string | null {
  const lines = linesOf(base);
  const mine = hunksOf(lines, linesOf(ours));
  const taken: Hunk[] = [...mine];
  for (const hunk of hunksOf(lines, linesOf(theirs))) {
    if (mine.some((other) => isSame(hunk, other))) continue;
    const fitting = slides(hunk, lines).find((each) => mine.every((other) => !clash(each, other)));
    if (fitting === undefined) return null;
    taken.push(fitting);
  }
  return applied(lines, taken);
}

/** With their ends: a last line without one is another line than the same with it. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function hunksOf(base: string[], other: string[]): Hunk[] {
  const found: Hunk[] = [];
  let at = 0;
  let isOpen = false;
  for (const { added, removed, value } of diffArrays(base, other)) {
    if (!added && !removed) {
      at += value.length;
      isOpen = false;
      continue;
    }
    if (!isOpen) found.push({ start: at, end: at, lines: [] });
    isOpen = true;
    const hunk = found.at(-1)!;
    if (added) hunk.lines.push(...value);
    else {
      hunk.end += value.length;
      at += value.length;
    }
  }
  return found;
}

/** The same change at each place where it can be said to be: lines before or after an insertion that repeat its own. */
function slides(hunk: Hunk, base: readonly string[]): Hunk[] {
  if (hunk.end > hunk.start || hunk.lines.length === 0) return [hunk];
  const found = [hunk];
  for (let { start, lines } = hunk; start > 0 && base[start - 1] === lines.at(-1); ) {
    lines = [lines.at(-1)!, ...lines.slice(0, -1)];
    start -= 1;
    found.push({ start, end: start, lines });
  }
  for (let { start, lines } = hunk; start < base.length && base[start] === lines[0]; ) {
    lines = [...lines.slice(1), lines[0]!];
    start += 1;
    found.push({ start, end: start, lines });
  }
  return found;
}

function isSame(a: Hunk, b: Hunk): boolean {
  return a.start === b.start && a.end === b.end && a.lines.join('') === b.lines.join('');
}

function clash(a: Hunk, b: Hunk): boolean {
  const [isPointA, isPointB] = [a.start === a.end, b.start === b.end];
  // Which of two insertions at one place comes first, nobody knows.
  if (isPointA && isPointB) return a.start === b.start;
  return a.start < b.end && b.start < a.end;
}

function applied(base: readonly string[], hunks: readonly Hunk[]): string {
  // An insertion at the beginning of a replaced part stands before it.
  const inOrder = [...hunks].sort((a, b) => a.start - b.start || a.end - b.end);
  const out: string[] = [];
  let at = 0;
  for (const { start, end, lines } of inOrder) {
    out.push(...base.slice(at, start), ...lines);
    at = end;
  }
  return [...out, ...base.slice(at)].join('');
}
