/**
 * A line as it was meant: without colours, and without what a launcher puts in front of it to say which rank printed
 * it.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are steered by control characters.
const TERMINAL = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Without the sequences by which a terminal is told colours, positions and titles. */
export function withoutColours(line: string): string {
  return line.includes('\u001b') ? line.replace(TERMINAL, '') : line;
}

/**
 * `[rank0]:` (PyTorch), `[default3]:` and, of a role without a name, `[3]:` (torchrun), `[1,0]<stdout>:` (mpirun),
 * `0: ` (srun --label), `trainer/0 ` (torchx).
 */
const SPEAKER = new RegExp(
  `^\\s*(?:${[
    String.raw`\[(?:rank\s?(\d+)|default(\d+)|\d+,(\d+))\](?:<std(?:out|err)>)?:?`,
    String.raw`\[(?:(?:trainer|worker)(\d+)|(\d{1,3}))\]:`,
    String.raw`(\d{1,5}):(?=\s)`,
    // What counts its way through the training is nobody's name.
    String.raw`(?!(?:epoch|step|iter|iteration|batch|fold)\/)[A-Za-z_][\w.-]*\/(\d{1,5})(?=\s)`,
  ].join('|')})\\s?`,
  'i',
);
/** torchx shows what torchrun labels, in which PyTorch labels its tracebacks. */
const DEEPEST = 3;

export interface Spoken {
  /** Who printed the line, as the launchers say; null where none does. */
  by: string | null;
  /** The rank that this means, as far as one label alone can tell; null where it does not. */
  rank: number | null;
  text: string;
}

/** The line has no colours any more. Only one blank behind a label is the label's: what is indented stays so. */
export function spoken(line: string): Spoken {
  const labels: { name: string; rank: number; isRank: boolean }[] = [];
  let text = line;
  for (let match = SPEAKER.exec(text); match && labels.length < DEEPEST; match = SPEAKER.exec(text)) {
    const name = match[0]
      .trim()
      .toLowerCase()
      .replace(/[[\]:\s]|<std(?:out|err)>/g, '');
    const number = match.slice(1).find((digits) => digits !== undefined);
    labels.push({ name, rank: Number(number), isRank: match[1] !== undefined });
    text = text.slice(match[0].length);
  }
  // A replica's number and the number within its host are both no rank where they stand together.
  const known = labels.find(({ isRank }) => isRank) ?? (labels.length === 1 ? labels[0] : undefined);
  return {
    by: labels.length === 0 ? null : labels.map(({ name }) => name).join(' '),
    rank: known?.rank ?? null,
    text,
  };
}

/** What was said, whoever said it. */
export function saidIn(printed: string): string {
  return spoken(withoutColours(printed)).text;
}
