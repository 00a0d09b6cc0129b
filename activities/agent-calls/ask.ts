/**
 * One question to an agent from task to checked value: an answer that cannot be used goes back once with the reason,
 * and what is refused twice is a typed failure.
 */
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { AgentTask } from '../../agents/agent.js';
import { CallRecord } from '../../agents/call-record.js';
import type { Parsed } from '../../agents/parse-reply.js';
import { readableText } from '../../domain/evidence/readable-text.js';
import { raise } from '../../domain/protocol/thrown-failure.js';
import type { FailureKind } from '../../domain/run/failure.js';
import { failureDetailsOf, type Spent } from '../../domain/run/ledger.js';
import type { RunContext } from '../../workdir/run-context.js';
import { makeAgentCalls } from './agent-call.js';

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

/** `client` carries calls to workers of other hosts, in runs that have their agent called there. */
export function makeAsk(context: RunContext, client: Client | null = null): Ask {
  const record = new CallRecord(context.workdir);
  const { call, end } = makeAgentCalls(context, record, client);

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
    context.log(`${task.key}: refused: ${readableText(value.reason)}`);
    const again = { ...task, key: retryKey(task.key), refusal: value.reason };
    const second = await call(again);
    const better = await read(second.text);
    if (better.ok) return { value: better.value, text: second.text };
    context.log(`${again.key}: refused: ${readableText(better.reason)}`);
    await end(again.key, better.reason);
    await end(task.key, better.reason);
    return raise(failure, `the agent's answer was refused twice: ${readableText(better.reason)}`);
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

/** The key under which a refused answer is asked for again. */
export function retryKey(key: string): string {
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
