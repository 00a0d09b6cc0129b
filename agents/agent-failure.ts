/**
 * How an agent call that failed leaves: an agent_failed whose details say what was spent on it all the same, and for
 * how long to wait when the provider named a time. `spentOf` reads that back, so that the budget can book it.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { readableText } from '../domain/evidence/readable-text.js';
import { failure } from '../domain/run/failure.js';
import type { AgentAnswer } from './agent.js';

export interface CallCost {
  /** Null when a part of it has no known price. */
  costUsd: number | null;
  /** Tokens by the provider's names. */
  usage: Record<string, number>;
  /** Calls whose reply never came whole: they may be charged for more than is known here. */
  unansweredCalls: number;
}

export const NOTHING_SPENT: CallCost = { costUsd: 0, usage: {}, unansweredCalls: 0 };
/** Of a call that was under way when it ended. */
export const UNKNOWN_SPENT: CallCost = { ...NOTHING_SPENT, unansweredCalls: 1 };

/**
 * A reply that was paid for and ended before it was whole, or was refused: the same request with more room may do
 * better.
 */
export class CutReply extends Error {
  constructor(
    readonly reason: string,
    readonly reply: AgentAnswer,
  ) {
    super(`the reply ended early: ${reason}`);
  }
}

export function spentTogether(parts: readonly CallCost[]): CallCost {
  const usage: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, count] of Object.entries(part.usage)) usage[name] = (usage[name] ?? 0) + count;
  }
  return {
    usage,
    costUsd: parts.reduce<number | null>(
      (sum, { costUsd }) => (sum === null || costUsd === null ? null : sum + costUsd),
      0,
    ),
    unansweredCalls: parts.reduce((sum, part) => sum + part.unansweredCalls, 0),
  };
}

export interface AgentFailureFacts {
  /** Whether the same call may succeed later. */
  retryable: boolean;
  spent?: CallCost;
  httpStatus?: number | null;
  /** Somebody ended the command: no error of its own. */
  interrupted?: boolean;
  /** Set when the provider said when to ask again: a wait, not an error. */
  waitMs?: number;
}

/** Rate limits count by the minute; an overload passes sooner. For an answer that names no time. */
export const WAIT_MS_BY_STATUS: Readonly<Record<number, number>> = { 429: 60_000, 529: 30_000 };

/**
 * What no repetition changes: a malformed request, wrong credentials, no credit, no right to the model, no such model.
 */
export const FINAL_STATUS: readonly number[] = [400, 401, 402, 403, 404, 413, 422];

/** How commands say without a status that they may not ask: no login, a key that is not valid (any more). */
const NOT_ALLOWED =
  /\binvalid (?:api|x-api)[- ]key\b|\bplease run \/login\b|\bnot logged in\b|\bauthentication_error\b|\b401 unauthorized\b|\boauth token (?:has )?expired\b|\bincorrect api key\b|\bmissing environment variable\b/i;
export const CREDENTIALS_ADVICE =
  '; log the command in or set its key, then start the run again; --agent playbook of a new run needs none';

export function saysNotAllowed(said: string): boolean {
  return NOT_ALLOWED.test(said);
}

const USAGE_PREFIX = 'usage_';

export function agentFailure(message: string, facts: AgentFailureFacts): ApplicationFailure {
  const { retryable, spent = NOTHING_SPENT, httpStatus = null, interrupted = false, waitMs } = facts;
  const usage = Object.entries(spent.usage).map(([name, count]) => [`${USAGE_PREFIX}${name}`, count] as const);
  const record = failure('agent_failed', readableText(message), Date.now(), {
    retryable,
    details: {
      cost_usd: spent.costUsd,
      unanswered_calls: spent.unansweredCalls,
      http_status: httpStatus,
      wait_ms: waitMs ?? null,
      ...(interrupted ? { is_interrupted: true } : {}),
      ...Object.fromEntries(usage),
    },
  });
  return ApplicationFailure.create({
    message: record.message,
    type: record.kind,
    nonRetryable: !retryable,
    details: [record],
    ...(waitMs === undefined ? {} : { nextRetryDelay: waitMs, category: ApplicationFailureCategory.BENIGN }),
  });
}

/** What an agent call that failed has spent; null when the error is none of an agent. */
export function spentOf(error: unknown): CallCost | null {
  const details = detailsOf(error);
  if (details === null || !('unanswered_calls' in details)) return null;
  const usage = Object.entries(details).filter(
    (entry): entry is [string, number] => entry[0].startsWith(USAGE_PREFIX) && typeof entry[1] === 'number',
  );
  return {
    costUsd: typeof details.cost_usd === 'number' ? details.cost_usd : null,
    unansweredCalls: Number(details.unanswered_calls),
    usage: Object.fromEntries(usage.map(([name, count]) => [name.slice(USAGE_PREFIX.length), count])),
  };
}

/** A rate limit or an overload: the call waits until the named time and has failed at nothing. */
export function isProviderWait(error: unknown): boolean {
  return typeof detailsOf(error)?.wait_ms === 'number';
}

/** The command was ended from outside, by Ctrl+C say, and has failed at nothing. */
export function isInterrupted(error: unknown): boolean {
  return detailsOf(error)?.is_interrupted === true;
}

function detailsOf(error: unknown): Record<string, unknown> | null {
  if (!(error instanceof ApplicationFailure) || error.type !== 'agent_failed') return null;
  const [record] = error.details ?? [];
  const details = (record as { details?: unknown } | undefined)?.details;
  return typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : null;
}
