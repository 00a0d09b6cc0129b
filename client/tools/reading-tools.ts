/** Tools that look at a run and change nothing. */
import { z } from 'zod';
import { experimentCells, experimentTable } from '../../domain/reports/experiment-table.js';
import { treeParent } from '../../domain/reports/run-record.js';
import { APPROVE } from '../commands/approve.js';
import { DIFF } from '../commands/diff.js';
import { QUEUE } from '../commands/queue.js';
import { STATUS } from '../commands/status.js';
import { SUMMARY } from '../commands/summary.js';
import { readRecord } from '../run/run-state.js';
import { existingRun } from '../run/workdir-config.js';
import { listBounded, PLACES, readBounded } from './bounded-files.js';
import { experimentFacts, experimentText } from './experiment-facts.js';
import { byCommand, defineTool, type Tool } from './tool.js';

const NODE = z.string().min(1).describe('an experiment: its node id, the beginning of it, its number or its name');
const NODE_OR_BEST = NODE.optional().describe('an experiment as above; the best one when absent');
const WHERE = z.enum(PLACES).describe('workdir: the files of the run; source: the code that is optimised');

export const READING_TOOLS: readonly Tool[] = [
  defineTool({
    name: 'status',
    title: 'Status',
    says: 'Where the run stands in one look: what runs with progress and time left, queue, last results and findings, candidates under confirmation, diagnostics with what to do, what is to come, and what is out of reach.',
    changes: false,
    input: {},
    act: (workdir) => byCommand(STATUS, [workdir]),
  }),
  defineTool({
    name: 'summary',
    title: 'Summary',
    says: 'The results so far as Markdown: every experiment with its change, the best one, confidence, limits, spending, findings and failures.',
    changes: false,
    input: {},
    act: (workdir) => byCommand(SUMMARY, [workdir]),
  }),
  defineTool({
    name: 'experiment',
    title: 'One experiment',
    says: 'All that is known of one experiment: hypothesis, change, result and what it is worth, failure with what to do, metrics, analysis, and the end of its job log.',
    changes: false,
    input: {
      node: NODE_OR_BEST,
      log_lines: z.int().min(0).max(400).optional().describe('lines of each log (default 40)'),
    },
    act: async (workdir, { node, log_lines }) => experimentText(await experimentFacts(workdir, node, log_lines)),
  }),
  defineTool({
    name: 'tree',
    title: 'Hypothesis tree',
    says: 'Every experiment under what it builds on, with its status, its result and how it compares with the baseline.',
    changes: false,
    input: {},
    act: tree,
  }),
  defineTool({
    name: 'queue',
    title: 'Queue',
    says: 'The experiments that have not started, in the order in which they will run.',
    changes: false,
    input: {},
    act: (workdir) => byCommand(QUEUE, [workdir]),
  }),
  defineTool({
    name: 'waiting',
    title: 'Waiting for approval',
    says: 'The proposals that wait for a yes or no of the person, with what each would change and why.',
    changes: false,
    input: {},
    act: (workdir) => byCommand(APPROVE, [workdir, '']),
  }),
  defineTool({
    name: 'diff',
    title: 'Code of an experiment',
    says: 'What an experiment changes in the code, as a unified diff against the instrumented start.',
    changes: false,
    input: { node: NODE_OR_BEST },
    act: (workdir, { node = '' }) => byCommand(DIFF, [workdir, node]),
  }),
  defineTool({
    name: 'list_files',
    title: 'List files',
    says: 'The files of one folder of the workdir or of the source directory.',
    changes: false,
    input: { where: WHERE, path: z.string().default('').describe('a folder, relative to it; empty for all of it') },
    async act(workdir, { where, path }) {
      return (await listBounded(workdir, where, path)).join('\n') || 'the folder is empty';
    },
  }),
  defineTool({
    name: 'read_file',
    title: 'Read a file',
    says: 'The text of one file of the workdir or of the source directory, 16,000 bytes at a time; nothing else can be read.',
    changes: false,
    input: {
      where: WHERE,
      path: z.string().min(1).describe('relative to it, as in "logs/autoresearch.log"'),
      offset: z.int().min(0).default(0).describe('byte to begin at, as next_offset of the page before says'),
    },
    async act(workdir, { where, path, offset }) {
      const page = await readBounded(workdir, where, path, offset);
      const more = page.next_offset === null ? '' : `\n[the file goes on at offset ${page.next_offset}]`;
      return `${page.text}${more}`;
    },
  }),
];

export { NODE };

async function tree(path: string): Promise<string> {
  const { workdir } = await existingRun(path);
  const record = await readRecord(workdir);
  if (record === null) return 'the run has not begun';
  const rows = new Map(experimentTable(record.state).map((row) => [row.nodeId, row]));
  const parents = new Map([...rows.keys()].map((id) => [id, treeParent(record.state.experiments[id]!)]));
  const lines: string[] = [];
  const walk = (parent: string | null, depth: number) => {
    for (const [id, row] of rows) {
      const under = parents.get(id) ?? null;
      if ((under !== null && rows.has(under) ? under : null) !== parent || depth > DEEPEST) continue;
      lines.push(`${'  '.repeat(depth)}${experimentCells(row).slice(0, 4).join(' | ')}`);
      walk(id, depth + 1);
    }
  };
  walk(null, 0);
  return lines.join('\n');
}

/** A ring that a foreign log made must not hold anything up. */
const DEEPEST = 100;
