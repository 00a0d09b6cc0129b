/** A text as one word of a POSIX shell: as it is where that is safe, else in single quotes. For what a person copies. */
export function shellWord(text: string): string {
  return /^[\w./@%:,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
