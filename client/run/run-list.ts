/** Finds the workdirs below a folder and says of each in one line where its run stands. Reads files alone. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { experimentTable } from '../../domain/reports/experiment-table.js';
import { gainText, isoTimeText, objectiveText } from '../../domain/reports/quantity-text.js';
import { runFacts } from '../../domain/reports/run-facts.js';
import { Workdir } from '../../workdir/paths.js';
import { columns } from '../output/columns.js';
import { engineLife, readRecord } from './run-state.js';
import { configIfAny } from './workdir-config.js';

export interface ListedRun {
  workdir: string;
  run: string;
  /**
   * As the run's state says it; `not running` where nothing serves one that has not stopped; `stopped, without its
   * reports` where its engine went before it had made them; `unreadable`.
   */
  status: string;
  /** Experiments that completed, without repeats. */
  completed: number;
  best: { node_id: string; text: string; gain: number | null; is_provisional: boolean } | null;
  /** ISO 8601, of its last event; null before the first. */
  updated_at: string | null;
  /** Why it cannot be read. */
  problem?: string;
}

/** Deeper than this nobody keeps runs, and a home folder is searched in a second. */
const DEPTH = 4;
/** Where a checkout of this program keeps its demos. */
const DEMOS = '.demo';
/** Folders of other people's files by the thousand. */
const PASSED_OVER: ReadonlySet<string> = new Set(['node_modules', 'site-packages', '__pycache__']);

export async function listRuns(root: string): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const workdir of await workdirsBelow(root)) runs.push(await listed(workdir));
  return runs.sort((a, b) => (b.updated_at ?? '').localeCompare(a.updated_at ?? ''));
}

/** Rejects where `root` itself cannot be read. */
async function workdirsBelow(root: string): Promise<Workdir[]> {
  const found: Workdir[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const workdir = new Workdir(folder);
    if (existsSync(workdir.config) && existsSync(workdir.engine)) {
      found.push(workdir);
      return;
    }
    if (depth === 0) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      if (folder === root) throw error;
      return [];
    });
    for (const entry of entries) {
      const isHidden = (entry.name.startsWith('.') && entry.name !== DEMOS) || PASSED_OVER.has(entry.name);
      if (entry.isDirectory() && !isHidden) await visit(join(folder, entry.name), depth - 1);
    }
  };
  await visit(root, DEPTH);
  return found;
}

async function listed(workdir: Workdir): Promise<ListedRun> {
  const none = { workdir: workdir.root, run: '', completed: 0, best: null, updated_at: null };
  try {
    const config = await configIfAny(workdir);
    const record = await readRecord(workdir);
    const run = config?.run_id ?? '';
    if (record === null) return { ...none, run, status: 'not begun' };
    const { state, lacksReports } = record;
    const isOver = state.status === 'stopped' && !lacksReports;
    const isOff = !isOver && (await engineLife(workdir)) === null;
    const off = lacksReports ? 'stopped, without its reports' : `not running (${state.status})`;
    const { best, gain, isProvisional } = runFacts(state);
    return {
      workdir: workdir.root,
      run,
      status: isOff ? off : state.status,
      completed: experimentTable(state).filter(({ status }) => status === 'completed').length,
      best: best && {
        node_id: best.row.nodeId,
        text: objectiveText(best.objective),
        gain,
        is_provisional: isProvisional,
      },
      updated_at: new Date(state.updatedAtMs).toISOString(),
    };
  } catch (error) {
    return { ...none, status: 'unreadable', problem: (error as Error).message };
  }
}

export function listText(root: string, runs: readonly ListedRun[]): string {
  if (runs.length === 0) return `no runs below ${root}`;
  const rows = runs.map(({ workdir, status, completed, best, updated_at, problem }) => [
    relative(root, workdir) || '.',
    problem === undefined ? status : `${status}: ${problem}`,
    String(completed),
    best ? `${best.node_id} ${best.text}${best.is_provisional ? ' (provisional)' : ''}` : '-',
    best?.gain == null || best.gain === 1 ? '-' : gainText(best.gain),
    updated_at === null ? '-' : isoTimeText(updated_at),
  ]);
  return columns(['workdir', 'status', 'done', 'best', 'gain', 'last event'], rows);
}
