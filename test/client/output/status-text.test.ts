/** What `status` says of a run: before its first event, of experiments and their repeats, and of a ceiling to come. */
import { expect, it } from 'vitest';
import { statusText } from '../../../client/output/status-text.js';
import type { StatusAnswer } from '../../../client/run/run-status.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import { statusView } from '../../../domain/protocol/views.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { failure } from '../../../domain/run/failure.js';
import { ConfirmedStory } from '../../domain/confirmed-story.js';
import { syntheticRun } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';

const NOT_STARTED: StatusAnswer = {
  workdir: '/w',
  run: 'r1',
  engine: { pid: 7, since: '2026-01-01T00:00:00.000Z' },
  temporal: null,
  status: null,
  stalled: [],
  short_of_room: null,
  next: [],
  recent_failures: [],
  overview: null,
};
const STALLED = { who: 'engine', what: 'setup', attempts: 6, since: null, failure: 'no space left', advice: 'mend it' };

it.each<[string, Partial<StatusAnswer>, RegExp | null]>([
  ['what the server tries again', { stalled: [STALLED] }, /engine: the server tries its setup .*no space left/],
  ['a full disk', { short_of_room: '0.2 MiB are free where /w is' }, /0\.2 MiB are free where \/w is; make room/],
  ['no full disk of a run that nobody serves', { engine: null, short_of_room: '0.2 MiB are free' }, null],
])('before the first event it tells %s', (_, known, stuck) => {
  const text = statusText({ ...NOT_STARTED, ...known });
  expect(text).toContain('not begun');
  if (known.engine !== null) expect(text).toMatch(/^engine +process 7, since 2026-01-01 00:00 UTC$/m);
  if (stuck === null) expect(text).not.toContain('stuck');
  else expect(text).toMatch(new RegExp(`^stuck +${stuck.source}`, 'm'));
});

function textOf(events: readonly EngineEvent[]): string {
  const record = recordOf([...events]);
  const overview = overviewOf(record, { nowMs: record.state.updatedAtMs, isServed: true, stalled: [] });
  return statusText({ ...NOT_STARTED, status: statusView(record.state), overview });
}

it('counts as experiments what its table shows, and repeats apart', () => {
  const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 200).settles({ '002_a': 200 });
  const text = textOf(story.events);
  const repeats = Object.keys(story.state.experiments).filter((id) => id.includes('_repeat_')).length;
  expect(repeats).toBeGreaterThan(3);
  expect(text).toMatch(new RegExp(`^counts +4 experiments and ${repeats} repeats: ${4 + repeats} completed$`, 'm'));
  expect(text.match(/^(000|001|002)_\S+ (\* )? *\d/gm)).toHaveLength(4);
});

it('says of what a person refused that it was refused', () => {
  const story = ConfirmedStory.seeded();
  story.tell({ type: 'approval_set', approval: { stage: 'plans', waitMinutes: null, silence: 'drop' } });
  story.proposes('002_a');
  story.tell({
    type: 'experiment_cancelled',
    nodeId: '002_a',
    failure: failure('cancelled', 'a person refused it', 0),
  });
  expect(textOf(story.events)).toMatch(/^002_a .* refused /m);
});

it('says of a ceiling that is still measured that it is not known yet', () => {
  const { events } = syntheticRun({ followUps: 2 });
  const ends = events.findIndex((event) => event.type === 'experiment_completed' && event.nodeId === '000_headspace');
  expect(textOf(events.slice(0, ends))).toMatch(/^left +Headspace is not known yet: .* have not both ended/m);
  expect(textOf(events)).not.toContain('not known');
  const seq = events[ends - 1]!.seq + 1;
  const stopped = { type: 'stopped', reason: 'max_experiments', detail: '', seq, atMs: 0 } as const;
  expect(textOf([...events.slice(0, ends), stopped])).toMatch(
    /^left +Headspace is not known: the run with cached data has no/m,
  );
});
