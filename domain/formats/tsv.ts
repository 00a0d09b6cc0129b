/** Tab-separated values as the workdir's tables hold them: escaped, never quoted. */

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const UNESCAPES: Record<string, string> = { '\\': '\\', t: '\t', n: '\n', r: '\r' };

export type TsvCell = string | number | null;

/** An unknown number is an empty cell. */
export function tsvLine(cells: readonly TsvCell[]): string {
  return cells.map((cell) => String(cell ?? '').replace(/[\\\t\n\r]/g, (char) => ESCAPES[char]!)).join('\t');
}

/** Rows by column name; a row shorter than the header has '' for what it lacks. */
export function parseTsv(text: string): Record<string, string>[] {
  const [header, ...lines] = text.split('\n').filter((line) => line !== '');
  const columns = (header ?? '').split('\t').map(unescapeCell);
  return lines.map((line) => {
    const cells = line.split('\t').map(unescapeCell);
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  });
}

function unescapeCell(cell: string): string {
  return cell.replace(/\\([\\tnr])/g, (_, char: string) => UNESCAPES[char]!);
}
