/**
 * Around every activity: who may ask for it, heartbeats, and what becomes of an error. A typed failure is passed on; a
 * full disk is waited for; what nobody expected may pass, and is a typed failure when it comes again and again.
 */
import { CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Activities } from '../../domain/protocol/activities.js';
import { raise, SCHEDULER_BUSY } from '../../domain/protocol/thrown-failure.js';
import { type RoomSince, RoomWatch, saysDiskIsFull, shortOfRoom } from '../../host/disk-room.js';
import { isSchedulerBusy } from '../../jobs/clusters/scheduler.js';
import type { RunContext } from '../../workdir/run-context.js';
import { withPulse } from './activity-pulse.js';
import { HungAttempts } from './hung-attempts.js';
import { ownWork } from './own-work.js';
import { WorkerDeaths } from './worker-deaths.js';

/**
 * So many unexpected errors of one activity are a failure of its work. They are counted, and not the server's attempts:
 * those are used up by windows of watching, by waits that a provider asks for, and by workers that end.
 */
const UNEXPECTED_TRIES = 4;
/**
 * So many workers in a row died of one activity. A person who kills one at a bad moment does not do so ten times in a
 * row.
 */
const WORKER_DEATHS = 10;
/** Repeated without end: nothing that they need can be given up, and a watch ends by the state of its job alone. */
const NEVER_GIVEN_UP: readonly string[] = [
  'exportWorkdir',
  'tellEngine',
  'loadState',
  'lookupExperiments',
  'pollMetrics',
];
/** Activities that beat their own heart, as their heartbeats carry where they stand. */
const OWN_PULSE: readonly string[] = ['pollMetrics'];
/** Activities that make room, or only look: a disk that is nearly full does not keep them from it. */
const NEEDS_NO_ROOM: readonly string[] = [...NEVER_GIVEN_UP, 'cancelJob', 'releaseTree', 'acceptExperiment'];
/** Somebody who makes room waits this long for the run to go on. */
const ROOM_AGAIN_MS = 10_000;
/** A worker that has lost its workdir needs a moment to end. */
const NEXT_WORKER_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
const SCHEDULER_PAUSE_MS = { first: 4000, longest: 300_000 };

const NOT_SERVED_HERE = 'not_served_here';

type AnyActivity = (input: never) => Promise<unknown>;

export function guarded(activities: Activities, context: RunContext): Activities {
  /** Of each activity that is under way, by its run and id. A worker that starts anew knows of none. */
  const unexpected = new Map<string, number>();
  const hung = new HungAttempts();
  const deaths = new WorkerDeaths(context.workdir);
  const room = new RoomWatch(context.workdir.root);
  const wrapped = Object.entries(activities).map(([name, act]: [string, AnyActivity]) => [
    name,
    guard(name, act, context, { unexpected, hung, deaths, room }),
  ]);
  return Object.fromEntries(wrapped) as unknown as Activities;
}

/** Of all activities of a worker together. */
interface Shared {
  unexpected: Map<string, number>;
  hung: HungAttempts;
  deaths: WorkerDeaths;
  room: RoomWatch;
}

