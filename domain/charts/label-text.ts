/** Text in a picture: made harmless for XML and for a font without emoji, measured, and cut to a width in pixels. */

/** Advance widths of DejaVu Sans for the characters 32 to 126, in thousandths of the font size. */
const REGULAR = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
  636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
  748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
  615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
  337, 636, 838,
];
/** Bold is wider by this on average, digits by a tenth; a little generous so that a label never leaves its box. */
const BOLD_FACTOR = 1.12;
/** Width of a character that the table does not hold: wider than nearly all that remain after cleaning. */
const OTHER = 838;

/**
 * Latin, Greek, Cyrillic and punctuation: what the font has. Everything else (emoji, control characters) is dropped.
 */
const UNSUPPORTED =
  /[^\u0020-\u007e\u00a0-\u00ac\u00ae-\u052f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2200-\u22ff]+/g;

export function cleanLabel(text: string): string {
  return text
    .replace(/[\t\n\r]/g, ' ')
    .replace(UNSUPPORTED, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

export interface TextStyle {
  size: number;
  bold?: boolean;
}

/** Pixels that a clean label takes. */
export function labelWidth(label: string, { size, bold = false }: TextStyle): number {
  let thousandths = 0;
  for (const char of label) thousandths += REGULAR[char.charCodeAt(0) - 32] ?? OTHER;
  return (thousandths / 1000) * size * (bold ? BOLD_FACTOR : 1);
}

/** The clean label, cut with an ellipsis where it is wider than `width` pixels. */
export function fittedLabel(text: string, width: number, style: TextStyle): string {
  const label = cleanLabel(text);
  if (labelWidth(label, style) <= width) return label;
  const chars = [...label];
  while (chars.length > 0 && labelWidth(`${chars.join('')}…`, style) > width) chars.pop();
  return `${chars.join('').trimEnd()}…`;
}

/** The same for a name, whose end tells as much as its beginning: what is too much goes from the middle. */
export function fittedName(text: string, width: number, style: TextStyle): string {
  const name = cleanLabel(text);
  if (labelWidth(name, style) <= width) return name;
  for (let kept = name.length - 1; kept > 0; kept -= 1) {
    const end = Math.floor(kept * 0.4);
    const cut = `${name.slice(0, kept - end)}…${name.slice(name.length - end)}`;
    if (labelWidth(cut, style) <= width) return cut;
  }
  return '…';
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}
