/** What a program printed, for a message to people: without what is no text, which would steer a terminal. */
import { withoutColours } from './printed-line.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd]/;
/** Characters that are no text, with a few between them that only look like some. */
const STRETCH = new RegExp(`(?:${NO_TEXT.source}[^\\n]{0,8}?){3,}${NO_TEXT.source}`, 'g');

/** Whole stretches of it are said by their length; a single one is shown as a dot. */
export function readableText(text: string): string {
  return withoutColours(text)
    .replaceAll(STRETCH, (stretch) => `[${stretch.length} characters that are no text]`)
    .replaceAll(new RegExp(NO_TEXT.source, 'g'), '·');
}
