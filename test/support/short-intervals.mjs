/**
 * `node --import` this: an engine that this process starts looks every few seconds for what was lost, not every quarter
 * of an hour, so that a test sees that it finds it.
 */
import { WorkflowClient } from '@temporalio/client';

const TUNING = { lookMs: 3_000, askMs: 6_000 };

const { start } = WorkflowClient.prototype;
WorkflowClient.prototype.start = function startWithTuning(type, options) {
  const [input, ...rest] = options.args ?? [];
  const args = type === 'engineWorkflow' ? [{ ...input, tuning: TUNING }, ...rest] : options.args;
  return start.call(this, type, { ...options, args });
};
