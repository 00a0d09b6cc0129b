/**
 * What a person changed in the queue of checkpoint.json while nothing ran. The file carries its queue as it was
 * written: that tells an edit from a file that lags behind the event log.
 */

import type { CheckpointFile, WorkSpec } from '../formats/files.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { isTerminal, isWaiting } from '../run/experiment-record.js';

export type QueueEdit =
  | { do: 'reprioritize'; nodeId: string; priority: number }
  | { do: 'remove'; nodeId: string }
  | { do: 'add'; work: WorkSpec }
  /** What is asked for comes too late. */
  | { do: 'nothing'; nodeId: string; reason: string };

/** `now` is the fold of the event log. A file without the copy was written by hand: it is held against `now`. */
export function queueEdits(file: CheckpointFile, now: EngineState): QueueEdit[] {
  const before = new Map(Object.entries(file.queue_as_written ?? queueOf(now)));
  const listed = new Set([...file.queued, ...file.running].map(({ id }) => id));
  const edits: QueueEdit[] = [];
  for (const nodeId of before.keys()) {
    const edit: QueueEdit = { do: 'remove', nodeId };
    if (!listed.has(nodeId) && Object.hasOwn(now.experiments, nodeId))
      edits.push(stillWaits(now, nodeId) ? edit : tooLate(now, nodeId));
  }
  for (const work of file.queued) {
    const { id: nodeId, priority } = work;
    const row = now.experiments[nodeId];
    if (before.has(nodeId)) {
      if (!row || before.get(nodeId) === priority || row.priority === priority) continue;
      edits.push(stillWaits(now, nodeId) ? { do: 'reprioritize', nodeId, priority } : tooLate(now, nodeId));
    } else if (!row) {
      edits.push({ do: 'add', work });
    } else if (!isWaiting(row)) {
      edits.push(tooLate(now, nodeId));
    }
  }
  return edits;
}

function queueOf(state: EngineState): Record<string, number> {
  const queued = openRows(state).filter((row) => row.state.status === 'queued');
  return Object.fromEntries(queued.map(({ nodeId, priority }) => [nodeId, priority]));
}

function stillWaits(state: EngineState, nodeId: string): boolean {
  const row = state.experiments[nodeId];
  return row !== undefined && isWaiting(row);
}

function tooLate(state: EngineState, nodeId: string): QueueEdit {
  const row = state.experiments[nodeId];
  const reason = row && isTerminal(row) ? 'it has ended' : 'it has started';
  return { do: 'nothing', nodeId, reason };
}
