/** One exact, unique replacement in a text that earlier replacements may have changed already. */
import { matchLines, nearestLines } from './nearest-lines.js';

/** A text under edit: what it is now, and which spans of it earlier edits put there. */
export interface Draft {
  text: string;
  inserted: { from: number; to: number }[];
}

/** Replaces in place; why not, or null. The line ends of the file win over those of the edit. */
export function replaceOnce(draft: Draft, old: string, replacement: string): string | null {
  const found = [old, toCrlf(old), toLf(old)].find((form) => draft.text.includes(form));
  if (found === undefined) return missing(draft.text, old);
  const matches = matchesOf(draft.text, found);
  // Text that an earlier edit of the same answer put there does not make a place ambiguous.
  const original = matches.filter(
    (at) => !draft.inserted.some((span) => at >= span.from && at + found.length <= span.to),
  );
  const chosen = matches.length === 1 ? matches : original;
  const at = chosen[0];
  if (at === undefined || chosen.length > 1) {
    const lines = matchLines(draft.text, found);
    return `the text to replace occurs ${lines.length} times (lines ${lines.slice(0, 10).join(', ')}); add lines around it until it is unique`;
  }
  const usesCrlf = /\r\n/.test(draft.text) && !/(^|[^\r])\n/.test(draft.text);
  const text = usesCrlf || found.includes('\r\n') ? toCrlf(replacement) : toLfWhere(replacement, draft.text);
  draft.text = draft.text.slice(0, at) + text + draft.text.slice(at + found.length);
  const shift = text.length - found.length;
  draft.inserted = [
    ...draft.inserted
      .filter((span) => span.to <= at || span.from >= at + found.length)
      .map((span) => (span.from >= at + found.length ? { from: span.from + shift, to: span.to + shift } : span)),
    { from: at, to: at + text.length },
  ];
  return null;
}

function missing(text: string, old: string): string {
  const nearest = nearestLines(text, old);
  if (nearest === null) return 'the text to replace is not in the file, nor anything like it';
  const hint = nearest.whitespaceOnly ? 'the same but for white space' : 'the nearest lines';
  return `the text to replace is not in the file; ${hint} at line ${nearest.line}:\n${nearest.text}`;
}

function matchesOf(text: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

/** A whole new text with the line ends and the byte order mark of the one that it replaces. */
export function rewriteLike(before: string, content: string): string {
  const lines = /\r\n/.test(before) && !/(^|[^\r])\n/.test(before) ? toCrlf(content) : toLfWhere(content, before);
  const ended = lines === '' || lines.endsWith('\n') || !before.endsWith('\n') ? lines : lines + newline(before);
  return before.startsWith('\uFEFF') && !ended.startsWith('\uFEFF') ? `\uFEFF${ended}` : ended;
}

function newline(text: string): string {
  return text.endsWith('\r\n') ? '\r\n' : '\n';
}

function toCrlf(text: string): string {
  return toLf(text).replace(/\n/g, '\r\n');
}

function toLf(text: string): string {
  return text.replace(/\r\n/g, '\n');
}

/** A file without any CRLF gets none; one that mixes them keeps what the edit says. */
function toLfWhere(text: string, file: string): string {
  return file.includes('\r\n') ? text : toLf(text);
}
