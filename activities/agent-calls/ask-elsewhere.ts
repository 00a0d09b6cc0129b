/**
 * Has a call of the agent made by a worker of the agents' queue, on a host that has the key. The call is a workflow of
 * a name of its own: whoever asks again, after a death at any moment, attaches to it, and pays for nothing twice.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Context } from '@temporalio/activity';
import {
  type Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { CodingAgent } from '../../agents/agent.js';
import { agentFailure } from '../../agents/agent-failure.js';
import { type AgentHooks, replyIn } from '../../agents/agent-process.js';
import {
  type AgentCallInput,
  type AgentCallOutcome,
  type AgentElsewhere,
  TRAVELS_BYTES,
} from '../../domain/protocol/agent-calls.js';
import { agentCallWorkflowId, agentQueueFor, taskQueueFor } from '../../domain/run/naming.js';
import { writeFileAtomic } from '../../host/atomic-file.js';
import type { RunContext } from '../../workdir/run-context.js';

type Elsewhere = NonNullable<AgentHooks['elsewhere']>;

export interface AskedCall {
  /** The key of the question and the number of the request. */
  call: string;
  /** As of a call of this host: while it is there, a request was made whose cost is not written down. */
  replyFile: string;
}

/** A server that is away is asked again so often. */
const PAUSE_MS = 1000;
/** A call that is given up is waited for, so that its program has ended; a heartbeat brings the word within 5 s. */
const ENDING_MS = 20_000;
/** What nobody knows the price of is booked as that. */
const NOBODY_KNOWS = { costUsd: null, usage: {}, unansweredCalls: 1 };

/** What a killed worker's call had printed is in the reply file now, where the agent looks first. */
class ReplyLeft extends Error {}

export function elsewhere(client: Client, { config, log }: RunContext, { call, replyFile }: AskedCall): Elsewhere {
  return async ({ task, prompt, timeoutMs, signal }) => {
    const input: AgentCallInput = {
      queue: agentQueueFor(config.agent_queue),
      call: {
        run: config.run_id,
        call,
        agent: config.agent as AgentElsewhere,
        model: config.model,
        effort: config.effort,
        phase: task.phase,
        nodeId: task.nodeId,
        prompt,
        timeoutMs,
      },
    };
    const bytes = gzipSync(JSON.stringify(input)).length;
    if (bytes > TRAVELS_BYTES) {
      const size = `the prompt has ${bytes} bytes, compressed, and ${TRAVELS_BYTES} can travel to the agents' queue`;
      throw agentFailure(`${size}: give less knowledge, or start a run without --agent-queue`, { retryable: false });
    }
    const outcome = await outcomeOf({ client, input, replyFile, signal });
    switch (outcome.is) {
      case 'ended':
        return outcome;
      case 'refused':
        throw agentFailure(`agents' queue ${config.agent_queue}: ${outcome.reason}`, { retryable: false });
      case 'left':
        log(`${call}: the agents' worker died meanwhile; what its call had printed is read`);
        // A reply that is there already was of no use to the agent: it was cut short.
        if ((await replyIn(replyFile)) === '') {
          await writeFileAtomic(replyFile, outcome.stdout);
          throw new ReplyLeft();
        }
        return lost('its worker died before the reply was whole');
      case 'lost':
        return lost(outcome.reason);
    }
  };

  /** It has failed at nothing, and is made again, under another number. */
  function lost(reason: string): never {
    log(`${call}: the call is lost, and booked as one of which nobody knows the price: ${reason}`);
    const message = `a call on the agents' queue ${config.agent_queue} is lost, and may have been charged: ${reason}`;
    throw agentFailure(message, { retryable: true, interrupted: true, spent: NOBODY_KNOWS });
  }
}

/** The agent, that reads once what a killed worker's call had printed. */
export function readingWhatIsLeft(agent: CodingAgent): CodingAgent {
  return {
    name: agent.name,
    async answer(...asked) {
      try {
        return await agent.answer(...asked);
      } catch (error) {
        if (error instanceof ReplyLeft) return await agent.answer(...asked);
        throw error;
      }
    },
  };
}

interface Asking {
  client: Client;
  input: AgentCallInput;
  replyFile: string;
  signal: AbortSignal;
}

async function outcomeOf({ client, input, replyFile, signal }: Asking): Promise<AgentCallOutcome> {
  const { run, call } = input.call;
  const workflowId = agentCallWorkflowId(run, call);
  const handle = client.workflow.getHandle<(of: AgentCallInput) => Promise<AgentCallOutcome>>(workflowId);
  let end: Promise<AgentCallOutcome> | null = null;
  for (;;) {
    signal.throwIfAborted();
    try {
      // Where the mark is there, the workflow was begun: a server that does not know it has lost it.
      if (!existsSync(replyFile)) {
        const how = { workflowId, taskQueue: taskQueueFor(run), args: [input] as [AgentCallInput] };
        await client.workflow
          .start('agentCallWorkflow', { ...how, workflowIdReusePolicy: 'REJECT_DUPLICATE' })
          .catch((error: unknown) => {
            if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
          });
        await writeFileAtomic(replyFile, '');
      }
      end = handle.result();
      end.catch(() => undefined);
      return await Promise.race([end, aborted(signal)]);
    } catch (error) {
      if (signal.aborted) await giveUp(handle, end);
      signal.throwIfAborted();
      if (error instanceof WorkflowNotFoundError)
        return { is: 'lost', reason: 'the Temporal server does not know it any more' };
      if (error instanceof WorkflowFailedError)
        return { is: 'lost', reason: `it ended without a result: ${error.cause?.message ?? error.message}` };
      if (!isGrpcServiceError(error)) throw error;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}

/** A worker of the run that ends leaves the call to the next; what a person cancels is cancelled there, too. */
async function giveUp(handle: { cancel(): Promise<unknown> }, end: Promise<unknown> | null): Promise<void> {
  if (!isCancelled()) return;
  await handle.cancel().catch(() => undefined);
  await Promise.race([end?.catch(() => undefined), sleep(ENDING_MS, undefined, { ref: false })]);
}

function isCancelled(): boolean {
  try {
    return Context.current().cancellationDetails?.cancelRequested === true;
  } catch {
    return true;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
