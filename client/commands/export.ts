/** `export`: makes every file that people and scripts read anew, from the event log. */
import { rebuildWorkdir } from '../../activities/export-workdir.js';
import { Refusal } from '../refusal.js';
import { engineLife } from '../run-state.js';
import { existingRun } from '../workdir-config.js';

export interface ExportAnswer {
  workdir: string;
  /** Sequence number of the last event. */
  seq: number;
  experiments: number;
}

export async function exportFiles(path: string): Promise<ExportAnswer> {
  const { workdir } = await existingRun(path);
  const engine = await engineLife(workdir);
  if (engine !== null) {
    const advice = `a workdir without a running engine (process ${engine.pid} renews the files itself)`;
    throw new Refusal('workdir', path, advice);
  }
  try {
    return { workdir: workdir.root, ...(await rebuildWorkdir(workdir)) };
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('workdir', path, error.message);
    throw error;
  }
}

export function exportText({ workdir, seq, experiments }: ExportAnswer): string {
  return `${workdir}: files made anew from ${seq} events, ${experiments} experiments`;
}
