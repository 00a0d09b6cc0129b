/** Where a run stands, from the workdir; and, where its server answers, what cannot go on. */
import type { RunConfig } from '../../domain/formats/config.js';
import {
  type ExperimentView,
  experimentView,
  queueView,
  type StatusView,
  statusView,
} from '../../domain/protocol/views.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { isBroken } from '../../domain/run/experiment-record.js';
import { untilChange } from '../../host/file-change.js';
import type { Workdir } from '../../workdir/paths.js';
import { runningServer } from '../../worker/server/server-record.js';
import type { StalledWork } from '../output/stalled-text.js';
import { type EngineLife, engineLife, LiveState, readState } from './run-state.js';
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

/** The status at each change, until the run has ended and no engine serves it. */
export async function* watchStatus(path: string): AsyncGenerator<StatusAnswer> {
  const { LOOK_MS, stalledNow } = await import('../stalled/stalled-watch.js');
  const { workdir, config } = await existingRun(path);
  const live = new LiveState(workdir, config);
  const never = new AbortController().signal;
  let last = '';
  let stalled: StalledWork[] = [];
  let lookedAtMs = 0;
  for (;;) {
    await live.catchUp();
    const state = live.state.seq === 0 ? null : live.state;
    if (Date.now() - lookedAtMs > LOOK_MS) {
      stalled = await stalledNow(workdir, config.run_id, state);
      lookedAtMs = Date.now();
    }
    const answer = await statusOf(workdir, config, state, stalled);
    const said = JSON.stringify(answer);
    if (said !== last) yield answer;
    last = said;
    const hasEnded = live.state.status === 'stopped' || live.state.status === 'interrupted';
    if (hasEnded && answer.engine === null) return;
    await untilChange(workdir.events, never);
  }
}

async function statusOf(
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

const NEXT_SHOWN = 5;
const FAILURES_SHOWN = 3;

function recentFailures(state: EngineState): ExperimentView[] {
  const ended = Object.values(state.experiments).flatMap((row) =>
    row.state.status === 'failed' && isBroken(row) ? [{ row, atMs: row.state.completedAtMs }] : [],
  );
  const newest = ended.sort((a, b) => b.atMs - a.atMs).slice(0, FAILURES_SHOWN);
  return newest.map(({ row }) => experimentView(row));
}
