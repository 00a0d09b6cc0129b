/** Finds the place that a search text most probably meant, so that a refusal shows the real lines. */

const SHOWN_LINES = 8;

export interface Nearest {
  /** 1-based. */
  line: number;
  text: string;
  /** The lines agree but for white space. */
  whitespaceOnly: boolean;
}

export function nearestLines(content: string, wanted: string): Nearest | null {
  const lines = content.split(/\r?\n/);
  const search = wanted.replace(/^\s*\n|\n\s*$/g, '').split(/\r?\n/);
  const bare = search.map(squeeze);
  const pairs = bare.map(bigrams);
  const seen = lines.map((line) => ({ bare: squeeze(line), pairs: bigrams(squeeze(line)) }));
  let best = { at: -1, score: 0 };
  for (let at = 0; at < lines.length; at++) {
    let score = 0;
    for (let offset = 0; offset < search.length; offset++) {
      const line = seen[at + offset];
      if (!line || bare[offset] === '') continue;
      score += line.bare === bare[offset] ? 1 : similarity(line.pairs, pairs[offset] ?? new Set());
    }
    if (score > best.score) best = { at, score };
  }
  const weight = bare.filter((line) => line !== '').length;
  if (best.at < 0 || best.score < 0.4 * weight) return null;
  const found = lines.slice(best.at, best.at + search.length);
  return {
    line: best.at + 1,
    text: found.slice(0, SHOWN_LINES).join('\n') + (found.length > SHOWN_LINES ? '\n…' : ''),
    whitespaceOnly: found.every((line, index) => squeeze(line) === bare[index]),
  };
}

/** 1-based lines at which `wanted` begins. */
export function matchLines(content: string, wanted: string): number[] {
  const lines: number[] = [];
  for (let at = content.indexOf(wanted); at !== -1; at = content.indexOf(wanted, at + 1)) {
    lines.push(content.slice(0, at).split('\n').length);
  }
  return lines;
}

function squeeze(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}

function bigrams(text: string): Set<string> {
  const pairs = new Set<string>();
  for (let at = 0; at + 2 <= text.length; at++) pairs.add(text.slice(at, at + 2));
  return pairs;
}

/** Dice's coefficient. */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const pair of a) if (b.has(pair)) shared++;
  return (2 * shared) / (a.size + b.size);
}
