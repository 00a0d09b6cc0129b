/** A plan as a whole: what its proposals are among themselves, and how many there may be. */
import { describe, expect, it } from 'vitest';
import { PlanReplySchema } from '../../../domain/formats/agent-replies.js';
import { judgePlan } from '../../../domain/proposals/judge-plan.js';
import { Story } from '../run-story.js';

const { state } = new Story().setUp();
const rules = {
  state,
  baseCommand: 'python train.py',
  commands: new Map<string, string>(),
  gpuCount: null,
  allowCommands: false,
};
const proposal = (name: string, value: number) => ({
  name,
  description: `set --num-workers ${value}`,
  hypothesis: 'more workers',
  changes: [`num_workers=${value}`],
  launch_command: `python train.py --num-workers ${value}`,
});
const judged = (reply: object) => judgePlan(PlanReplySchema.parse(reply), rules);

describe('a plan', () => {
  it('takes each change once', () => {
    const { proposals, refused } = judged({ experiments: [proposal('a', 2), proposal('b', 2), proposal('c', 4)] });
    expect(proposals.map(({ index, name }) => [index, name])).toEqual([
      [0, 'a'],
      [2, 'c'],
    ]);
    expect(refused).toEqual([{ name: 'b', reason: expect.stringContaining('stand in this plan already') }]);
  });
  it('proposes twelve experiments at most', () => {
    const experiments = Array.from({ length: 14 }, (_, index) => proposal(`n${index}`, index + 2));
    const { proposals, refused } = judged({ experiments });
    expect(proposals).toHaveLength(12);
    expect(refused.map(({ reason }) => reason)).toEqual(Array(2).fill('a plan may propose 12 experiments'));
  });
  it('that stops proposes nothing, and its words have bounds', () => {
    const reply = { action: 'stop', reasoning: 'x'.repeat(5000), experiments: [proposal('a', 2)] };
    expect(judged({ ...reply, not_applicable: ['mtp', 'y'.repeat(500)] })).toEqual({
      action: 'stop',
      reasoning: 'x'.repeat(2000),
      proposals: [],
      refused: [],
      notApplicable: ['mtp', 'y'.repeat(100)],
    });
  });
});
