/** `status`: where a run stands, from the workdir; and, where its server answers, what cannot go on. */

import type { RunConfig } from '../../domain/formats/config.js';
import type { ExperimentView, StatusView } from '../../domain/protocol/views.js';
import { experimentView, queueView, statusView } from '../../domain/protocol/views.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { isBroken } from '../../domain/run/experiment-record.js';
import type { Workdir } from '../../workdir/paths.js';
import { runningServer } from '../../worker/server/server-record.js';
import type { StalledWork } from '../output/stalled-text.js';
import { type EngineLife, engineLife, readState } from '../run/run-state.js';
import { existingRun } from '../run/workdir-config.js';

export interface StatusAnswer {
  workdir: string;
  run: string;
  /** The process that serves the run now, on this host. */
  engine: EngineLife | null;
  /** The workdir's own Temporal server, while it runs. */
  temporal: { address: string; ui: string } | null;
  /** Null before the engine's first event. */
  status: StatusView | null;
  /** What the server tries again and again. */
  stalled: StalledWork[];
  next: ExperimentView[];
  recent_failures: ExperimentView[];
}

export async function status(path: string): Promise<StatusAnswer> {
  const { workdir, config } = await existingRun(path);
  const state = await readState(workdir);
  if (state === null || state.status === 'stopped') return statusOf(workdir, config, state, []);
  // The SDK takes longer to load than all the rest: not for a run that is over.
  const { stalledNow } = await import('../stalled/stalled-watch.js');
  return statusOf(workdir, config, state, await stalledNow(workdir, config.run_id, state));
}

export async function statusOf(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState | null,
  stalled: StalledWork[],
): Promise<StatusAnswer> {
  const [engine, server] = await Promise.all([engineLife(workdir), runningServer(workdir)]);
  return {
    workdir: workdir.root,
    run: config.run_id,
    engine,
    temporal: server === null ? null : { address: server.address, ui: server.ui_address },
    status: state === null ? null : statusView(state),
    stalled,
    next: state === null ? [] : queueView(state).slice(0, NEXT_SHOWN),
    recent_failures: state === null ? [] : recentFailures(state),
  };
}

/** `queue`: experiments that have not started, in the order in which they will run. */
export async function queue(path: string): Promise<ExperimentView[]> {
  const { workdir } = await existingRun(path);
  const state = await readState(workdir);
  return state === null ? [] : queueView(state);
}

const NEXT_SHOWN = 5;
const FAILURES_SHOWN = 3;

function recentFailures(state: EngineState): ExperimentView[] {
  const ended = Object.values(state.experiments).flatMap((row) =>
    row.state.status === 'failed' && isBroken(row) ? [{ row, atMs: row.state.completedAtMs }] : [],
  );
  const newest = ended.sort((a, b) => b.atMs - a.atMs).slice(0, FAILURES_SHOWN);
  return newest.map(({ row }) => experimentView(row));
}
