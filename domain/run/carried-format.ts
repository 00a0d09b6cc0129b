/**
 * What an engine carries over continue-as-new, as it is read: checked, and brought up to date by one pure step for each
 * older version of the state. What cannot be read is refused in words: an engine that stumbled over it would do so for
 * ever.
 */
import { type EngineState, initialState, openRows } from './engine-state.js';
import { withLaterLimits } from './limits.js';
import { count, number, shaped } from './shape-check.js';
import { checkState } from './state-shape.js';

export interface Carried {
  state: EngineState;
  exportedSeq: number;
  chartsAtMs: number;
}

export type Read<T> = { ok: true; value: T } | { ok: false; problem: string };

/** The version that this program writes. */
export const STATE_VERSION = initialState('').stateVersion;

type Fields = Record<string, unknown>;

/**
 * From each older version to the one after it. 1: `earlierMs` came while that was the version; without it nothing is
 * known of the time before the last event. Examples of every version are in test/fixtures/carried-state.
 */
const STEPS: Record<number, (state: Fields) => Fields> = {
  1: (state) => ({ earlierMs: state.updatedAtMs, ...state, stateVersion: 2 }),
};

export function readState(value: unknown): Read<EngineState> {
  const unversioned = shaped({ stateVersion: count })(value, 'state');
  if (unversioned !== null) return { ok: false, problem: unversioned };
  let state = value as Fields & { stateVersion: number };
  if (state.stateVersion > STATE_VERSION || state.stateVersion < 1) {
    const known = `versions 1 to ${STATE_VERSION}`;
    return { ok: false, problem: `state.stateVersion is ${state.stateVersion}, and this program reads ${known}` };
  }
  for (let step = STEPS[state.stateVersion]; step; step = STEPS[state.stateVersion])
    state = step(state) as typeof state;
  state = withLimits(state);
  const problem = checkState(state, 'state') ?? danglingProblem(state as unknown as EngineState);
  return problem === null ? { ok: true, value: withJobs(state as unknown as EngineState) } : { ok: false, problem };
}

/** Jobs came to be counted while version 2 was in force: one that was not counted is one for each that has ended. */
function withJobs(state: EngineState): EngineState {
  const { completed, failed, cancelled } = state.tally;
  const running = openRows(state).filter(({ state: now }) => 'slot' in now || now.status === 'analyzing').length;
  const jobs = completed + failed + cancelled + running;
  return state.jobs !== undefined || jobs === 0 ? state : { ...state, jobs };
}

/** What is no record is left for the check. */
function withLimits<T extends Fields>(state: T): T {
  const { limits } = state;
  return typeof limits === 'object' && limits !== null ? { ...state, limits: withLaterLimits(limits) } : state;
}

export function readCarried(value: unknown): Read<Carried> {
  const problem = shaped({ exportedSeq: count, chartsAtMs: number })(value, 'carried');
  if (problem !== null) return { ok: false, problem };
  const { state, exportedSeq, chartsAtMs } = value as Carried;
  const read = readState(state);
  return read.ok ? { ok: true, value: { state: read.value, exportedSeq, chartsAtMs } } : read;
}

/** Experiments that are named must be there, under their own names. */
function danglingProblem({ open, best, confirmation, experiments }: EngineState): string | null {
  const lists = {
    open,
    best: best === null ? [] : [best],
    'confirmation.candidates': confirmation?.candidates ?? [],
  };
  for (const [field, nodeIds] of Object.entries(lists)) {
    const missing = nodeIds.find((nodeId) => !Object.hasOwn(experiments, nodeId));
    if (missing !== undefined)
      return `state.${field} names ${JSON.stringify(missing)}, which is missing in state.experiments`;
  }
  const [key, other] = Object.entries(experiments).find(([id, { nodeId }]) => id !== nodeId) ?? [];
  if (other)
    return `state.experiments.${key}.nodeId must be ${JSON.stringify(key)}, not ${JSON.stringify(other.nodeId)}`;
  return null;
}
