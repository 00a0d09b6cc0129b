/** What agents claim of experiments is held against the verdicts on them. */
import { describe, expect, it } from 'vitest';
import { heldFindings, heldText } from '../../../domain/reports/held-claims.js';
import { recordOf } from '../../support/run-record.js';
import { ConfirmedStory } from '../confirmed-story.js';

/** 002_lucky: rejected; 003_good: kept and the best, twice the baseline; 005_open: under way. */
function story() {
  const run = ConfirmedStory.seeded();
  run.proposes('002_lucky').ends('002_lucky', 180).settles({ '002_lucky': 100 });
  run.proposes('003_good').ends('003_good', 200).settles({ '003_good': 200 });
  run.proposes('005_open');
  return recordOf(run.events);
}
const record = story();
const { state } = record;
const NOT_CONFIRMED = 'the engine did not confirm this: not confirmed';

describe('a claim that the engine did not confirm', () => {
  it('stands on a story with a rejected and a kept experiment', () => {
    expect(state.experiments['002_lucky']?.judged?.verdict).toBe('reject');
    expect(state.experiments['003_good']?.judged?.verdict).toBe('keep');
    expect(state.best).toBe('003_good');
  });

  it.each([
    'The hypothesis holds for 002_lucky.',
    '- **002_lucky**: confirmed, a gain of +80% over the baseline.',
    '`002_lucky` improves throughput. It is worth keeping.',
    'More threads in 002_lucky are faster than 000_baseline.',
    '| 002_lucky | +80% |',
    '# What worked\n\n- 002_lucky (more threads)',
    '### 002_lucky\n\nThe hypothesis holds.',
    '## What did not help\n\n- 002_lucky: the hypothesis holds.',
  ])('is marked in words, and nothing of it is lost: %s', (text) => {
    const held = heldText(state, text);
    expect(held).toContain(NOT_CONFIRMED);
    const without = held.replace(/ \(the engine [^)]*\)/g, '');
    expect(without.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    expect(heldText(state, held)).toBe(held);
  });

  it('is marked in the sentence that makes it, and in no other', () => {
    expect(heldText(state, '002_lucky improves it. 003_good is faster, too!')).toMatch(
      /^002_lucky improves it \(the engine did not confirm this: [^)]*\)\. 003_good is faster, too!$/,
    );
  });

  it.each([
    'The hypothesis holds for 003_good: +100% over the baseline.',
    '002_lucky did not help.',
    'Stage `load` of 002_lucky allows one item every 6.1 ms at best.',
    '## What did not help\n\n- 002_lucky: +3.1% against 000_baseline.',
    '002_lucky was rejected, although its first run was faster.',
    '003_good is faster than 002_lucky.',
    'We should try whether 002_lucky helps on another machine.',
    'Hypothesis: 002_lucky improves throughput.',
    'The best is 003_good, 2 times the baseline.',
    '003_good raises GPU utilisation by 30% against the baseline.',
    '005_open may improve it.',
    'All experiments together improved throughput.',
    '```\n002_lucky is faster\n```',
    '000_baseline works.',
  ])('is not seen where there is none: %s', (text) => {
    expect(heldText(state, text)).toBe(text);
  });

  it('names the best one, and the gain, that the engine measured', () => {
    const other = ConfirmedStory.seeded();
    other.proposes('002_first').ends('002_first', 150).settles({ '002_first': 150 });
    other.proposes('003_best').ends('003_best', 300).settles({ '003_best': 300 });
    const { state: now } = recordOf(other.events);
    expect(now.best).toBe('003_best');
    expect(heldText(now, 'The best is 002_first.')).toBe(
      'The best is 002_first (the engine has another best one: 003_best).',
    );
    expect(heldText(now, 'The previous best was 002_first.')).toBe('The previous best was 002_first.');
    expect(heldText(now, '003_best is 900% faster than the baseline.')).toMatch(
      /faster than the baseline \(the engine measures 3x \(\+200%\) over the baseline\)\.$/,
    );
  });

  it('is marked in the findings of the experiment that they are about', () => {
    const found = {
      ...record,
      findings: new Map([['002_lucky', ['mtp: The hypothesis holds: 180 samples/s.', 'The sink is full.']]]),
    };
    const [claim, fact] = heldFindings(found, '002_lucky');
    expect(claim).toContain(NOT_CONFIRMED);
    expect(fact).toBe('The sink is full.');
    expect(heldFindings(found, '003_good')).toEqual([]);
  });
});
