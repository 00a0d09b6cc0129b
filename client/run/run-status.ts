/** Where a run stands, from the workdir; and, where its server answers, what cannot go on. */
import type { RunConfig } from '../../domain/formats/config.js';
import { type Overview, overviewOf } from '../../domain/overview/overview.js';
import type { QueueWait } from '../../domain/overview/under-way.js';
import {
  type ExperimentView,
  experimentView,
  queueView,
  type StatusView,
  statusView,
} from '../../domain/protocol/views.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { isBroken } from '../../domain/run/experiment-record.js';
import { shortOfRoom } from '../../host/disk-room.js';
import { untilChange } from '../../host/file-change.js';
import type { Workdir } from '../../workdir/paths.js';
import { pendingJobs } from '../../workdir/pending-jobs.js';
import { originalOf } from '../../workdir/workdir-place.js';
import { runningServer } from '../../worker/server/server-record.js';
import type { StalledWork } from '../output/stalled-text.js';
import { type EngineLife, engineLife, LiveState, readRecord } from './run-state.js';
import { existingRun } from './workdir-config.js';

export interface StatusAnswer {
  workdir: string;
  run: string;
  /** The process that serves the run now, on this host. */
  engine: EngineLife | null;
  /** The workdir's own Temporal server, while it runs. */
  temporal: { address: string; ui: string } | null;
  /** Null before the engine's first event. */
  status: StatusView | null;
  /** What the server tries again and again, and calls of the agent that no worker takes. */
  stalled: StalledWork[];
  /** What is left on a disk that is as good as full, in words; null while there is room. */
  short_of_room: string | null;
  next: ExperimentView[];
  recent_failures: ExperimentView[];
  /** The run in one look; null before the engine's first event. */
  overview: Overview | null;
}

export async function status(path: string): Promise<StatusAnswer> {
  const { workdir, config } = await existingRun(path);
  const record = await readRecord(workdir);
  if (record?.state.status === 'stopped') return statusOf(workdir, config, record, []);
  // The SDK takes longer to load than all the rest: not for a run that is over.
  const { stalledNow } = await import('../stalled/stalled-watch.js');
  return statusOf(workdir, config, record, await stalledNow(workdir, config, record?.state ?? null));
}

/**
 * The status at each change, until the run has ended and no engine serves it; with `ticks` also where only time has
 * passed, about once a second.
 */
export async function* watchStatus(path: string, ticks = false): AsyncGenerator<StatusAnswer> {
  const { LOOK_MS, stalledNow } = await import('../stalled/stalled-watch.js');
  const { workdir, config } = await existingRun(path);
  const live = new LiveState(workdir, config);
  const never = new AbortController().signal;
  let last = '';
  let stalled: StalledWork[] = [];
  let lookedAtMs = 0;
  for (;;) {
    await live.catchUp();
    const record = live.state.seq === 0 ? null : live.record;
    if (Date.now() - lookedAtMs > LOOK_MS) {
      stalled = await stalledNow(workdir, config, record?.state ?? null);
      lookedAtMs = Date.now();
    }
    const answer = await statusOf(workdir, config, record, stalled);
    const said = JSON.stringify({ ...answer, overview: answer.overview?.under_way.map(({ waits }) => waits) ?? null });
    if (ticks || said !== last) yield answer;
    last = said;
    const hasEnded = live.state.status === 'stopped' || live.state.status === 'interrupted';
    if (hasEnded && answer.engine === null) return;
    await untilChange(workdir.events, never);
  }
}

async function statusOf(
  workdir: Workdir,
  config: RunConfig,
  record: RunRecord | null,
  stalled: StalledWork[],
): Promise<StatusAnswer> {
  const [engine, server, room, pending, copyOf] = await Promise.all([
    engineLife(workdir),
    runningServer(workdir),
    shortOfRoom(workdir.root),
    pendingJobs(workdir, record?.state ?? null),
    originalOf(workdir),
  ]);
  const temporal = server === null ? null : { address: server.address, ui: server.ui_address };
  return statusAnswer({ workdir, config, record, engine, temporal, stalled, room, pending, copyOf });
}

interface Known extends Pick<StatusAnswer, 'engine' | 'temporal'> {
  workdir: Workdir;
  config: RunConfig;
  /** Null before the first event. */
  record: RunRecord | null;
  stalled: readonly StalledWork[];
  /** As `shortOfRoom` (host/disk-room.ts) says it. */
  room: string | null;
  /** As `pendingJobs` (workdir/pending-jobs.ts) finds them. */
  pending: ReadonlyMap<string, QueueWait>;
  /** As `originalOf` (workdir/workdir-place.ts) finds it; absent of a run that this process serves. */
  copyOf?: string | null;
}

/** From what is known already. */
export function statusAnswer({
  workdir,
  config,
  record,
  engine,
  temporal,
  stalled,
  room,
  pending,
  copyOf = null,
}: Known): StatusAnswer {
  const state = record?.state ?? null;
  return {
    workdir: workdir.root,
    run: config.run_id,
    engine,
    temporal,
    status: state === null ? null : statusView(state),
    stalled: [...stalled],
    short_of_room: room,
    next: state === null ? [] : queueView(state).slice(0, NEXT_SHOWN),
    recent_failures: state === null ? [] : recentFailures(state),
    overview:
      record &&
      overviewOf(record, { nowMs: Date.now(), isServed: engine !== null, stalled, shortOfRoom: room, pending, copyOf }),
  };
}

const NEXT_SHOWN = 5;
const FAILURES_SHOWN = 3;

function recentFailures(state: EngineState): ExperimentView[] {
  const ended = Object.values(state.experiments).flatMap((row) =>
    row.state.status === 'failed' && isBroken(row) ? [{ row, atMs: row.state.completedAtMs }] : [],
  );
  const newest = ended.sort((a, b) => b.atMs - a.atMs).slice(0, FAILURES_SHOWN);
  return newest.map(({ row }) => experimentView(state, row));
}
