/** Whose work a worker does. Every activity is asked by these rules, because they stand around all of them. */
import { describe, expect, it } from 'vitest';
import { ownWork } from '../../../activities/guard/own-work.js';

const RUN = 'r1';
const ENGINE = { workflowType: 'engineWorkflow', workflowExecution: { workflowId: 'autoresearch/r1' } };
const CHILD = { workflowType: 'experimentWorkflow', workflowExecution: { workflowId: 'autoresearch/r1/n1' } };

describe('ownWork', () => {
  it.each([
    ['the engine', { ...ENGINE, name: 'plan', input: { run: RUN } }],
    ['an experiment', { ...CHILD, name: 'launchJob', input: { run: RUN, nodeId: '000_baseline', slot: 0 } }],
    ['code of an experiment', { ...CHILD, name: 'applyPatch', input: { run: RUN, experiment: { nodeId: '002_a.b' } } }],
    ['a node of an adopted run', { ...CHILD, name: 'analyze', input: { run: RUN, nodeId: '_old' } }],
  ])('does it for %s', (_, asked) => {
    expect(() => ownWork(RUN, asked)).not.toThrow();
  });

  it.each([
    [
      'a workflow of another name',
      { ...ENGINE, workflowExecution: { workflowId: 'autoresearch/r2' } },
      /is not of this run/,
    ],
    ['a workflow of another type', { ...ENGINE, workflowType: 'other' }, /"autoresearch\/r1" of type "other"/],
    ['nobody', { workflowType: 'engineWorkflow', workflowExecution: undefined }, /is not of this run/],
    ['another run', { input: { run: 'r2' } }, /run "r2" is not the run of this workdir/],
    ['no run', { input: undefined }, /is not the run of this workdir/],
    ['a node outside', { name: 'buildImage', input: { run: RUN, nodeId: '../a' } }, /nodeId must be .*not "\.\.\/a"/],
    ['no node', { name: 'cancelJob', input: { run: RUN } }, /nodeId must be/],
    ['code outside', { name: 'applyPatch', input: { run: RUN, experiment: { nodeId: '.git' } } }, /not "\.git"/],
    ['a long node', { name: 'pollMetrics', input: { run: RUN, nodeId: 'a'.repeat(129) } }, /nodeId must be/],
  ])('refuses %s for good', (_, more, message) => {
    const asked = { ...ENGINE, name: 'plan', input: { run: RUN }, ...more } as Parameters<typeof ownWork>[1];
    let thrown: unknown;
    try {
      ownWork(RUN, asked);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      type: 'policy_refused',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  });
});
