/** Turns whatever an activity threw into a Failure value: workflows pass failures on, they do not throw them. */
import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { type Failure, type FailureKind, failure, isFailureKind } from '../domain/run/failure.js';

export function failureFrom(error: unknown, otherwise: FailureKind): Failure {
  if (isCancellation(error)) return failure('cancelled', 'cancelled by a person', Date.now());
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const [record] = cause.details ?? [];
    if (isFailureRecord(record)) return record;
    const kind = cause.type && isFailureKind(cause.type) ? cause.type : otherwise;
    return failure(kind, cause.message, Date.now(), { exception_type: cause.type ?? null });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  const type = cause instanceof TimeoutFailure ? 'TimeoutFailure' : cause instanceof Error ? cause.name : null;
  return failure(otherwise, message, Date.now(), { exception_type: type });
}

function isFailureRecord(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, message } = value as Partial<Failure>;
  return typeof kind === 'string' && isFailureKind(kind) && typeof message === 'string';
}
