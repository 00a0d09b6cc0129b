/** Text for a POSIX shell. */

/** What stands between single quotes. */
export function insideSingleQuotes(text: string): string {
  return text.replaceAll("'", String.raw`'\''`);
}

export function singleQuoted(text: string): string {
  return `'${insideSingleQuotes(text)}'`;
}

/** A text as one word: as it is where that is safe, else in single quotes. For what a person copies. */
export function shellWord(text: string): string {
  return /^[\w./@%:,+-]+$/.test(text) ? text : singleQuoted(text);
}
