/**
 * From a request that failed to a typed failure: what may pass, what waits until a named time, and what a person must
 * mend.
 */
import type { ApplicationFailure } from '@temporalio/common';
import {
  agentFailure,
  type CallCost,
  FINAL_STATUS,
  NOTHING_SPENT,
  UNKNOWN_SPENT,
  WAIT_MS_BY_STATUS,
} from '../agent-failure.js';
import type { FailedHead } from './anthropic-exchange.js';
import type { BrokenReply } from './anthropic-reply.js';

/** An error that comes within a stream has a name in place of a status. */
const STATUS_BY_TYPE: Readonly<Record<string, number>> = {
  rate_limit_error: 429,
  overloaded_error: 529,
  api_error: 500,
  timeout_error: 504,
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
};
/** A clock that is wrong must not put a run to sleep for weeks. */
const LONGEST_WAIT_MS = 24 * 3600_000;

/** No connection was made, so nothing was asked. */
const NEVER_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/;

const ADVICE: Readonly<Record<number, string>> = {
  401: 'check ANTHROPIC_API_KEY',
  402: 'the account cannot pay: check its credit',
  403: 'the key may not use this model or this endpoint',
  404: 'check --model and ANTHROPIC_BASE_URL',
  413: 'the prompt is too long: limit the source with --tree-paths',
};

/** No reply came. */
export function headFailure(head: FailedHead, nowMs: number): ApplicationFailure {
  switch (head.outcome) {
    case 'refused':
      return byStatus(head.status, head.message, NOTHING_SPENT, retryAfterMs(head, nowMs));
    case 'unreachable': {
      const spent = NEVER_SENT.test(head.message) ? NOTHING_SPENT : UNKNOWN_SPENT;
      return agentFailure(`the Messages API cannot be reached: ${head.message}`, { retryable: true, spent });
    }
    case 'not_sent':
      // Credentials that cannot be read, a malformed base URL: trying again changes nothing.
      return agentFailure(`the Messages API cannot be called: ${head.message}`, { retryable: false });
  }
}

/** `spent` is what the part that arrived says. */
export function brokenReplyFailure({ errorType, message }: BrokenReply, spent: CallCost): ApplicationFailure {
  if (errorType !== null) return byStatus(STATUS_BY_TYPE[errorType] ?? 500, message, spent, null);
  return agentFailure(`the reply of the Messages API broke off: ${message}`, {
    retryable: true,
    spent: { ...spent, unansweredCalls: 1 },
  });
}

/** The engine's end cut the reply, so that it is no failure of the agent's: asked again at once. */
export function interruptedFailure(spent: CallCost): ApplicationFailure {
  const message = 'the reply of the Messages API was cut by the end of the engine';
  return agentFailure(message, { retryable: true, spent: { ...spent, unansweredCalls: 1 }, waitMs: 1 });
}

function byStatus(httpStatus: number, cause: string, spent: CallCost, named: number | null): ApplicationFailure {
  const waitMs = named ?? WAIT_MS_BY_STATUS[httpStatus];
  if (httpStatus in WAIT_MS_BY_STATUS) {
    const message = `the Messages API asks to wait ${Math.ceil(waitMs! / 1000)} s (${httpStatus}: ${cause})`;
    return agentFailure(message, { retryable: true, spent, httpStatus, waitMs: waitMs! });
  }
  const mayPass = !FINAL_STATUS.includes(httpStatus);
  const advice = ADVICE[httpStatus] ? `; ${ADVICE[httpStatus]}` : '';
  return agentFailure(`the Messages API answered ${httpStatus}: ${cause}${advice}`, {
    retryable: mayPass,
    spent,
    httpStatus,
    ...(mayPass && named !== null ? { waitMs: named } : {}),
  });
}

/** `retry-after` holds seconds or a date; `retry-after-ms` is finer. */
function retryAfterMs(
  headers: Pick<Extract<FailedHead, { outcome: 'refused' }>, 'retryAfter' | 'retryAfterMs'>,
  nowMs: number,
): number | null {
  const fine = Number.parseFloat(headers.retryAfterMs ?? '');
  const text = headers.retryAfter ?? '';
  const seconds = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : (Date.parse(text) - nowMs) / 1000;
  const ms = Number.isFinite(fine) ? fine : seconds * 1000;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1), LONGEST_WAIT_MS) : null;
}
