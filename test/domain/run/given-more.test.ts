/** A run from each state in which it may end, given something while nobody serves it: whether it goes on. */
import { describe, expect, it } from 'vitest';
import type { GivenMessage } from '../../../domain/protocol/steering-messages.js';
import { endsAtOnce, givenProblem } from '../../../domain/run/given-more.js';
import { ADD, ENDED, endedStory, GOES_ON, NOTE, raise } from '../ended-runs.js';

describe('a run that has ended', () => {
  it.each(ENDED)('by $reason', (ended) => {
    const { reason, raised, fates } = ended;
    const { state } = endedStory(ended);
    const before = structuredClone(state);
    const fate = (given: GivenMessage[]) => endsAtOnce(state, given)?.reason ?? GOES_ON;
    expect([fate([ADD]), fate([NOTE]), fate([raise(raised)])]).toEqual(fates);
    // What is kept back by a limit goes on once that is raised as well.
    if (reason !== 'baseline_failed')
      expect([fate([ADD, raise(raised)]), fate([NOTE, raise(raised)])]).toEqual([GOES_ON, GOES_ON]);
    expect(state).toEqual(before);
  });

  it.each<[string, GivenMessage, string]>([
    ['an empty note', { request: 'n', do: 'note', message: { text: ' ' } }, 'non-empty'],
    ['a limit of nothing', raise({ patience: 0 }), 'patience must be'],
    [
      'an experiment without a name',
      { request: 'a', do: 'add', message: { experiment: { name: '' } } },
      'experiment.name',
    ],
  ])('is not given %s', (_, given, said) => {
    expect(givenProblem(given)).toContain(said);
  });
});
