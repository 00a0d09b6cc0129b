/** Where an engine begins: with what the run before it carried over, with what the event log tells, or with nothing. */
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { type Carried, type Read, readCarried, readState } from '../domain/run/carried-format.js';
import { carriedState } from '../domain/run/carried-state.js';
import { initialState } from '../domain/run/engine-state.js';
import { files } from './activity-options.js';

/** As its failure's type names it. */
const CANNOT_BE_READ = 'carried_state_unreadable';

export type Beginning = Carried & { isContinued: boolean };

/** Of the run before it. Fails the engine where that cannot be read: every try would stumble over it anew. */
export function continued(carried: Carried): Beginning {
  const advice =
    'nothing is lost: `autoresearch run <workdir>` begins a new engine from the event log, and the jobs go on meanwhile';
  const read = readCarried(carried);
  return { ...readable(read, `this engine cannot go on with what it was handed over; ${advice}`), isContinued: true };
}

/** Of an engine that ended, or nothing. */
export async function fromLog(run: string): Promise<Beginning> {
  const logged = await files.loadState({ run, chain: workflowInfo().firstExecutionRunId });
  const advice = 'restore engine/events.jsonl from a backup, or serve the run with the version that wrote it';
  const state =
    logged === null
      ? initialState(run)
      : readable(readState(logged), `the event log cannot be gone on with; ${advice}`);
  return { state, exportedSeq: state.seq, chartsAtMs: 0, isContinued: false };
}

/** What the next run of the engine begins with; everything is exported. */
export function toCarry({ state }: Pick<Carried, 'state'>, chartsAtMs: number): Carried {
  return { state: carriedState(state), exportedSeq: state.seq, chartsAtMs };
}

function readable<T>(read: Read<T>, otherwise: string): T {
  if (read.ok) return read.value;
  throw ApplicationFailure.nonRetryable(`${read.problem}: ${otherwise}`, CANNOT_BE_READ);
}
