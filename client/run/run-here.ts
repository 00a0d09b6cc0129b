/** A run that this process serves until it ends or is interrupted, with its progress on the screen. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import type { QueueWait } from '../../domain/overview/under-way.js';
import { stopUpdate } from '../../domain/protocol/messages.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { shortOfRoom } from '../../host/disk-room.js';
import { untilChange } from '../../host/file-change.js';
import type { Workdir } from '../../workdir/paths.js';
import { pendingJobs } from '../../workdir/pending-jobs.js';
import { type Interrupts, listenForInterrupts } from '../interrupts.js';
import { panelLines } from '../output/live-panel.js';
import type { Output } from '../output/output.js';
import type { StalledWork } from '../output/stalled-text.js';
import { watchStalled } from '../stalled/stalled-watch.js';
import { StuckLines, stuckBy } from '../stalled/stuck-lines.js';
import { sendUpdate } from '../steering/steering-client.js';
import { type EngineHost, openEngineHost } from './engine-host.js';
import { beginOrAttach, isInterrupted, untilEnd } from './engine-session.js';
import { inspectionLines, temporalCommand } from './inspection.js';
import { type LiveView, makeLiveView } from './live-view.js';
import { type Notifier, startNotifier } from './on-event/notifier.js';
import type { PreparedRun } from './prepare-run.js';
import { progressLine, timedLine } from './progress.js';
import { type RunOutcome, runOutcome } from './run-outcome.js';
import { LiveState } from './run-state.js';
import { statusAnswer } from './run-status.js';
import { serverVersionNotices } from './server-version.js';

/** Progress goes beside the answer: to stderr when the answer is JSON. */
export async function watched<T>(
  output: Output,
  json: boolean,
  act: (view: LiveView, interrupts: Interrupts) => Promise<T>,
): Promise<T> {
  const view = json ? makeLiveView({ ...output, isTerminal: false }, { write: output.err }) : makeLiveView(output);
  using interrupts = listenForInterrupts();
  try {
    return await act(view, interrupts);
  } finally {
    view.end();
  }
}

/** `interrupt` aborts when a person wants to stop: the engine is told so, and the outcome says how far it came. */
export async function runHere(
  prepared: PreparedRun,
  view: LiveView,
  interrupt: AbortSignal,
  openHost: (workdir: Workdir) => Promise<EngineHost> = openEngineHost,
): Promise<RunOutcome> {
  const { workdir, config } = prepared;
  const versionNotices = await serverVersionNotices(workdir);
  const host = await openHost(workdir);
  let notifier: Notifier | null = null;
  try {
    const live = new LiveState(workdir, config);
    await live.catchUp();
    for (const line of [...prepared.notices, ...(await versionNotices())]) view.line(line);
    const { runId, notices } = await beginOrAttach(host.client, prepared);
    for (const line of notices) view.line(line);
    for (const line of inspectionLines(host.target, config.run_id, await temporalCommand())) view.line(line);
    notifier = await startNotifier(workdir, config, (line) => view.line(line));
    const ending = new AbortController();
    const followed = follow(prepared, live, view, {
      isOff: () => isInterrupted(host.client, config.run_id),
      signal: ending.signal,
    });
    const watched = watchStalled({
      client: host.client,
      config,
      state: () => live.state,
      tell: (line) => view.line(timedLine(line, Date.now())),
      seen: followed.stalled,
      signal: ending.signal,
    });
    const ended = untilEnd(host, prepared, runId, ending.signal).then(() => 'ended' as const);
    const ends = [
      ended,
      followed.interrupted.then(() => 'interrupted' as const),
      untilAborted(interrupt).then(() => 'interrupt' as const),
      host.failed,
    ];
    let how: Awaited<(typeof ends)[number]>;
    try {
      how = await Promise.race(ends);
      if (how === 'interrupt') await interruptEngine(host, prepared, view);
    } finally {
      ending.abort();
      for (const end of ends) end.catch(() => undefined);
      await Promise.allSettled([ended, followed.done, watched]);
      view.end();
    }
    await live.catchUp((event, warnings) => tell(view, live, event, warnings));
    return await runOutcome(workdir, config, live.state, how !== 'ended');
  } finally {
    await notifier?.close();
    await host.close();
  }
}

/** Says to the engine that its people go: it writes status interrupted, and its jobs go on. */
async function interruptEngine({ client }: EngineHost, prepared: PreparedRun, view: LiveView): Promise<void> {
  view.line('interrupting: running jobs go on; press Ctrl+C again to leave at once');
  try {
    const about = { field: 'workdir', value: prepared.workdir.root };
    await sendUpdate(client, prepared, stopUpdate, [{ mode: 'interrupt' }], { about, timeoutMs: INTERRUPT_TIMEOUT_MS });
  } catch (error) {
    // The run itself is safe in the server's database, whether or not it has heard.
    if (!(error instanceof Error)) throw error;
    const isNetwork = error instanceof ServiceError || isGrpcServiceError(error);
    view.line(`the engine did not confirm (${isNetwork ? 'no answer' : error.message}); nothing is lost`);
  }
}

/** A person waits at a terminal; the engine confirms within a second unless its machine is overloaded. */
const INTERRUPT_TIMEOUT_MS = 15_000;

interface Followed {
  /** Settles when the engine was interrupted from elsewhere: `autoresearch stop`, or the Temporal UI. */
  interrupted: Promise<void>;
  done: Promise<void>;
  /** Shows what cannot go on. */
  stalled(work: readonly StalledWork[]): void;
}

function follow(
  { workdir, config }: PreparedRun,
  live: LiveState,
  view: LiveView,
  { isOff, signal }: { isOff: () => Promise<boolean>; signal: AbortSignal },
): Followed {
  const stopped = new AbortController();
  const stuckLines = new StuckLines();
  let stuck: readonly StalledWork[] = [];
  let room: string | null = null;
  let pending: ReadonlyMap<string, QueueWait> = new Map();
  const engine = { pid: process.pid, since: new Date().toISOString() };
  const show = () => {
    const record = live.state.seq === 0 ? null : live.record;
    const known = { engine, temporal: null, stalled: stuck, room, pending };
    const answer = statusAnswer({ workdir, config, record, ...known });
    const nowMs = Date.now();
    for (const line of stuckLines.next(stuckBy(answer), nowMs)) view.line(timedLine(line, nowMs));
    view.standing((rows) => panelLines(answer, rows));
  };
  const watch = async () => {
    while (!signal.aborted) {
      let heard = false;
      await live.catchUp((event, warnings) => {
        tell(view, live, event, warnings);
        heard ||= event.type === 'stop_requested' && event.mode === 'interrupt';
      });
      if (heard && (await isOff())) stopped.abort();
      room = await shortOfRoom(workdir.root);
      pending = await pendingJobs(workdir, live.state);
      show();
      await untilChange(workdir.events, signal);
    }
  };
  const done = watch();
  // A log that cannot be read ends the run's display with its reason.
  const interrupted = Promise.race([untilAborted(stopped.signal), done]);
  const stalled = (work: readonly StalledWork[]) => {
    stuck = work;
    if (!signal.aborted) show();
  };
  return { interrupted, done: done.catch(() => undefined), stalled };
}

function tell(view: LiveView, live: LiveState, event: EngineEvent, warnings: readonly string[]): void {
  const line = progressLine(live.state, event);
  for (const each of [...(line === null ? [] : [line]), ...warnings]) view.line(timedLine(each, event.atMs));
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
