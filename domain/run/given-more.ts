/**
 * What a person gives to a run that has ended: messages that wait in the workdir until an engine starts. Decides
 * whether the run goes on with them, or would end again at once.
 */

import * as steering from '../protocol/steering-messages.js';
import { affordable, describeLimit } from '../schedule/budget.js';
import { limitReached } from '../schedule/planned-moves.js';
import { planningVerdict } from '../schedule/planning.js';
import { applyEvent } from './apply-event.js';
import type { EngineState } from './engine-state.js';
import type { EventBody } from './event-types.js';
import { followUpNodeId } from './experiment-record.js';
import { isRaised, type Limits, type StopReason } from './limits.js';

/** What is wrong with one, or null: it comes from a file. */
export function givenProblem(given: steering.GivenMessage): string | null {
  if (given.do === 'note') return steering.noteProblem(given.message);
  if (given.do === 'set_limits') return steering.setLimitsProblem(given.message);
  return steering.addProblem(given.message);
}

/** Later ones override earlier ones. */
export function givenLimits(given: readonly steering.GivenMessage[]): Partial<Limits> {
  return Object.assign({}, ...given.map((each) => (each.do === 'set_limits' ? steering.limitsFrom(each.message) : {})));
}

/** Whether a run that has stopped is given something to do, so that what it had concluded does not end it again. */
export function isGivenMore(state: EngineState, limits: Limits, given: readonly steering.GivenMessage[]): boolean {
  return state.notes.length > 0 || isRaised(state.limits, limits) || given.some((each) => each.do !== 'set_limits');
}

/** Why the run would end at once if it were started with these; null when it goes on. */
export function endsAtOnce(
  before: EngineState,
  given: readonly steering.GivenMessage[],
): { reason: StopReason; detail: string } | null {
  // What a failed set-up needs is mended outside of the run: the next one tries again.
  if (before.baseCommit === null) return null;
  const state = structuredClone(before);
  const tell = (body: EventBody) => applyEvent(state, { seq: state.seq + 1, atMs: state.updatedAtMs, ...body });
  const limits = { ...state.limits, ...givenLimits(given) };
  const anew = isGivenMore(state, limits, given) ? { anew: true } : {};
  tell({ type: 'run_started', run: state.run, limits, passesOver: true, ...anew });
  for (const each of given) {
    if (each.do === 'note') tell({ type: 'note_added', text: each.message.text });
    if (each.do === 'add') tell({ type: 'experiment_added', experiment: placeholder(state, each) });
  }
  // Whatever would be prepared could not be measured.
  const job = affordable(state, ['job']);
  const limit = limitReached(state, state.updatedAtMs, limits.maxConcurrency) ?? (job.ok ? null : job.reason);
  if (limit) return { reason: limit, detail: describeLimit(state, limit) };
  const verdict = planningVerdict(state);
  return verdict.do === 'end' && state.open.length === 0 ? { reason: verdict.reason, detail: verdict.detail } : null;
}

function placeholder(state: EngineState, { request, message }: Extract<steering.GivenMessage, { do: 'add' }>) {
  const { name, priority = 0 } = message.experiment;
  return {
    nodeId: followUpNodeId(state.nextCounter, name),
    name,
    kind: 'user' as const,
    origin: { from: 'user' as const, request },
    parentId: null,
    startCommit: null,
    priority,
    changeSet: [name],
    tags: [],
  };
}
