/** What is stuck, failing or in doubt in a run: since when, why, and what a person can do about it. */
import { isNoCeiling } from '../belief/repeats.js';
import { busyMachineText } from '../reports/caveats/busy-machine.js';
import { uncheckedText } from '../reports/caveats/unchecked-text.js';
import { unclearRateText } from '../reports/caveats/unclear-rate.js';
import { durationText } from '../reports/quantity-text.js';
import type { RunRecord } from '../reports/run-record.js';
import type { EngineState } from '../run/engine-state.js';
import { HEADSPACE_ID, isBroken } from '../run/experiment-record.js';
import { type Failure, type FailureKind, suggestedAction } from '../run/failure.js';
import { budgetWarnings } from '../schedule/budget.js';
import type { Diagnostic } from './diagnostic.js';
import { inQueue, slowSteps } from './slow-steps.js';
import type { QueueWait, UnderWay } from './under-way.js';

/** What the server tries again and again, and what waits for a worker that nobody runs. */
export interface StalledWork {
  /** `engine`, or a node id. */
  who: string;
  /** The workflow task, or an activity by its name. */
  what: string;
  /** Null of what waits and was never begun. */
  attempts: number | null;
  /** ISO 8601; null where the server does not say. */
  since: string | null;
  /** Of the last try; else what is missing. */
  failure: string;
  advice: string;
}

/** The clock and what the state does not tell. */
export interface Circumstances {
  nowMs: number;
  /** Whether an engine works on the run. */
  isServed: boolean;
  /** The workdir of which the one that is looked at is a copy; absent or null for none. */
  copyOf?: string | null;
  stalled: readonly StalledWork[];
  /** What is left on a disk that is as good as full, in words. */
  shortOfRoom?: string | null;
  /** What jobs in the queue of a cluster wait for, by node id; absent where nobody looked. */
  pending?: ReadonlyMap<string, QueueWait>;
}

/** The worst first. */
export function diagnosticsOf(record: RunRecord, underWay: readonly UnderWay[], now: Circumstances): Diagnostic[] {
  return [
    ...lacksRoom(record.state, now),
    ...now.stalled.map(stalledDiagnostic),
    ...unserved(record.state, now),
    ...withoutReports(record, now),
    ...slowSteps(record.state, underWay),
    ...slowPlanning(record.state, now),
    ...failedSetup(record.state),
    ...failedPlans(record),
    ...failedExperiments(record),
    ...doubted(record.state),
    ...inQueue(underWay),
    ...notes(record.state),
  ];
}

/** A server whose database lies there cannot even say what it tries again and again. */
function lacksRoom({ status }: EngineState, { shortOfRoom = null }: Circumstances): Diagnostic[] {
  if (shortOfRoom === null || !AT_WORK.includes(status)) return [];
  return [fullDisk(shortOfRoom)];
}

export function fullDisk(why: string): Diagnostic {
  return { level: 'stuck', what: 'the disk is full', since: null, why, advice: MAKE_ROOM };
}

export const MAKE_ROOM =
  'make room, and all of it goes on by itself: trees/ and local_jobs/ of runs that have stopped may go';

function stalledDiagnostic(work: StalledWork): Diagnostic {
  const { attempts, since, failure, advice } = work;
  const why = attempts === null ? failure : `the server tries it again and again (try ${attempts}): ${failure}`;
  return { level: 'stuck', what: subjectOf(work), since, why, advice };
}

function subjectOf({ who, what }: StalledWork): string {
  return `${who}: ${what}`;
}

/** Whether it tells of work that the server tries again and again. */
export function isOfStalled({ what }: Diagnostic, stalled: readonly StalledWork[]): boolean {
  return stalled.some((work) => subjectOf(work) === what);
}

const AT_WORK: readonly EngineState['status'][] = ['setup', 'running', 'draining'];

function unserved({ status, updatedAtMs }: EngineState, { isServed, copyOf = null }: Circumstances): Diagnostic[] {
  if (copyOf !== null) {
    const why = `${copyOf} holds the same run, whose commits, workflows and jobs are that one's`;
    return [{ level: 'note', what: 'this workdir is a copy', since: null, why, advice: 'look at the run there' }];
  }
  if (isServed || !AT_WORK.includes(status)) return [];
  return [
    {
      level: 'stuck',
      what: 'no engine works on the run',
      since: isoTime(updatedAtMs),
      why: 'its process has ended without a word: it was killed, the machine went down, or its workflow was ended or deleted in the Temporal server (logs/autoresearch.log tells); its jobs may go on',
      advice: '`autoresearch run` (or `start`) with the workdir goes on, and nothing is lost',
    },
  ];
}

function withoutReports({ lacksReports }: RunRecord, { isServed, copyOf = null }: Circumstances): Diagnostic[] {
  if (!lacksReports || isServed || copyOf !== null) return [];
  return [
    {
      level: 'stuck',
      what: 'the run has no last reports',
      since: null,
      why: 'it has stopped, and its engine went before it had made them',
      advice: '`autoresearch run` (or `start`) with the workdir makes them',
    },
  ];
}

const LONG_PLANNING_S = 600;

