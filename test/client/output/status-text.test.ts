/** What `status` says of a run whose engine has not got as far as an event. */
import { expect, it } from 'vitest';
import { statusText } from '../../../client/output/status-text.js';
import type { StatusAnswer } from '../../../client/run/run-status.js';

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
  expect(text).toContain('not started');
  if (stuck === null) expect(text).not.toContain('stuck');
  else expect(text).toMatch(new RegExp(`^stuck +${stuck.source}`, 'm'));
});
