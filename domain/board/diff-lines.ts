/** A unified diff as files, hunks and numbered lines, for a page that shows them in colours. */
import { parsePatch } from 'diff';

export interface DiffFile {
  path: string;
  added: number;
  removed: number;
  hunks: { header: string; lines: DiffLine[] }[];
  /** Lines that were left out, because there are too many to look at. */
  leftOut: number;
}

export interface DiffLine {
  kind: 'added' | 'removed' | 'same';
  text: string;
  /** Line numbers before and after; null where it is not there. */
  before: number | null;
  after: number | null;
}

/** In one file; more are a generated file that nobody reads here. */
const LINES_SHOWN = 1500;

export function diffFiles(text: string): DiffFile[] {
  if (text.trim() === '') return [];
  return parsePatch(text).map(({ oldFileName = '', newFileName = '', hunks }) => {
    let room = LINES_SHOWN;
    let leftOut = 0;
    const count = { added: 0, removed: 0, same: 0 };
    const shown = hunks.map((hunk) => {
      const lines = numbered(hunk);
      for (const { kind } of lines) count[kind] += 1;
      const kept = lines.slice(0, room);
      room -= kept.length;
      leftOut += lines.length - kept.length;
      const { oldStart, oldLines, newStart, newLines } = hunk;
      return { header: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, lines: kept };
    });
    const path = plainPath(newFileName) ?? plainPath(oldFileName) ?? '';
    return { path, added: count.added, removed: count.removed, hunks: shown, leftOut };
  });
}

function numbered({ oldStart, newStart, lines }: { oldStart: number; newStart: number; lines: string[] }): DiffLine[] {
  let before = oldStart;
  let after = newStart;
  return lines.flatMap((line): DiffLine[] => {
    const text = line.slice(1);
    if (line.startsWith('+')) return [{ kind: 'added', text, before: null, after: after++ }];
    if (line.startsWith('-')) return [{ kind: 'removed', text, before: before++, after: null }];
    if (line.startsWith('\\')) return [];
    return [{ kind: 'same', text, before: before++, after: after++ }];
  });
}

function plainPath(name: string): string | null {
  return name === '' || name === '/dev/null' ? null : name.replace(/^[ab]\//, '');
}
