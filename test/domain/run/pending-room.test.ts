/** What people hand to a run waits in bounds: one more than fits is refused with the reason. */
import { expect, it } from 'vitest';
import { addRoomProblem, noteProblem, noteRoomProblem } from '../../../domain/protocol/steering-messages.js';
import { MOST_PENDING } from '../../../domain/run/limits.js';
import { Story } from '../run-story.js';

it('has room for so many notes until a plan takes them', () => {
  const story = new Story().setUp().seedsDone();
  for (let index = 1; index <= MOST_PENDING.notes; index += 1) {
    expect(noteRoomProblem(story.state), `before note ${index}`).toBeNull();
    story.tell({ type: 'note_added', text: `note ${index}` });
  }
  expect(noteRoomProblem(story.state)).toBe(
    '50 notes wait for the next plan, and no more than 50 may: say it again after that',
  );
  story.tell({ type: 'planning_started', iteration: 1 });
  const plan = { action: 'launch', reasoning: '', accepted: [], refused: [], notApplicable: [] } as const;
  story.tell({ type: 'plan_received', iteration: 1, ...plan, accepted: [], refused: [], notApplicable: [] });
  expect(noteRoomProblem(story.state), 'a plan took them').toBeNull();
});

it('takes a note of so many characters', () => {
  expect(noteProblem({ text: 'x'.repeat(MOST_PENDING.noteLength) })).toBeNull();
  expect(noteProblem({ text: 'x'.repeat(MOST_PENDING.noteLength + 1) })).toBe(
    'text has 4001 characters; at most 4000 fit',
  );
});

it('has room for so many added experiments that wait; planned ones and those that ran do not count', () => {
  const story = new Story().setUp().seedsDone().add('900_planned');
  for (let index = 0; index < MOST_PENDING.ownExperiments; index += 1) {
    expect(addRoomProblem(story.state), `before experiment ${index}`).toBeNull();
    story.add(`${1000 + index}_mine`, { kind: 'user', origin: { from: 'user', request: `r${index}` } });
  }
  expect(addRoomProblem(story.state)).toBe(
    '200 added experiments wait to be launched, and no more than 200 may: remove one, or add it again when some have run',
  );
  story.completed('1000_mine', 100);
  expect(addRoomProblem(story.state)).toBeNull();
});
