/**
 * The lines by which the probe tells its rows in a job's own log (probe/autoresearch_probe/marked_lines.py): taken out
 * of what the job printed, and read. `[autoresearch-probe] <crc32>:<JSON without blanks>`; whoever writes such a line
 * by hand may leave the sum out.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { saidIn, spoken, withoutColours } from '../../domain/evidence/printed-line.js';

/** In a job's folder: the lines of the probe alone. */
export const PROBE_LOG = 'probe.log';

const MARK = '[autoresearch-probe]';
/** The probe's lines are shorter, with whatever stands in front of them. */
const LONGEST = 16 * 1024;

interface Separated {
  /** What the job printed. */
  text: string;
  /** Lines of the probe, without what was put in front of them. */
  marked: string[];
  /** The beginning of a line that may be one of the probe's, for the next call. */
  rest: string;
  /** Whether `text` ends within a line. */
  isOpen: boolean;
}

/**
 * `text` may end within a line, and within a mark; at the end of the log there is no rest. `isOpen`: it goes on with a
 * line that was begun before.
 */
export function separated(text: string, { isEnd, isOpen }: { isEnd: boolean; isOpen: boolean }): Separated {
  const end = isEnd ? text.length : beginOfRest(text);
  const [whole, rest] = [text.slice(0, end), text.slice(end)];
  const marked: string[] = [];
  let open = isOpen;
  const kept = whole.split(/(?<=\n)/).map((line) => {
    const own = line.includes(MARK) ? withoutMarked(line, open, marked) : line;
    if (own !== '') open = !own.endsWith('\n');
    return own;
  });
  return { text: kept.join(''), marked, rest, isOpen: open };
}

function withoutMarked(line: string, isOpen: boolean, marked: string[]): string {
  const [front, ...parts] = line.split(MARK) as [string, ...string[]];
  let behind = '';
  for (const part of parts) {
    const payload = /^ ?(\S*)/.exec(part)!;
    marked.push(`${MARK} ${payload[1]}`);
    behind += part.slice(payload[0].length);
  }
  const label = isOpen ? NO_LABEL : spoken(withoutColours(front));
  if (behind.trim() !== '') return front + behind;
  // The end of the line is the probe's, where nobody else begins lines for the job's processes.
  if (label.by === null) return front;
  return label.text.trim() === '' ? '' : front + behind;
}

const NO_LABEL = { by: null, text: '' };
/** The beginning of what launchers put in front of a line (printed-line.ts). */
const CUT_LABEL = /^\s*(?:\[\S{0,40}|\d{1,5}:?|[A-Za-z_][\w.-]{0,40}(?:\/\d{0,5})?) ?$/;
const LONGEST_LABEL = 64;

function beginOfRest(text: string): number {
  const start = text.lastIndexOf('\n') + 1;
  const line = text.slice(start);
  if (line === '' || line.length > LONGEST) return text.length;
  const said = saidIn(line);
  const isCutMark = Array.from(MARK).some((_, length) => line.endsWith(MARK.slice(0, length + 1)));
  const isColoured = line.startsWith('\u001b') && line.length < LONGEST_LABEL;
  const isLabel = isColoured || (said.trim() === '' ? said !== line : CUT_LABEL.test(said));
  return isCutMark || isLabel || line.includes(MARK) ? start : text.length;
}

const cell = z.union([z.string(), z.number().transform(String), z.null().transform(() => '')]);
const ToldSchema = z
  .object({
    table: z.enum(['task_stats', 'queue_stats', 'pipelines', 'uncaught', 'imports', 'system']),
    rank: z.number().int().min(0).max(9_999_999).nullish(),
    pid: z.number().int().min(0).default(0),
    host: z
      .string()
      .regex(/^[\w.-]{1,255}$/)
      .nullish(),
    /** Of the process, and how many lines it had told before: no line counts twice, and a missing one shows. */
    start: z.string().optional(),
    n: z.number().int().min(0).optional(),
    /** Rows that the process has not told so far, for their number. */
    dropped: z.number().int().min(0).default(0),
    columns: z.array(z.string()).min(1),
    rows: z.array(z.array(cell)),
  })
  .refine(({ columns, rows }) => rows.every((row) => row.length === columns.length), {
    error: 'each row must have a cell for each of the columns',
    path: ['rows'],
  });
export type Told = z.output<typeof ToldSchema>;

/** Null for a line that is none of the probe's; an Error says what is wrong with one that is. */
export function readMarked(line: string): Told | Error | null {
  const text = saidIn(line).trimStart();
  if (!text.startsWith(MARK)) return null;
  const payload = text.slice(MARK.length).trim();
  const [, sum, json] = /^(?:([0-9a-f]{8}):)?(.*)$/.exec(payload)!;
  if (sum !== undefined && crc32(json!) !== Number.parseInt(sum, 16))
    return new Error('it was cut or mixed with another');
  try {
    const parsed = ToldSchema.safeParse(JSON.parse(json!));
    return parsed.success ? parsed.data : new Error(issueOf(parsed.error));
  } catch (error) {
    return error as Error;
  }
}

function issueOf({ issues }: z.ZodError): string {
  const { path, message } = issues[0]!;
  return path.length > 0 ? `${path.join('.')}: ${message}` : message;
}
