/** The probe's lines are taken out of a log wherever it is cut, mixed or labelled, and read when they are whole. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMarked, separated } from '../../jobs/output/marked-lines.js';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { ToldTables } from '../../jobs/output/told-tables.js';
import { removeFolder } from '../support/remove-folder.js';

const MARK = '[autoresearch-probe]';
const line = (n: number, more: Record<string, unknown> = {}) => {
  const told = {
    table: 'task_stats',
    rank: null,
    pid: 7,
    host: null,
    start: 'a1',
    n,
    columns: ['name'],
    rows: [[`r${n}`]],
  };
  const json = JSON.stringify({ ...told, ...more });
  return `${MARK} ${crc32(json).toString(16).padStart(8, '0')}:${json}`;
};

describe('a log', () => {
  const cases: [what: string, log: string, own: string, lines: number[]][] = [
    ['without lines of the probe', 'a\nb', 'a\nb', []],
    ['with lines between its own', `a\n${line(0)}\nb\n${line(1)}\n`, 'a\nb\n', [0, 1]],
    ['of Windows', `a\r\n${line(0)}\r\nb\r\n`, 'a\r\nb\r\n', [0]],
    ['that labels ranks', `[rank0]: a\n[rank1]: ${line(0)}\n[rank0]: b\n`, '[rank0]: a\n[rank0]: b\n', [0]],
    [
      'that labels replicas, in colours',
      `\u001b[32mtrainer/0\u001b[0m ${line(0)}\ntrainer/0 b\n`,
      'trainer/0 b\n',
      [0],
    ],
    ['whose own line goes on behind one', `Epoch 1: ${line(0)}\ndone\n`, 'Epoch 1: done\n', [0]],
    ['with a progress bar', `\r10%|#${line(0)}\n\r20%|##\n`, '\r10%|#\r20%|##\n', [0]],
    ['in which two ranks mix', `${line(0)}${line(1)}\n`, '', [0, 1]],
    ['that goes on behind one without an end', `${line(0)} [autoresearch] step=1\n`, ' [autoresearch] step=1\n', [0]],
    ['that speaks of [autoresearch]', '[autoresearch] step=1\n[a', '[autoresearch] step=1\n[a', []],
  ];

  it.each(cases)('%s', (_, log, own, lines) => {
    const { text, marked, rest } = separated(log, { isEnd: true, isOpen: false });
    expect([text, marked, rest]).toEqual([own, lines.map((n) => line(n)), '']);
  });

  it.each(cases)('%s, fetched in any two parts', (_, log, own, lines) => {
    for (let cut = 0; cut <= log.length; cut++) {
      const first = separated(log.slice(0, cut), { isEnd: false, isOpen: false });
      const second = separated(first.rest + log.slice(cut), { isEnd: true, isOpen: first.isOpen });
      expect([cut, first.text + second.text]).toEqual([cut, own]);
      expect([...first.marked, ...second.marked]).toEqual(lines.map((n) => line(n)));
    }
  });

  it('shows dots and progress at once', () => {
    const part = { isEnd: false, isOpen: false };
    expect(separated('a\n....', part)).toEqual({ text: 'a\n....', marked: [], rest: '', isOpen: true });
    expect(separated('\r 10%|#', part)).toMatchObject({ text: '\r 10%|#', rest: '' });
    expect(separated('a\n..[auto', part)).toEqual({ text: 'a\n', marked: [], rest: '..[auto', isOpen: false });
  });
});

describe('a line', () => {
  it('is read behind labels, and without a sum', () => {
    expect(readMarked(`[default2]:${line(4)}`)).toMatchObject({ pid: 7, n: 4, rows: [['r4']] });
    expect(
      readMarked(`${MARK} {"table":"task_stats","columns":["name","n"],"rows":[["a",2],["b",null]]}`),
    ).toMatchObject({
      pid: 0,
      rows: [
        ['a', '2'],
        ['b', ''],
      ],
    });
    expect(readMarked('[autoresearch] step=1')).toBeNull();
  });

  it.each([
    ['cut', line(0).slice(0, -5), /cut or mixed/],
    ['mixed', line(0).replace('"pid":7', '"pid":71'), /cut or mixed/],
    ['cut at its beginning', MARK, /JSON/],
    ['of another table', line(0, { table: '../x' }), /table/],
    ['of a host that is a path', line(0, { host: '../x' }), /host/],
    [
      'with a cell too many',
      line(0, { rows: [['a', 'b']] }),
      /rows: each row must have a cell for each of the columns/,
    ],
    ['with a cell that is no value', line(0, { rows: [[{}]] }), /rows/],
  ])('that is %s is told', (_, text, problem) => {
    const read = readMarked(text);
    expect(read).toBeInstanceOf(Error);
    expect((read as Error).message).toMatch(problem);
  });
});

describe('tables', () => {
  let metrics: string;
  beforeEach(async () => {
    metrics = await mkdtemp(join(tmpdir(), 'autoresearch-told-'));
  });
  afterEach(() => removeFolder(metrics));

  const written = async (...lines: string[]) => {
    const tables = new ToldTables();
    for (const each of lines) tables.readLine(each);
    await tables.write(metrics, "the job's log");
    const { processes, findings } = await readMetricFiles(metrics);
    const rows = processes.map(({ rank, pid, host, tasks }) => [
      rank,
      pid,
      host,
      ...tasks!.rows.map((row) => row.get('name')),
    ]);
    return { rows, findings };
  };

  it('are those of their ranks, processes and hosts', async () => {
    const lines = [line(0), line(0, { rank: 2 }), line(0, { rank: 2, host: 'node-b' }), line(1), 'a line of the job'];
    const expected = [
      [null, 7, null, 'r0', 'r1'],
      [2, 7, null, 'r0'],
      [2, 7, 'node-b', 'r0'],
    ];
    expect(await written(...lines)).toEqual({ rows: expected, findings: [] });
    // Again, as an activity may: the same files.
    const names = await readdir(metrics);
    const text = await readFile(join(metrics, 'task_stats-7.tsv'), 'utf8');
    await written(...lines);
    expect([await readdir(metrics), await readFile(join(metrics, 'task_stats-7.tsv'), 'utf8')]).toEqual([names, text]);
  });

  it('count a repeated line once, and a process that starts again with its number twice', async () => {
    expect(await written(line(0), line(1), line(0), line(0, { start: 'b2' }))).toEqual({
      rows: [[null, 7, null, 'r0', 'r1', 'r0']],
      findings: [],
    });
  });

  it('have the samples of one command as those of the job, and say where there are more', async () => {
    const sample = (n: number, pid: number, cpu: number) =>
      line(n, { table: 'system', pid, start: `p${pid}`, columns: ['time_s', 'cpu_pct'], rows: [[`${n}`, `${cpu}`]] });
    await written(sample(0, 7, 50));
    const one = await readMetricFiles(metrics);
    expect(one.system!.rows.map((row) => row.get('cpu_pct'))).toEqual(['50']);
    expect(one.findings).toEqual([]);
    await written(sample(0, 7, 50), sample(0, 9, 20), sample(1, 9, 30));
    const two = await readMetricFiles(metrics);
    expect(two.system!.rows.map((row) => row.get('cpu_pct'))).toEqual(['20', '30']);
    expect(two.findings).toEqual([
      "the job's log has samples of 2 commands of the job: CPU, memory and GPUs are those of system-9.tsv",
    ]);
    await written(line(0));
    expect((await readMetricFiles(metrics)).system).toBeNull();
  });

  it('say what is missing of a log that was rotated, what was cut and what was left out', async () => {
    const { rows, findings } = await written(line(8), line(9).slice(0, -4), line(10, { dropped: 4 }));
    expect(rows).toEqual([[null, 7, null, 'r8', 'r10']]);
    expect(findings).toEqual([
      "the job's log lacks 9 of 11 lines of the probe: counts of items and tasks are those of the others",
      "1 lines of the probe in the job's log cannot be read: it was cut or mixed with another",
      'the probe left out 4 rows, which were more than a log is meant for',
    ]);
  });
});
