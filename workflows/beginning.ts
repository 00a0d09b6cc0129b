/** What an engine does before its first decision: what it was given comes into force, and the run is set up. */
import { isCancellation, log, patched, workflowInfo } from '@temporalio/workflow';
import type { EngineInput } from '../domain/protocol/messages.js';
import {
  approvalFrom,
  type GivenMessage,
  limitsFrom,
  setApprovalProblem,
} from '../domain/protocol/steering-messages.js';
import { isSameApproval } from '../domain/run/approval-rules.js';
import { givenLimits, isGivenMore } from '../domain/run/given-more.js';
import { spentOfFailure } from '../domain/run/ledger.js';
import { DEFAULT_LIMITS } from '../domain/run/limits.js';
import { affordable } from '../domain/schedule/budget.js';
import { reservationsFor, settlement } from '../domain/schedule/settlement.js';
import * as activities from './activity-options.js';
import { tellUnchecked } from './adding.js';
import { failureFrom } from './failure-value.js';
import { isLeft, untilGoingOn } from './going-on.js';
import type { Journal } from './journal.js';
import type { handleSteering } from './steering.js';

/** `recovers`: the run began with an engine that recovers what is lost. */
export function recordStart(
  journal: Journal,
  input: EngineInput,
  given: readonly GivenMessage[],
  recovers: boolean,
): void {
  const { state } = journal;
  const { firstExecutionRunId } = workflowInfo();
  const chain = patched('limits-count-once') ? { chain: firstExecutionRunId } : {};
  // One that was reset to before its start is given the same again, and those limits may have been changed since.
  const isPutBack = state.chain !== undefined && state.chain === chain.chain;
  const before = { ...(state.seq === 0 ? DEFAULT_LIMITS : state.limits), ...(isPutBack ? {} : givenLimits(given)) };
  const limits = { ...before, ...(isPutBack ? {} : limitsFrom(input.limits ?? {})) };
  const isAnew = recovers && state.status === 'stopped' && isGivenMore(state, limits, given);
  const requests = given.flatMap((each) => (each.do === 'set_limits' ? [each.request] : []));
  const taken = requests.length > 0 ? { taken: requests } : {};
  const rule = patched('passes-over-what-is-kept-back') ? { passesOver: true } : {};
  const anew = isAnew ? { anew: true } : {};
  journal.record({ type: 'run_started', run: input.run, limits, ...anew, ...taken, ...rule, ...chain });
  for (const each of given) {
    if (each.do === 'note') journal.record({ type: 'note_added', text: each.message.text, request: each.request });
  }
  if (input.approval !== undefined && setApprovalProblem(input.approval) === null) {
    const approval = approvalFrom(input.approval);
    if (!isSameApproval(approval, state.approval ?? null)) journal.record({ type: 'approval_set', approval });
  }
  const setupMoney = affordable(state, ['setup']);
  if (state.baseCommit === null && setupMoney.ok)
    journal.record({ type: 'setup_started', money: reservationsFor(setupMoney) });
}

/** A failure is recorded, and ends the run. */
export async function setUp(journal: Journal, run: string): Promise<void> {
  try {
    const { seeds, ...found } = await activities.source.setup({ run });
    const { anchorCommit, practices, repair, confirmation, needsBaseline, needsMeasuredBaseline } = found;
    if (isLeft(journal.state)) await untilGoingOn(journal.state);
    const { baseCommit, spent } = await activities.agent.instrument({ run });
    const money = settlement('setup', spent);
    const rules = {
      ...(confirmation ? { confirmation } : {}),
      ...(needsBaseline ? { needsBaseline } : {}),
      ...(needsMeasuredBaseline ? { needsMeasuredBaseline } : {}),
    };
    journal.record({ type: 'setup_completed', anchorCommit, baseCommit, practices, repair, ...rules, money });
    for (const experiment of seeds) journal.record({ type: 'experiment_added', experiment });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const record = failureFrom(error, 'setup_source_failed');
    journal.record({ type: 'setup_failed', failure: record, money: settlement('setup', spentOfFailure(record)) });
  }
}

/**
 * After the set-up, as the code of experiments is held against its commit. What cannot be checked waits for the next
 * engine.
 */
export async function addGiven(
  journal: Journal,
  steering: Pick<ReturnType<typeof handleSteering>, 'add'>,
  given: readonly GivenMessage[],
): Promise<void> {
  for (const each of given) {
    if (each.do !== 'add') continue;
    try {
      const { request, message } = each;
      const { accepted, message: reason } = await steering.add({ ...message, request });
      if (accepted) continue;
      log.warn(`add ${request} refused: ${reason}`);
      const given = `add ${message.experiment.name}`;
      if (patched('tells-what-it-refuses')) journal.record({ type: 'given_refused', request, given, reason });
    } catch (error) {
      const { message: reason } = failureFrom(error, 'unexpected_exception');
      log.warn(`add ${each.request} was not checked: ${reason}`);
      tellUnchecked(journal, each.message, { request: each.request, reason, waits: true });
    }
  }
}
