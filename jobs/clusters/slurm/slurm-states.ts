/** What squeue and sacct print of jobs, as the states that the engine knows. Pure. */
import type { EndCause } from '../../../domain/verdict/end-cause.js';
import type { SchedulerState } from '../scheduler.js';

/** Fields of squeue, each with what stands behind it. */
export const SQUEUE_FIELDS = 'JobID:|,State:|,exit_code:|,StartTime:|,EndTime:|,Reason:|,Command:|,NodeList:|';
/** The same of sacct (--parsable2). */
export const SACCT_FIELDS = 'JobIDRaw,State,ExitCode,Start,End,Reason,NodeList';

export interface SlurmRow {
  id: string;
  /** Slurm's own word, without "by 1000". */
  state: string;
  returnCode: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  reason: string;
  /** Its hosts, as Slurm writes them; '' where it had none. */
  hosts: string;
  /** The batch script with its arguments; '' where that is not asked for. */
  command: string;
}

/** Times are Unix seconds (SLURM_TIME_FORMAT). What is no row of a job is left out: the name of a cluster, say. */
export function readSqueue(text: string): SlurmRow[] {
  return rowsOf(text, true, (code) => returnCodeOfWait(Number(code)));
}

/** Steps of a job (`12.batch`) are left out. */
export function readSacct(text: string): SlurmRow[] {
  return rowsOf(text, false, (code) => {
    const [exit = 0, signal = 0] = code.split(':').map(Number);
    return signal > 0 ? -signal : exit;
  });
}

function rowsOf(text: string, isOfSqueue: boolean, codeOf: (text: string) => number): SlurmRow[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', state = '', code = '', start = '', end = '', reason = '', ...more] = line.split('|');
    const [command = '', hosts = ''] = isOfSqueue ? more : ['', ...more];
    if (!/^\d+$/.test(id.trim()) || state === '') return [];
    return [
      {
        id: id.trim(),
        state: state.trim().split(/[\s+]/)[0]!,
        returnCode: codeOf(code.trim()),
        startedAtMs: timeOf(start),
        endedAtMs: timeOf(end),
        reason: reason.trim(),
        hosts: /^(?:none assigned|\(null\))$/i.test(hosts.trim()) ? '' : hosts.trim(),
        command: command.trim(),
      },
    ];
  });
}

/** As wait(2) gives it. */
function returnCodeOfWait(status: number): number {
  if (!Number.isInteger(status)) return 0;
  const signal = status & 0x7f;
  return signal > 0 ? -signal : status >> 8;
}

/** N/A, NONE and Unknown are none. */
function timeOf(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text) * 1000 : null;
}

/** Of these Slurm says that the job cannot start, whatever becomes free. */
const NEVER = new Set([
  'AccountNotAllowed',
  'BadConstraints',
  'DependencyNeverSatisfied',
  'InvalidAccount',
  'InvalidQOS',
  'QOSNotAllowed',
]);

/** The job waits for what will not come: it is taken out of the queue. */
export function cannotStart({ state, reason }: SlurmRow): boolean {
  return isWaiting(state) && NEVER.has(reason);
}

/** What a person can do about a wait that does not pass by itself; '' for any other. */
function adviceFor({ id, reason }: SlurmRow): string {
  if (/^JobHeldUser$/.test(reason)) return `: it is held, \`scontrol release ${id}\` lets it go on`;
  if (/held/i.test(reason)) return `: it is held, an administrator can let it go on (\`scontrol release ${id}\`)`;
  return reason === 'PartitionTimeLimit' ? ': the partition allows less than --job-timeout, which can be lowered' : '';
}

const WAITING = /^(?:PENDING|CONFIGURING|REQUEUED|REQUEUE_FED|REQUEUE_HOLD|RESV_DEL_HOLD|SPECIAL_EXIT)$/;
const GOES_ON = /^(?:RUNNING|COMPLETING|RESIZING|SIGNALING|STAGE_OUT|STOPPED|SUSPENDED)$/;
const isWaiting = (state: string) => WAITING.test(state);

const CAUSES: Readonly<Record<string, EndCause>> = {
  BOOT_FAIL: 'node_failed',
  CANCELLED: 'cancelled',
  COMPLETED: 'exit',
  FAILED: 'exit',
  NODE_FAIL: 'node_failed',
  OUT_OF_MEMORY: 'out_of_memory',
  PREEMPTED: 'preempted',
  REVOKED: 'lost',
  TIMEOUT: 'timeout',
};

/** A cluster without control groups has no other word for one that took too much memory. */
export function endedByItself({ state }: SlurmRow): boolean {
  return CAUSES[state] === 'exit';
}

/** As Slurm writes it into the output of the job. */
export function saysOutOfMemory(output: string): boolean {
  return /exceeded (?:job |step )?memory limit|oom[-_]kill/i.test(output);
}

/** A state that this program does not know is one of a job that goes on. */
export function stateOf(row: SlurmRow): SchedulerState {
  const { state, returnCode, startedAtMs, endedAtMs, reason } = row;
  if (isWaiting(state) && !cannotStart(row)) return { state: 'pending', reason: `${words(row)}${adviceFor(row)}` };
  const cause = cannotStart(row) ? 'never_started' : endOf(row);
  if (cause === null || GOES_ON.test(state))
    return { state: 'running', ...(startedAtMs === null ? {} : { startedAtMs }) };
  return {
    state: 'ended',
    cause,
    returnCode: cause === 'never_started' ? null : returnCode,
    ...(startedAtMs === null ? {} : { startedAtMs }),
    ...(endedAtMs === null ? {} : { endedAtMs }),
    said: state === 'COMPLETED' || (reason === 'NonZeroExitCode' && cause === 'exit') ? undefined : words(row),
  };
}

function endOf({ state, reason, returnCode, startedAtMs, endedAtMs }: SlurmRow): EndCause | null {
  // One that never ran is told with its end as its start, too.
  if (state === 'DEADLINE') return startedAtMs === null || startedAtMs === endedAtMs ? 'never_started' : 'timeout';
  const cause = CAUSES[state];
  if (cause === undefined) return null;
  if ((state === 'FAILED' || state === 'CANCELLED') && NEVER.has(reason)) return 'never_started';
  // The script came not as far as a signal or a code of its own: the host could not start it.
  const isUnbegun = state === 'FAILED' && reason === 'JobLaunchFailure' && [0, 1, -1].includes(returnCode);
  return isUnbegun ? 'never_started' : cause;
}

function words({ state, reason, hosts }: SlurmRow): string {
  const where = state === 'NODE_FAIL' && hosts !== '' ? ` of ${hosts}` : '';
  return reason === '' || reason === 'None' ? `Slurm: ${state}${where}` : `Slurm: ${state}${where}, ${reason}`;
}
