/**
 * One call of an agent on the queue of its own: waits for a worker there, and never has a call made twice unasked.
 * Whoever asked attaches to it by its id, also after a death, so that its result is the call's draft.
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  type AgentActivities,
  type AgentCallInput,
  type AgentCallOutcome,
  CALL_LEFT,
} from '../domain/protocol/agent-calls.js';

const SECOND = 1000;
/** As of every activity (activity-options.ts): five beats of three seconds may be missed. */
const heartbeatTimeout = 15 * SECOND;
/** Above the program's own limit, which the worker keeps: for its start, and for what a killed worker left at work. */
const BESIDE_THE_CALL_MS = 5 * 60 * SECOND;
/** Attempts that ended before the program began: a worker without the key of the payloads, a disk that is full. */
const TRIES = 8;
const PAUSE_MS = { first: 2 * SECOND, longest: 60 * SECOND };

export async function agentCallWorkflow({ queue, call }: AgentCallInput): Promise<AgentCallOutcome> {
  const { callAgent } = proxyActivities<AgentActivities>({
    taskQueue: queue,
    // It waits for a worker without end: nothing is paid meanwhile, and whoever asked may give it up.
    startToCloseTimeout: call.timeoutMs + BESIDE_THE_CALL_MS,
    heartbeatTimeout,
    // An attempt whose worker died may have been paid for: what follows it is decided here.
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  let mayHaveBegun = false;
  for (let tries = 1; ; ) {
    try {
      return await callAgent({ ...call, mayHaveBegun });
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      const { cause } = error;
      if (cause instanceof TimeoutFailure || (cause instanceof ApplicationFailure && cause.type === CALL_LEFT)) {
        mayHaveBegun = true;
        continue;
      }
      if (tries >= TRIES) return refusal(mayHaveBegun, cause?.message ?? error.message);
      await sleep(Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** (tries - 1)));
      tries += 1;
    }
  }
}

function refusal(mayHaveBegun: boolean, why: string): AgentCallOutcome {
  const reason = `an agents' worker cannot make the call: ${why}`;
  return mayHaveBegun ? { is: 'lost', reason } : { is: 'refused', reason };
}