function guard(name: string, act: AnyActivity, context: RunContext, shared: Shared): AnyActivity {
  const { unexpected, hung, deaths } = shared;
  const needsRoom = !NEEDS_NO_ROOM.includes(name);
  return async (input) => {
    const { info, cancellationSignal } = Context.current();
    ownWork(context.config.run_id, { ...info, name, input });
    await leaveWhereGone();
    const key = `${info.workflowExecution?.runId} ${info.activityId}`;
    const isCounted = !info.isLocal && needsRoom;
    const died = isCounted ? await deaths.begin(key) : 0;
    using room = needsRoom ? shared.room.begin() : null;
    const attempt = hung.begin(key, info.startToCloseTimeoutMs);
    try {
      if (died > 0) context.log(`a worker died while ${name} was under way: ${died} in a row`);
      if (died >= WORKER_DEATHS) {
        const advice = 'it may need more memory than there is; logs/autoresearch.log tells when each began';
        raise('unexpected_exception', `${died} workers in a row died while ${name} was under way: ${advice}`);
      }
      if (attempt.hungBefore >= UNEXPECTED_TRIES && !NEVER_GIVEN_UP.includes(name)) {
        const limitS = info.startToCloseTimeoutMs / 1000;
        raise('unexpected_exception', `${name} did not end within ${limitS} s, ${attempt.hungBefore} times`);
      }
      if (needsRoom) await needRoom();
      const result = OWN_PULSE.includes(name) ? await act(input) : await withPulse(() => act(input));
      // What was seen and written meanwhile may be of another folder: all of it may be done again.
      await leaveWhereGone();
      unexpected.delete(key);
      return result;
    } catch (error) {
      if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) throw error;
      if (error instanceof ApplicationFailure && error.type === NOT_SERVED_HERE) throw error;
      // Nobody counts what fails for want of the workdir.
      await leaveWhereGone();
      if (error instanceof ApplicationFailure && !(await isOfFullDisk(error, room))) {
        if (error.nonRetryable) unexpected.delete(key);
        throw error;
      }
      const isShort = await wasShort(room);
      const tries = (unexpected.get(key) ?? 0) + 1;
      context.log(`${name} failed (error ${tries}, attempt ${info.attempt})`, {
        error: error instanceof Error ? error.stack : String(error),
      });
      cancellationSignal.throwIfAborted();
      if (isSchedulerBusy(error)) throw askedLater(error, info.attempt);
      if (saysDiskIsFull(error) || isShort) throw diskFull(String(error), info.isLocal);
      unexpected.set(key, tries);
      if (NEVER_GIVEN_UP.includes(name)) throw name === 'pollMetrics' ? later(error, tries) : error;
      if (tries < UNEXPECTED_TRIES) throw error;
      unexpected.delete(key);
      return raise('unexpected_exception', String(error), {
        exception_type: error instanceof Error ? error.name : null,
      });
    } finally {
      attempt.end();
      if (isCounted) await deaths.end(key);
    }
  };

  /**
   * Of a workdir that was moved, removed, or taken over: what is written by its path would be another folder's, or
   * nobody's. This worker ends, and the next one does what was asked. Tries in the workflow's task would hold up its
   * end.
   */
  async function leaveWhereGone(): Promise<void> {
    if ((await context.isServedHere?.()) !== false) return;
    const { info, cancelled } = Context.current();
    if (info.isLocal) await cancelled;
    throw ApplicationFailure.create({
      message: `${name} is left to the next worker: this one has the workdir no more`,
      type: NOT_SERVED_HERE,
      nextRetryDelay: NEXT_WORKER_MS,
    });
  }

  /** Before a job or a paid call begins whose result could not be kept. */
  async function needRoom(): Promise<void> {
    const problem = await shortOfRoom(context.workdir.root);
    if (problem !== null) throw diskFull(`too little for ${name}: ${problem}`, false);
  }

  /**
   * A typed failure is one of the work where the workdir has room, whatever it says, and none where it had too little
   * at any time: who writes to a full disk often does not say why it failed. What needs no room fails for its own
   * reasons.
   */
  async function isOfFullDisk(error: ApplicationFailure, room: RoomSince | null): Promise<boolean> {
    if (error.nonRetryable !== true || !(await wasShort(room))) return false;
    return saysDiskIsFull(error) || needsRoom;
  }

  /** What needs no room is not watched: it asks how the disk is now. */
  async function wasShort(room: RoomSince | null): Promise<boolean> {
    return room === null ? (await shortOfRoom(context.workdir.root)) !== null : await room.wasShort();
  }
}

/** A scheduler comes back some time: it is asked without end, less and less often, and not by all at once. */
function askedLater({ message }: Error, attempt: number): ApplicationFailure {
  const pauseMs = Math.min(SCHEDULER_PAUSE_MS.longest, SCHEDULER_PAUSE_MS.first * 2 ** Math.min(attempt - 1, 20));
  return ApplicationFailure.create({
    message: `${message}; it is asked again by itself`,
    type: SCHEDULER_BUSY,
    nextRetryDelay: Math.round(pauseMs * (0.5 + Math.random() / 2)),
  });
}

/** A local activity is tried again by its own policy, and becomes a regular one that shows itself. */
function diskFull(message: string, isLocal: boolean): ApplicationFailure {
  return ApplicationFailure.create({
    message: `no space left on the disk; the run goes on by itself when there is: ${message.slice(0, 1000)}`,
    type: 'disk_full',
    ...(isLocal ? {} : { nextRetryDelay: ROOM_AGAIN_MS }),
  });
}

/** The policy of a watch has no back-off: its windows follow each other at once. */
function later(error: unknown, tries: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: String(error),
    type: 'unexpected_exception',
    nextRetryDelay: Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(tries - 1, 10)),
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
