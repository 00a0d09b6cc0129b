/**
 * The words of two launch commands, a flag with its value as one, and which of them the other command does not have at
 * their place.
 */

export interface CommandWord {
  /** With the space before it. */
  text: string;
  isOwn: boolean;
}

/** By the longest sequence of words that both have. */
export function commandWords(one: string, other: string): [CommandWord[], CommandWord[]] {
  const [ours, theirs] = [wordsOf(one), wordsOf(other)];
  const shared = commonLengths(ours, theirs);
  const [left, right]: [CommandWord[], CommandWord[]] = [[], []];
  let [i, j] = [0, 0];
  while (i < ours.length || j < theirs.length) {
    if (i < ours.length && j < theirs.length && isSame(ours[i]!, theirs[j]!)) {
      left.push({ text: ours[i++]!, isOwn: false });
      right.push({ text: theirs[j++]!, isOwn: false });
    } else if (j === theirs.length || (i < ours.length && shared[i + 1]![j]! >= shared[i]![j + 1]!)) {
      left.push({ text: ours[i++]!, isOwn: true });
    } else {
      right.push({ text: theirs[j++]!, isOwn: true });
    }
  }
  return [left, right];
}

const WORD = /\s*(?:--?[A-Za-z][\w-]*[ \t]+(?!--?[A-Za-z])[^\s\\]\S*|\S+)/g;

function wordsOf(command: string): string[] {
  return command.trim().match(WORD) ?? [];
}

function isSame(word: string, other: string): boolean {
  return word.trim().replace(/\s+/g, ' ') === other.trim().replace(/\s+/g, ' ');
}

/** How many words the rests of both from each place on have in common, in order. */
function commonLengths(ours: readonly string[], theirs: readonly string[]): number[][] {
  const lengths = Array.from({ length: ours.length + 1 }, () => new Array<number>(theirs.length + 1).fill(0));
  for (let i = ours.length - 1; i >= 0; i--)
    for (let j = theirs.length - 1; j >= 0; j--)
      lengths[i]![j] = isSame(ours[i]!, theirs[j]!)
        ? lengths[i + 1]![j + 1]! + 1
        : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  return lengths;
}
