/**
 * The tables of a job whose hosts do not see the metrics folder, put there from the lines by which the probe told them:
 * whoever reads the folder finds what a job on this host would have written. The same lines give the same files.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonIfAny, writeFileAtomic, writeJsonAtomic } from '../../host/atomic-file.js';
import { readMarked, type Told } from './marked-lines.js';
import { eachLine } from './read-lines.js';

const RecordSchema = z.object({
  /** Lines that were read. */
  lines: z.number().int(),
  /** What a person should know of those that are not there. */
  findings: z.array(z.string()),
  /** Names of the files that were made of them. */
  tables: z.array(z.string()),
});
const SAMPLES = /(?:^|\/)system-\d+(?:@[\w.-]+)?\.tsv$/;
/** The one that is read, in whose place the job runner puts its own where it sees the folder. */
const JOB_SAMPLES = 'system.tsv';
const recordOf = (metricsDir: string) => join(metricsDir, 'told.json');

/** How the rows of a job came, where they did not come as files; null where they did. */
export async function readTold(metricsDir: string): Promise<z.output<typeof RecordSchema> | null> {
  const value = await readJsonIfAny(recordOf(metricsDir));
  return value === null ? null : RecordSchema.parse(value);
}

/** Of a table by its name in the metrics folder: whether it holds samples of what the job used. */
export function isSamples(name: string): boolean {
  return name === JOB_SAMPLES || SAMPLES.test(name);
}

/** Nothing where the probe told nothing. */
export async function keepTold(log: string, metricsDir: string): Promise<void> {
  const tables = new ToldTables();
  if (await eachLine(log, (line) => tables.readLine(line))) await tables.write(metricsDir, "the job's log");
}

export class ToldTables {
  private readonly tables = new Map<string, { columns: string[]; rows: string[] }>();
  private readonly processes = new Map<string, { seen: Set<number>; dropped: number }>();
  private lines = 0;
  private broken: Error | null = null;
  private brokenLines = 0;

  /** Any line of a log; those that are none of the probe's are left out. */
  readLine(line: string): void {
    const told = readMarked(line);
    if (told === null) return;
    if (told instanceof Error) {
      this.broken ??= told;
      this.brokenLines += 1;
    } else if (this.isNew(told)) {
      this.lines += 1;
      this.add(told);
    }
  }

  /** Whether there was any line of the probe, readable or not. */
  get hasLines(): boolean {
    return this.lines + this.brokenLines > 0;
  }

  /** In place of what was told before. `from`: where the lines stood, in words. */
  async write(metricsDir: string, from: string): Promise<void> {
    const findings = [...this.findings(from), ...this.chooseSamples(from)];
    const before = (await readTold(metricsDir))?.tables ?? [];
    for (const name of before.filter((each) => !this.tables.has(each)))
      await rm(join(metricsDir, name), { force: true });
    for (const [name, { columns, rows }] of this.tables)
      await writeFileAtomic(join(metricsDir, name), [tsvLine(columns), ...rows].join(''));
    const record = { lines: this.lines, findings, tables: [...this.tables.keys()] };
    await writeJsonAtomic(recordOf(metricsDir), record);
  }

  /** Each command of a job is sampled by itself, and evidence has one table: the longest becomes that of the job. */
  private chooseSamples(from: string): string[] {
    const samples = [...this.tables].filter(([name]) => SAMPLES.test(name));
    const [longest] = samples.sort(([a, one], [b, other]) => other.rows.length - one.rows.length || (a < b ? -1 : 1));
    if (longest === undefined) return [];
    const [name, table] = longest;
    this.tables.set(JOB_SAMPLES, table);
    if (samples.length === 1) return [];
    return [`${from} has samples of ${samples.length} commands of the job: CPU, memory and GPUs are those of ${name}`];
  }

  private findings(from: string): string[] {
    const sum = (count: (process: { seen: Set<number>; dropped: number }) => number) =>
      [...this.processes.values()].reduce((total, process) => total + count(process), 0);
    const missing = sum(({ seen }) => Math.max(-1, ...seen) + 1 - seen.size);
    const dropped = sum((process) => process.dropped);
    const all = this.lines + missing;
    return [
      ...(missing > 0
        ? [`${from} lacks ${missing} of ${all} lines of the probe: counts of items and tasks are those of the others`]
        : []),
      ...(this.broken
        ? [`${this.brokenLines} lines of the probe in ${from} cannot be read: ${this.broken.message}`]
        : []),
      ...(dropped > 0 ? [`the probe left out ${dropped} rows, which were more than a log is meant for`] : []),
    ];
  }

  /** A log that was begun anew, or a command that is asked again, repeats lines. */
  private isNew({ rank, pid, host, start, n, dropped }: Told): boolean {
    if (n === undefined) return true;
    const key = [rank, pid, host, start].join(' ');
    const process = this.processes.get(key) ?? { seen: new Set(), dropped: 0 };
    this.processes.set(key, process);
    if (process.seen.has(n)) return false;
    process.seen.add(n);
    process.dropped = Math.max(process.dropped, dropped);
    return true;
  }

  private add({ table, rank, pid, host, columns, rows }: Told): void {
    const folder = rank == null ? '' : `rank-${rank}/`;
    const name = `${folder}${table}-${pid}${host == null ? '' : `@${host}`}.tsv`;
    const known = this.tables.get(name) ?? { columns, rows: [] };
    this.tables.set(name, known);
    const at = known.columns.map((column) => columns.indexOf(column));
    for (const row of rows) known.rows.push(tsvLine(at.map((column) => row[column] ?? '')));
  }
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** As the probe writes its files (probe/autoresearch_probe/table.py). */
function tsvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => cell.replace(/[\\\t\n\r]/g, (sign) => ESCAPES[sign]!)).join('\t')}\n`;
}