function slowPlanning({ planningSince }: EngineState, { nowMs }: Circumstances): Diagnostic[] {
  const forS = planningSince === null ? 0 : (nowMs - planningSince) / 1000;
  if (planningSince === null || forS < LONG_PLANNING_S) return [];
  return [
    {
      level: 'doubt',
      what: `a plan is being made for ${durationText(forS)}`,
      since: isoTime(planningSince),
      why: 'the agent has not answered yet, or its provider asks to wait',
      advice: 'logs/autoresearch.log tells of waits; running jobs go on meanwhile',
    },
  ];
}

function failedSetup({ setupFailures, seeded, status }: EngineState): Diagnostic[] {
  const last = setupFailures.at(-1);
  if (!last || seeded) return [];
  return [fromFailure(status === 'stopped' ? 'stuck' : 'failing', 'the set-up failed', last)];
}

function failedPlans({ plans }: RunRecord): Diagnostic[] {
  const last = plans.at(-1);
  if (!last) return [];
  if (last.failure) {
    const failed = plans.length - 1 - plans.findLastIndex(({ action }) => action !== 'failed');
    const what = failed === 1 ? 'the last plan failed' : `the last ${failed} plans failed`;
    return [fromFailure('failing', what, last.failure)];
  }
  if (last.accepted.length > 0 || last.refused.length === 0) return [];
  const reasons = last.refused.map(({ name, reason }) => `${name}: ${firstLine(reason)}`).join('; ');
  const advice =
    '`autoresearch note` tells the planner what to mind; `autoresearch add` queues an experiment of your own';
  const what = `all proposals of plan ${last.iteration} were refused`;
  return [{ level: 'failing', what, since: null, why: reasons, advice }];
}

/** Ends that are looked back at: a failure before these is history. */
const NEWEST_ENDS = 12;

/** One line for each kind among the newest ends. */
function failedExperiments({ state, ended }: RunRecord): Diagnostic[] {
  const byKind = new Map<FailureKind, { nodeId: string; failure: Failure; atMs: number }[]>();
  for (const { nodeId } of ended.slice(-NEWEST_ENDS)) {
    const row = state.experiments[nodeId];
    if (row?.state.status !== 'failed' || !isBroken(row)) continue;
    const { failure, completedAtMs: atMs } = row.state;
    byKind.set(failure.kind, [...(byKind.get(failure.kind) ?? []), { nodeId, failure, atMs }]);
  }
  return [...byKind].map(([kind, found]): Diagnostic => {
    const last = found.at(-1)!;
    const names = found
      .map(({ nodeId }) => nodeId)
      .slice(-3)
      .join(', ');
    const what = `${names}${found.length > 3 ? ` and ${found.length - 3} before` : ''} failed (${kind})`;
    const why = firstLine(last.failure.message);
    return { level: 'failing', what, since: isoTime(found[0]!.atMs), why, advice: suggestedAction(kind) };
  });
}

function doubted(state: EngineState): Diagnostic[] {
  const apart = Object.values(state.experiments).flatMap(({ nodeId, judged }): Diagnostic[] =>
    judged?.verdict === 'quarantine'
      ? [
          {
            level: 'doubt',
            what: `${nodeId} is set apart`,
            since: null,
            why: firstLine(judged.reason),
            advice: 'it is never the best; docs/believing-numbers.md says when a number is believed',
          },
        ]
      : [],
  );
  const ceiling: Diagnostic = {
    level: 'doubt',
    what: 'the headspace is not known',
    since: null,
    why: 'with cached data the job ran slower than the baseline, so that run measured something else',
    advice: 'nothing is held against it: the run goes on until patience or another limit ends it',
  };
  return [
    ...busyMachine(state),
    ...unclearRate(state),
    ...apart,
    ...(isNoCeiling(state, HEADSPACE_ID) ? [ceiling] : []),
  ];
}

function busyMachine(state: EngineState): Diagnostic[] {
  const why = busyMachineText(state);
  const advice =
    'measure on a machine that does nothing else: end the other work, or let the run wait (`autoresearch pause`)';
  return why === null ? [] : [{ level: 'doubt', what: 'the machine is busy', since: null, why, advice }];
}

function unclearRate(state: EngineState): Diagnostic[] {
  const why = unclearRateText(state);
  const advice = 'let each line name its rank, and one the number of ranks (docs/ranks.md)';
  return why === null ? [] : [{ level: 'doubt', what: 'the throughput', since: null, why, advice }];
}

function notes(state: EngineState): Diagnostic[] {
  const found = budgetWarnings(state).map(
    (why): Diagnostic => ({
      level: 'note',
      what: 'budget',
      since: null,
      why,
      advice: '`autoresearch set` raises it; at the limit what runs may finish, and nothing new starts',
    }),
  );
  for (const each of state.unchecked ?? []) {
    const advice = each.waits ? 'the next start of the engine checks it again' : 'give it again';
    found.push({ level: 'failing', what: `addition ${each.given}`, since: null, why: uncheckedText(each), advice });
  }
  if (state.status === 'paused') {
    const why = 'somebody paused the run: running jobs go on, and no new one starts';
    found.push({ level: 'note', what: 'paused', since: null, why, advice: '`autoresearch resume` goes on' });
  }
  return found;
}

function fromFailure(level: Diagnostic['level'], what: string, { kind, message, created_at }: Failure): Diagnostic {
  return { level, what, since: created_at, why: `${kind}: ${firstLine(message)}`, advice: suggestedAction(kind) };
}

const LINE_LIMIT = 300;

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line;
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
