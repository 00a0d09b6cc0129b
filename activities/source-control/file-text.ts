/** Text of source files in their own encoding: UTF-8 (with or without its mark), and Latin-1 for what is not UTF-8. */

const MARK = '\uFEFF';

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
  const fitsLatin1 = [...text].every((character) => character.charCodeAt(0) <= 0xff && character.length === 1);
  return Buffer.from(text, !isUtf8 && fitsLatin1 ? 'latin1' : 'utf8');
}
