/**
 * What a run does at its end, once nothing decides any more: worth its tries, and no reason for a finished run to fail.
 * A step that could not be done is said in the log of the worker and in the run's own.
 */
import { isCancellation, log } from '@temporalio/workflow';
import type { SkippedStep } from '../domain/run/event-types.js';
import { failureFrom } from './failure-value.js';

export class Closing {
  /** The steps that were left out, in order. */
  readonly skipped: SkippedStep[] = [];

  /** What the step returns; null when it failed for good, by whatever failure. */
  async attempt<T>(step: SkippedStep['step'], act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { message } = failureFrom(error, 'unexpected_exception');
      log.warn(`${step} failed at the end of the run, which ends without: ${message}`);
      this.skipped.push({ step, reason: message.slice(0, REASON_LENGTH) });
      return null;
    }
  }
}

const REASON_LENGTH = 500;
