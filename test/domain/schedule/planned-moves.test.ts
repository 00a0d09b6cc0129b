/** Whether a repeat takes a free slot in the moment between a plan and what the plan proposed. */
import { describe, expect, it } from 'vitest';
import { type ConfirmationRules, DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { nextMove } from '../../../domain/schedule/planned-moves.js';
import { Story } from '../run-story.js';

const NOW: ConfirmationRules = {
  ...DEFAULT_CONFIRMATION,
  weighsOdds: true,
  goesOnUndecided: true,
  plansBetweenJobs: true,
  waitsForQueued: true,
};

/** A provisional best whose repeat is prepared, while a planner that answers at once has just proposed `b`. */
function betweenPlanAndProposal(rules = NOW): Story {
  const story = new Story({ maxConcurrency: 1 }).setUp([], rules).seedsDone().planned(1, ['a']).completed('a', 300);
  const provisional = { verdict: 'provisional', against: '000_baseline', gain: null, reason: '' } as const;
  story.tell({ type: 'candidate_judged', nodeId: 'a', judgement: provisional }, { type: 'best_changed', nodeId: 'a' });
  story.add('a_repeat_1', {
    kind: 'repeat',
    origin: { from: 'repeat', of: 'a', index: 1, purpose: 'confirmation' },
    parentId: 'a',
    priority: -500,
  });
  story.tell(
    { type: 'experiment_preparing', nodeId: 'a_repeat_1' },
    { type: 'experiment_prepared', nodeId: 'a_repeat_1', commit: 'c' },
  );
  return story.planned(2, ['b']);
}

describe('a repeat that others go before', () => {
  const takesTheSlot = { do: 'grant', nodeId: 'a_repeat_1' };

  it('waits while a new experiment is queued, and while it is prepared', () => {
    const story = betweenPlanAndProposal();
    expect(nextMove(story.state, 1)).toMatchObject({ do: 'start', nodeId: 'b' });
    story.tell({ type: 'experiment_preparing', nodeId: 'b' });
    expect(nextMove(story.state, 1)).toBeNull();
    story.tell({ type: 'experiment_prepared', nodeId: 'b', commit: 'd' });
    expect(nextMove(story.state, 1)).toMatchObject({ do: 'grant', nodeId: 'b' });
  });

  it('takes the slot in runs from before that rule', () => {
    const { waitsForQueued: _, ...before } = NOW;
    expect(nextMove(betweenPlanAndProposal(before).state, 1)).toMatchObject(takesTheSlot);
  });

  it('takes the slot where preparing one takes minutes, as a build does', () => {
    const { state } = betweenPlanAndProposal();
    expect(state.lastPreparingMs).toBe(1000);
    state.lastPreparingMs = 5 * 60_000;
    expect(nextMove(state, 1)).toMatchObject(takesTheSlot);
  });
});
