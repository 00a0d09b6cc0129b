/**
 * How a typed failure leaves an activity: an ApplicationFailure whose type is the kind and whose detail is the record.
 */
import { ApplicationFailure } from '@temporalio/common';
import { type Failure, type FailureKind, failure } from '../run/failure.js';

/** Never retried unless `retryable` is set: what was refused once is refused again. */
export function failureToThrow(record: Failure): ApplicationFailure {
  return ApplicationFailure.create({
    message: record.message,
    type: record.kind,
    nonRetryable: !record.retryable,
    details: [record],
  });
}

export function raise(kind: FailureKind, message: string, more: Parameters<typeof failure>[3] = {}): never {
  throw failureToThrow(failure(kind, message, Date.now(), more));
}

/** Of a failure that passes by itself, when the scheduler of a cluster answers again. */
export const SCHEDULER_BUSY = 'scheduler_busy';
