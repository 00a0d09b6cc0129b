/**
 * Reads the TSV files of the probe and the job runner by the names in their header; a torn or foreign line is skipped.
 */

export interface MetricTable {
  columns: string[];
  rows: Map<string, string>[];
  /** Lines that did not have the header's number of cells (a file cut while it was written). */
  skipped: number;
}

/** Rows beyond this are thinned out evenly, so that a job of days costs no more memory than one of an hour. */
const ROWS_KEPT = 50_000;

export function readMetricTable(text: string): MetricTable {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  // Without its newline, the last line may have been cut inside a number.
  const last = lines.pop() ?? '';
  const header = lines.shift();
  if (header === undefined) return { columns: [], rows: [], skipped: last === '' ? 0 : 1 };
  const columns = header.split('\t').map((name) => name.trim());
  const keepEvery = Math.max(1, Math.ceil(lines.length / ROWS_KEPT));
  const rows: Map<string, string>[] = [];
  let skipped = last === '' ? 0 : 1;
  for (const [i, line] of lines.entries()) {
    if (line === '' || line === header || i % keepEvery !== 0) continue;
    const cells = line.split('\t');
    if (cells.length !== columns.length) skipped += 1;
    else rows.push(new Map(columns.map((name, column) => [name, unescaped(cells[column]!)])));
  }
  return { columns, rows, skipped };
}

const ESCAPED: Record<string, string> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };

function unescaped(cell: string): string {
  return cell.includes('\\') ? cell.replace(/\\([tnr\\])/g, (_, letter: string) => ESCAPED[letter]!) : cell;
}
