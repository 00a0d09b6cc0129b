/** A winner names which of its parts were confirmed by themselves; one that was refuted is tried without. */
import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../../../client/output/outcome-text.js';
import { runOutcome } from '../../../../client/run/run-outcome.js';
import { SpecSchema } from '../../../../domain/formats/spec.js';
import { pullRequest } from '../../../../domain/reports/pull-request.js';
import { runReport } from '../../../../domain/reports/report-text.js';
import { doubtedParts, partsOf } from '../../../../domain/reports/winner/winner-parts.js';
import { syntheticRun } from '../../../support/run-events.js';
import { recordOf } from '../../../support/run-record.js';
import { syntheticWorkdir } from '../../../support/synthetic-workdir.js';
import { ConfirmedStory } from '../../confirmed-story.js';

const RULES = { weighsOdds: true, goesOnUndecided: true } as const;
const ON_MTP = { parentId: '001_mtp', startCommit: 'c_001_mtp', changeSet: ['decode.concurrency=8'] };

/** 001_mtp is no gain by itself, and came into the winner with what was stacked on it. */
function onRefuted(): ConfirmedStory {
  const story = ConfirmedStory.seeded(RULES, {}, 5000);
  expect(story.verdict('001_mtp')).toBe('not_better');
  return story.proposes('002_wide', ON_MTP).ends('002_wide', 160).settles({ '002_wide': 160 });
}

describe('a winner on top of what was refuted', () => {
  it('has no part that was confirmed by itself', () => {
    const { state } = onRefuted();
    expect([state.best, partsOf(state, '002_wide').map(({ nodeId, standing }) => [nodeId, standing])]).toEqual([
      '002_wide',
      [
        ['001_mtp', 'refuted'],
        ['002_wide', 'undecided'],
      ],
    ]);
  });

  it('is told so in the report, the outcome and the text of a pull request', async () => {
    const story = onRefuted();
    const { state } = story;
    const { config } = syntheticRun({ followUps: 1 });
    const refuted = 'not confirmed by itself (not better, against 000_baseline); measured only as a part of the whole';
    const own = 'not decided by itself; measured only as a part of the whole';
    const report = runReport(recordOf(story.events), new Map(), config);
    expect(report).toContain(
      `- Made of:\n  - 001_mtp (mtp): ${refuted}\n  - 002_wide (on 001_mtp: decode.concurrency=8): ${own}\n`,
    );
    const spec = (more: object) => SpecSchema.parse({ name: 'x', ...more });
    const { title, body } = pullRequest(
      state,
      '002_wide',
      [
        { nodeId: '001_mtp', spec: spec({ change_summary: 'subprocess MTP', hypothesis: 'it keeps threads away' }) },
        { nodeId: '002_wide', spec: spec({ change_summary: 'decode 8', hypothesis: 'decode is slow' }) },
      ],
      null,
    );
    expect(title).toBe('Load data faster: decode 8');
    expect(body).toContain(`- subprocess MTP (${refuted})\n- decode 8 (${own})`);
    expect(body).not.toContain('it keeps threads away');
    expect(body).toContain('- decode is slow');
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 1 }));
    const changes = [{ node_id: '001_mtp', change: 'mtp', commit: null, alone: refuted }];
    const outcome = {
      ...(await runOutcome(workdir, config, { ...state, best: null }, true)),
      winning_changes: changes,
    };
    expect(outcomeText(outcome)).toContain(`change: 001_mtp: mtp (${refuted})`);
    const doubts = [-0.2, 0.1].map((low) => {
      const proven_gain = { gain: 0.2, low, high: 0.7, confidence: 0.95 };
      return outcomeText({ ...outcome, proven_gain }).match(/^in doubt: .*$/gm);
    });
    expect(doubts).toEqual([
      ['in doubt: That interval includes no gain at all: the runs are too few, or differ too much, to prove one.'],
      null,
    ]);
  });

  it('is to be tried without that part, until it was', () => {
    const story = onRefuted();
    expect(doubtedParts(story.state)).toMatchObject([{ nodeId: '001_mtp', onto: '000_baseline' }]);
    story.proposes('003_without', { changeSet: ['decode.concurrency=8'] });
    expect(doubtedParts(story.state)).toEqual([]);
  });
});

describe('a winner on top of what was confirmed', () => {
  const onKept = () => {
    const story = ConfirmedStory.seeded(RULES, {}, 5000)
      .proposes('002_a', { changeSet: ['a=2'] })
      .ends('002_a', 130);
    story.settles({ '002_a': 130 });
    const more = { parentId: '002_a', startCommit: 'c_002_a', changeSet: ['b=2', 'c=3'] };
    return story.proposes('003_b', more).ends('003_b', 180).settles({ '003_b': 180, '002_a': 130 });
  };

  it('has parts that were confirmed by themselves, and nothing to leave out', () => {
    const { state } = onKept();
    expect(partsOf(state, '003_b').map(({ nodeId, standing }) => [nodeId, standing])).toEqual([
      ['002_a', 'confirmed'],
      ['003_b', 'confirmed'],
    ]);
    expect(doubtedParts(state)).toEqual([]);
    const spec = SpecSchema.parse({ name: 'x', change_summary: 'both' });
    expect(pullRequest(state, '003_b', [{ nodeId: '003_b', spec }], null).body).toContain(
      '- both (confirmed by itself, its 2 changes together)',
    );
  });

  it('counts what was turned again for the later one', () => {
    const story = onKept();
    const more = { parentId: '003_b', startCommit: 'c_003_b', changeSet: ['a=4'] };
    story.proposes('004_c', more).ends('004_c', 260).settles({ '004_c': 260, '003_b': 180 });
    expect(partsOf(story.state, '004_c').map(({ nodeId }) => nodeId)).toEqual(['003_b', '004_c']);

    const spec = (change_summary: string) => SpecSchema.parse({ name: 'x', change_summary, hypothesis: 'it waits' });
    const stack = { '002_a': 'a 1 → 2', '003_b': 'b 1 → 2, c 1 → 3', '004_c': 'a 2 → 4' };
    const changes = Object.entries(stack).map(([nodeId, words]) => ({ nodeId, spec: spec(words) }));
    const { title, body } = pullRequest(story.state, '004_c', changes, null);
    expect(title).toBe('Load data faster: b 1 → 2, c 1 → 3; a 1 → 4');
    expect(body).toMatch(/^## What\n\n- b 1 → 2, c 1 → 3 \(.*\)\n- a 1 → 4 \(.*\)\n\n## Why\n\n- it waits\n\n##/);
  });
});

it('a winner of one part says nothing of parts', () => {
  const story = ConfirmedStory.seeded(RULES, {}, 5000).proposes('002_a').ends('002_a', 130).settles({ '002_a': 130 });
  const report = runReport(recordOf(story.events), new Map(), syntheticRun({ followUps: 1 }).config);
  expect(report).not.toContain('Made of');
});
