/** Experiments that are under way: at which step each is, since when, and how much of its job is done. */
import { awaitsApproval } from '../run/approval.js';
import type { EngineState } from '../run/engine-state.js';
import { openRows } from '../run/engine-state.js';
import { type ExperimentKind, type ExperimentRow, jobIdOf } from '../run/experiment-record.js';
import { expectedTimes } from './expected-time.js';

/** A job that its scheduler lets wait. */
export interface QueueWait {
  sinceMs: number;
  /** The scheduler's words. */
  reason: string;
}

export interface UnderWay {
  node_id: string;
  kind: ExperimentKind;
  /** `launching`: handed to the platform, where it may wait for other jobs of this machine. */
  step: 'preparing' | 'ready' | 'launching' | 'running' | 'analyzing';
  job_id: string | null;
  /** When the step began. */
  since: string;
  for_s: number;
  /** Of the job: how long it should take; null while nothing tells. */
  expected_s: number | null;
  /** Of the job, from 0 to 1; null before it runs and where nothing tells. Less than 1 while it runs. */
  progress: number | null;
  left_s: number | null;
  /** Of a job in the queue of a cluster; null where none is, or where the scheduler gives no reason. */
  waits: { since: string; reason: string } | null;
}

/** A job that runs longer than expected is nearly done until it ends. */
const NEARLY = 0.99;

/** Experiments that are under way: first those whose jobs run, then those before their job, then those after it. */
export function underWay(
  state: EngineState,
  nowMs: number,
  pending: ReadonlyMap<string, QueueWait> = new Map(),
): UnderWay[] {
  const expected = expectedTimes(state);
  const order: UnderWay['step'][] = ['running', 'analyzing', 'launching', 'ready', 'preparing'];
  return openRows(state)
    .filter((row) => !(row.state.status === 'ready' && awaitsApproval(row)))
    .flatMap((row) => viewOf(row, expected(row), nowMs, pending.get(row.nodeId)) ?? [])
    .sort((a, b) => order.indexOf(a.step) - order.indexOf(b.step));
}

function viewOf(
  row: ExperimentRow,
  expectedS: number | null,
  nowMs: number,
  wait: QueueWait | undefined,
): UnderWay | null {
  const { state: now } = row;
  if (now.status === 'queued' || now.status === 'completed' || now.status === 'failed' || now.status === 'cancelled')
    return null;
  const sinceMs =
    now.status === 'running'
      ? now.launchedAtMs
      : now.status === 'analyzing'
        ? now.launchedAtMs + 1000 * now.durationS
        : now.sinceMs;
  const forS = Math.max(0, (nowMs - sinceMs) / 1000);
  const isRunning = now.status === 'running';
  const isKnown = isRunning && expectedS !== null && expectedS > 0;
  return {
    node_id: row.nodeId,
    kind: row.kind,
    step: now.status,
    job_id: jobIdOf(row),
    since: isoTime(sinceMs),
    for_s: forS,
    expected_s: expectedS,
    progress: isKnown ? Math.min(NEARLY, forS / expectedS) : null,
    left_s: isKnown ? Math.max(0, expectedS - forS) : null,
    waits: wait && now.status === 'launching' ? { since: isoTime(wait.sinceMs), reason: wait.reason } : null,
  };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
