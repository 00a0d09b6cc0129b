/**
 * One answer under one key: found on disk, or asked for. Each request is settled once, with what it cost, whatever it
 * came to, and before anything else is done: an interruption at any point neither repeats it nor forgets it.
 */

import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { AgentAnswer, AgentTask, CodingAgent } from '../../agents/agent.js';
import { agentFailure, CutReply, isInterrupted, isProviderWait, spentOf } from '../../agents/agent-failure.js';
import { type Call, type CallRecord, logTime } from '../../agents/call-record.js';
import { promptText } from '../../agents/prompts/prompt-parts.js';
import { promptParts } from '../../agents/prompts/task-prompt.js';
import { makeKeyTurns } from '../../host/in-turn.js';
import type { RunContext } from '../../workdir/run-context.js';
import { activitySignal } from '../guard/activity-pulse.js';
import { elsewhere, readingWhatIsLeft } from './ask-elsewhere.js';
import { createAgent } from './make-agent.js';

/** An agent that fails so often at one question fails at it. */
const REQUESTS_PER_QUESTION = 6;
/** No person ends one command so often: something on the machine does, each time, and each time may be paid for. */
const INTERRUPTIONS_PER_QUESTION = 20;
/** A reply that ends before it is whole is asked for once more, with more room. */
const CUT_REPLIES = 2;

export interface AgentCalls {
  call(task: AgentTask): Promise<AgentAnswer>;
  /** The answer is there and of no use: whoever asks again, after this asking, gets a new one. */
  end(key: string, message: string): Promise<void>;
}

export function makeAgentCalls(context: RunContext, record: CallRecord, client: Client | null): AgentCalls {
  const { agent_queue: queue } = context.config;
  const outside = randomUUID();
  const inTurn = makeKeyTurns();

  async function call(task: AgentTask): Promise<AgentAnswer> {
    const signal = context.signal ?? activitySignal();
    // An engine that was reset asks again while the activity of its former run still asks.
    return await inTurn(task.key, () => findOrAsk(task, signal), signal);
  }

  async function findOrAsk(task: AgentTask, signal: AbortSignal): Promise<AgentAnswer> {
    const { key } = task;
    const asking = currentAsking(outside);
    let known = await record.open(key, asking);
    const answer = await record.answer(known);
    if (answer) {
      context.log(`${key}: the answer is on disk, the agent is not asked again`);
      return answer;
    }
    await record.endLeftover(key);
    const { knowledge_dir: knowledgeDir, prompt_budget: budget } = context.config;
    const { leftOut, ...parts } = await promptParts(task, { knowledgeDir, budget });
    if (leftOut.length > 0)
      context.log(`${key}: the prompt has ${budget} tokens for its stable part, which leave out ${leftOut.join(', ')}`);
    const prompt = promptText(parts);
    for (;;) {
      if (known.ended) throw agentFailure(known.ended.message, { retryable: false });
      const time = logTime(new Date());
      await record.logPrompt(time, key, prompt);
      const agent = agentFor(known);
      context.log(`${key}: asking ${agent.name}${queue === '' ? '' : ` on the agents' queue ${queue}`}`);
      try {
        const given = await agent.answer(task, prompt, signal, parts, known.cuts.length);
        await record.settleAnswer(known, time, agent.name, given);
        return given;
      } catch (error) {
        if (!(error instanceof CutReply)) throw await settleFailure(known, asking, error);
        await record.logReply(time, `${key}_cut`, agent.name, error.reply);
        known = await settleCut(known, asking, error);
      }
    }
  }

  function agentFor(known: Call): CodingAgent {
    const replyFile = record.replyFile(known);
    const hooks = { onStart: (pid: number) => record.started(known.key, pid), replyFile };
    if (queue === '') return createAgent(context.config, hooks);
    if (client === null)
      throw agentFailure(`the agent is called on the queue ${queue}, by a run's engine`, { retryable: false });
    const call = `${known.key}.${known.costs.length}`;
    return readingWhatIsLeft(
      createAgent(context.config, { ...hooks, elsewhere: elsewhere(client, context, { call, replyFile }) }),
    );
  }

  /** Paid for, and of no use. */
  async function settleCut(known: Call, asking: string, { reason, reply }: CutReply): Promise<Call> {
    const cuts = [...known.cuts, reason];
    context.log(`${known.key}: the reply is not whole: ${reason}`);
    const message = `the model gave no whole answer (${cuts.join(', then ')}); ask for smaller changes, or use another model`;
    const ended = cuts.length < CUT_REPLIES ? null : { asking, message };
    return await record.settle(known, { ...reply, unansweredCalls: 0 }, { cuts, ended });
  }

  /**
   * Books what a failed request cost, and ends the tries when it failed too often; a wait that a provider names is no
   * failure.
   */
  async function settleFailure(known: Call, asking: string, error: unknown): Promise<unknown> {
    const cost = spentOf(error);
    if (!cost || !(error instanceof ApplicationFailure)) return error;
    const { message } = error;
    const isEnded = isInterrupted(error);
    const failures = known.failures + (isProviderWait(error) || isEnded ? 0 : 1);
    const interruptions = known.interruptions + (isEnded ? 1 : 0);
    const isLast =
      error.nonRetryable || failures >= REQUESTS_PER_QUESTION || interruptions >= INTERRUPTIONS_PER_QUESTION;
    await record.settle(known, cost, { failures, interruptions, ended: isLast ? { asking, message } : null });
    if (!isLast || error.nonRetryable) return error;
    const { type, details } = error;
    return ApplicationFailure.create({
      message,
      type: type ?? 'agent_failed',
      details: details ?? [],
      nonRetryable: true,
    });
  }

  return {
    call,
    async end(key, message) {
      const asking = currentAsking(outside);
      await record.end(await record.open(key, asking), asking, message);
    },
  };
}

/** All tries of an activity are one asking; outside of activities, all that one caller asks. */
function currentAsking(outside: string): string {
  try {
    const { workflowExecution, activityId } = Context.current().info;
    return `${workflowExecution?.runId} ${activityId}`;
  } catch {
    return outside;
  }
}
