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

/** `[rank0]:`, `[default3]:` (torchrun), `[1,0]<stdout>:` (mpirun), `0: ` (srun --label). */
const SPEAKER = /^\s*(?:\[(rank\s?\d+|default\d+|\d+,\d+)\](?:<std(?:out|err)>)?:?|(\d{1,5}):(?=\s))\s?/i;

/** Who printed the line, where a launcher says so, and what. The line has no colours any more. */
export function spoken(line: string): { by: string | null; text: string } {
  const match = SPEAKER.exec(line);
  if (!match) return { by: null, text: line };
  return { by: (match[1] ?? match[2]!).toLowerCase().replace(/\s/g, ''), text: line.slice(match[0].length) };
}
