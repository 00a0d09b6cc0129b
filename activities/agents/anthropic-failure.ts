/** From what the SDK threw to a typed failure: what may pass, what waits until a named time, and what a person must mend. */
import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import type { ApplicationFailure } from '@temporalio/common';
import { agentFailure, type CallCost, FINAL_STATUS, WAIT_MS_BY_STATUS } from './agent-failure.js';
import { BrokenReply } from './anthropic-reply.js';

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

export interface FailedCall {
  /** On the call so far, what had arrived of this reply included. */
  spent: CallCost;
  /** The limit that ended the call; null when something else did. */
  timedOutAfterMs: number | null;
  nowMs: number;
}

export function anthropicFailure(error: unknown, { spent, timedOutAfterMs, nowMs }: FailedCall): ApplicationFailure {
  const unanswered = { ...spent, unansweredCalls: spent.unansweredCalls + 1 };
  if (timedOutAfterMs !== null) {
    const message = `the Messages API did not answer within ${timedOutAfterMs / 1000} s`;
    return agentFailure(message, { retryable: true, spent: unanswered });
  }
  if (error instanceof BrokenReply) {
    const status = error.errorType === null ? null : (STATUS_BY_TYPE[error.errorType] ?? 500);
    if (status !== null) return byStatus(status, error.message, null, spent, nowMs);
    const message = `the reply of the Messages API broke off: ${error.message}`;
    return agentFailure(message, { retryable: true, spent: unanswered });
  }
  if (error instanceof APIError && error.status !== undefined) {
    return byStatus(error.status, error.apiMessage ?? error.message, error.headers ?? null, spent, nowMs);
  }
  if (error instanceof APIConnectionError) {
    const cause = withCause(error);
    const wasSent = !NEVER_SENT.test(cause);
    const message = `the Messages API cannot be reached: ${cause}`;
    return agentFailure(message, { retryable: true, spent: wasSent ? unanswered : spent });
  }
  // Credentials that cannot be read, a malformed base URL: trying again changes nothing.
  return agentFailure(`the Messages API cannot be called: ${withCause(error)}`, { retryable: false, spent });
}

function byStatus(
  httpStatus: number,
  cause: string,
  headers: Headers | null,
  spent: CallCost,
  nowMs: number,
): ApplicationFailure {
  const named = retryAfterMs(headers, nowMs);
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
export function retryAfterMs(headers: Headers | null, nowMs: number): number | null {
  const fine = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  const text = headers?.get('retry-after') ?? '';
  const seconds = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : (Date.parse(text) - nowMs) / 1000;
  const ms = Number.isFinite(fine) ? fine : seconds * 1000;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1), LONGEST_WAIT_MS) : null;
}

function withCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? withCause(error.cause) : '';
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message} (${cause})`;
}
