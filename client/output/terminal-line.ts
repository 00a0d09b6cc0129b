/** One line of a terminal: nothing in it moves the cursor, and it is no wider than there is room. */
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

const CONTROLS = /\p{Cc}/gu;
const graphemes = new Intl.Segmenter();

/** Texts of jobs and models never steer the terminal that shows them. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROLS, ' ');
}

/** The same, cut to `columns` cells; '…' stands for what was cut off. */
export function fittedLine(text: string, columns: number): string {
  const line = plainLine(text);
  if (stringWidth(line) <= columns) return line;
  let [kept, width] = ['', 0];
  for (const { segment } of graphemes.segment(line)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}
