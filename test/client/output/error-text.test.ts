/** What a person reads: the cause, and commands that can be copied. */
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, RetryState } from '@temporalio/common';
import { expect, it } from 'vitest';
import { errorText } from '../../../client/output/error-text.js';
import { notRunning } from '../../../client/output/refusal.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { Workdir } from '../../../workdir/paths.js';
import { loadRunConfig } from '../../../worker/run-config.js';
import { syntheticConfig } from '../../support/run-events.js';
import { temporaryFolder } from '../command-line.js';

const cause = ApplicationFailure.nonRetryable('the disk is gone', 'x');
const activity = new ActivityFailure('Activity task failed', 'plan', '1', RetryState.NON_RETRYABLE_FAILURE, 'w', cause);
const execution = { workflowId: 'w', runId: 'r' };

it.each<[string, Error, string]>([
  ['an update', new WorkflowUpdateFailedError('Workflow Update failed', activity), 'the disk is gone'],
  [
    'a workflow',
    new WorkflowFailedError('Workflow execution failed', activity, RetryState.TIMEOUT),
    'the disk is gone',
  ],
  [
    'a child',
    new ChildWorkflowFailure('n', execution, 'experimentWorkflow', RetryState.TIMEOUT, activity),
    'the disk is gone',
  ],
  ['an update that refused', new WorkflowUpdateFailedError('Workflow Update failed', cause), 'the disk is gone'],
  ['an error of ours with a cause', new Error('not written', { cause: new Error('inner') }), 'not written'],
])('says the cause of %s', (_, error, says) => {
  expect(errorText(error)).toBe(says);
});

it('quotes a path with blanks and quotes in hints', async () => {
  expect(notRunning('/home/me/my runs').advice).toContain("`autoresearch run '/home/me/my runs'`");
  const workdir = new Workdir(`${await temporaryFolder()}/it's mine`);
  await writeJsonAtomic(workdir.config, { ...syntheticConfig(), run_id: '' });
  await expect(loadRunConfig(workdir)).rejects.toThrow(/`autoresearch run '\/.*\/it'\\''s mine'`/);
});
