/** Text of source files in their own encoding: UTF-8 (with or without its mark), and Latin-1 for what is not UTF-8. */

const MARK = '\uFEFF';
/** PEP 263: a comment in one of the first two lines. */
const CODING_LINE = /^(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)/;
const LATIN1 = /^(?:latin[-_]?1|iso[-_]?8859[-_]1|l1)$/i;

export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

/** Bytes of `text` in the encoding of what it replaces. A text that Latin-1 cannot say becomes UTF-8. */
export function encodeText(text: string, before: Uint8Array | null): Buffer {
  if (before === null) return Buffer.from(text, 'utf8');
  const old = decodeText(before);
  if (old.startsWith(MARK)) return Buffer.from(text.startsWith(MARK) ? text : MARK + text, 'utf8');
  const isUtf8 = Buffer.from(old, 'utf8').equals(before);
  // A file that says Latin-1 and held only ASCII so far gets its first other letter in Latin-1.
  const isLatin1 = !isUtf8 || (/^[\0-\x7f]*$/.test(old) && LATIN1.test(codingOf(old)));
  return Buffer.from(text, isLatin1 && !/[^\0-\xff]/.test(text) ? 'latin1' : 'utf8');
}

/**
 * A letter that a new text of a Python file has, the old one had not, and its coding line cannot be trusted to say; or
 * null.
 */
export function letterBeyondCoding(before: string, after: string): { letter: string; coding: string } | null {
  const coding = codingOf(before);
  if (/^utf[-_]?8/i.test(coding)) return null;
  const known = new Set(before);
  const most = LATIN1.test(coding) ? '\xff' : '\x7f';
  const letter = [...after].find((each) => each > most && !known.has(each));
  return letter === undefined ? null : { letter, coding };
}

function codingOf(text: string): string {
  return CODING_LINE.exec(text)?.[1] ?? 'utf-8';
}
