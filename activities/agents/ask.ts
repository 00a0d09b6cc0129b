/**
 * One call of an agent from task to checked value: the answer on disk is used again, prompt, output and raw reply are
 * logged, a reply that cannot be used goes back once with the reason, and what is refused twice is a typed failure.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { FailureKind } from '../../domain/failure.js';
import { failureDetailsOf, type Spent } from '../../domain/ledger.js';
import { raise } from '../activity-failure.js';
import { activitySignal } from '../activity-pulse.js';
import { promptParts, promptText } from '../prompts/task-prompt.js';
import type { RunContext } from '../run-context.js';
import type { AgentAnswer, AgentTask, CodingAgent } from './agent.js';
import { isProviderWait, spentOf } from './agent-failure.js';
import { CallRecord, logTime } from './call-record.js';
import { createAgent } from './index.js';
import type { Parsed } from './parse-reply.js';

export interface Question<T> {
  task: AgentTask;
  /** Turns the text into a value, or says why it cannot be used. */
  read(text: string): Promise<Parsed<T>> | Parsed<T>;
  /** What a reply that is refused twice is called. */
  failure: FailureKind;
}

/** `spent` is the whole cost of the question: its calls so far, the refused and the failed ones included. */
export interface Ask {
  <T>(question: Question<T>): Promise<{ value: T; text: string; spent: Spent }>;
  /** The same for a question that was answered earlier; nothing when it was never asked. */
  spentOn(key: string): Promise<Spent>;
}

/** An agent that fails so often at one question fails at it. */
const CALLS_PER_QUESTION = 6;

export function makeAsk(context: RunContext): Ask {
  const record = new CallRecord(context.workdir);

  async function call(task: AgentTask): Promise<AgentAnswer> {
    const known = await record.answered(task.key);
    if (known) {
      context.log(`${task.key}: the answer is on disk, the agent is not asked again`);
      return known;
    }
    await record.endLeftover(task.key);
    const agent: CodingAgent = createAgent(context.config, {
      onStart: (pid) => record.started(task.key, pid),
      outputFile: record.outputFile(task.key),
    });
    const time = logTime(new Date());
    const parts = await promptParts(task, context.config.knowledge_dir);
    const prompt = promptText(parts);
    await record.prompted(time, task.key, prompt);
    context.log(`${task.key}: asking ${agent.name}`);
    const answer = await agent
      .answer(task, prompt, context.signal ?? activitySignal(), parts)
      .catch(async (error: unknown) => {
        throw await judged(task.key, error);
      });
    await record.record(time, task.key, agent.name, answer);
    return answer;
  }

  /** Books what a failed call cost, and ends the tries when it failed too often; a wait that a provider names is no failure. */
  async function judged(key: string, error: unknown): Promise<unknown> {
    const cost = spentOf(error);
    if (!cost || !(error instanceof ApplicationFailure)) return error;
    if (cost.costUsd !== 0 || Object.keys(cost.usage).length > 0) await record.book(key, cost.costUsd, cost.usage);
    if (error.nonRetryable || isProviderWait(error) || (await record.failed(key)) < CALLS_PER_QUESTION) return error;
    await record.forgive(key);
    const { message, type, details } = error;
    return ApplicationFailure.create({
      message,
      type: type ?? 'agent_failed',
      details: details ?? [],
      nonRetryable: true,
    });
  }

  async function spentOn(key: string): Promise<Spent> {
    const [first, again] = await Promise.all([record.spent(key), record.spent(retryKey(key))]);
    return {
      usd: first.usd + again.usd,
      tokens: first.tokens + again.tokens,
      unpriced: first.unpriced + again.unpriced,
    };
  }

  async function answered<T>({ task, read, failure }: Question<T>): Promise<{ value: T; text: string }> {
    const first = await call(task);
    const value = await read(first.text);
    if (value.ok) return { value: value.value, text: first.text };
    context.log(`${task.key}: refused: ${value.reason}`);
    const again = { ...task, key: retryKey(task.key), refusal: value.reason };
    const second = await call(again);
    const better = await read(second.text);
    if (better.ok) return { value: better.value, text: second.text };
    context.log(`${again.key}: refused: ${better.reason}`);
    await record.forget(task.key);
    await record.forget(again.key);
    return raise(failure, `the agent's answer was refused twice: ${better.reason}`);
  }

  async function ask<T>(question: Question<T>) {
    try {
      return { ...(await answered(question)), spent: await spentOn(question.task.key) };
    } catch (error) {
      throw withSpent(error, await spentOn(question.task.key));
    }
  }

  return Object.assign(ask, { spentOn });
}

function retryKey(key: string): string {
  return `${key}_retry`;
}

/** A failure carries what its calls have cost: nothing else tells the engine of it. */
function withSpent(error: unknown, spent: Spent): unknown {
  const [record] = error instanceof ApplicationFailure ? (error.details ?? []) : [];
  if (typeof record === 'object' && record !== null && 'details' in record) {
    record.details = { ...(record.details as object), ...failureDetailsOf(spent) };
  }
  return error;
}
