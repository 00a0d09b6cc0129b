/** Experiments by message: code, and commands beyond flags, only from the one who can write to the workdir. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HostileRun } from './hostile-fixture.js';

let hostile: HostileRun;
beforeAll(async () => {
  hostile = await HostileRun.make();
});
afterAll(() => hostile.remove());

const EDITS = { name: 'mine', edits: [{ path: 'two.py', old: 'A = 1', new: 'A = 2' }] };
const COMMAND = { name: 'other', changes: ['c'], launch_command: 'nice python3 train.py' };
const ALLOWED = { allow_agent_commands: true };

it.each<[string, object, object, RegExp]>([
  ['edits', EDITS, {}, /cannot carry code/],
  ['edits that differ from what was offered', { ...EDITS, name: 'else' }, {}, /cannot carry code/],
  ['another command', COMMAND, {}, /must start with/],
  ["another command, the agent's being allowed", COMMAND, { config: ALLOWED }, /must start with/],
  ["the owner's own command, none being allowed", COMMAND, { offered: true }, /must start with/],
])('refuses %s', async (_, experiment, more, reason) => {
  if ('edits' in experiment) await hostile.accept('kept', EDITS, { offered: true });
  const answer = await hostile.accept('edits' in experiment ? 'r_edits' : 'r_command', experiment, more);
  expect(answer).toEqual({ accepted: false, reason: expect.stringMatching(reason) });
  expect(existsSync(hostile.workdir.request('r_edits'))).toBe(false);
  expect(existsSync(hostile.workdir.request('r_command'))).toBe(false);
});

it("takes the owner's edits, twice alike, and nothing else under their name", async () => {
  const answer = await hostile.accept('r1', EDITS, { offered: true });
  expect(answer).toMatchObject({ accepted: true, experiment: { kind: 'user', request: 'r1' } });
  expect(await hostile.accept('r1', EDITS)).toEqual(answer);
  expect(await hostile.accept('r1', { name: 'mine', description: 'something else' })).toEqual({
    accepted: false,
    reason: 'request r1 was made before, for another experiment',
  });
});

/** As `add` sends it: the code stays in the offer. */
const plainOf = ({ name }: { name: string }) => ({ name });

it.each<[string, object, object]>([
  ['edits', EDITS, EDITS],
  [
    'a unified diff',
    { name: 'patched', patch: '--- a/two.py\n+++ b/two.py\n@@ -1 +1 @@\n-A = 1\n+A = 3\n' },
    { edits: [{ path: 'two.py', content: expect.stringContaining('A = 3') }] },
  ],
])("takes the owner's %s from the offer beside the message", async (_, offered, kept) => {
  const { name } = offered as { name: string };
  const request = `offer_${name}`;
  await hostile.accept(request, offered, { offered: true });
  const answer = await hostile.accept(request, plainOf({ name }));
  expect(answer).toMatchObject({ accepted: true, experiment: { kind: 'user', request } });
  const spec = JSON.parse(readFileSync(hostile.workdir.request(request), 'utf8')) as object;
  expect(spec).toMatchObject({ name, ...kept });
  expect(spec).not.toHaveProperty('patch');
});

it.each<[string, object, RegExp]>([
  ['a patch that does not fit', { patch: '--- a/two.py\n+++ b/two.py\n@@ -1 +1 @@\n-A = 9\n+A = 3\n' }, /does not fit/],
  ['an edit of no such file', { edits: [{ path: 'none.py', old: 'A', new: 'B' }] }, /there is no such file/],
  ['code that does not compile', { edits: [{ path: 'two.py', old: 'A = 1', new: 'A = (' }] }, /two\.py, line 1/],
  ['a path outside', { edits: [{ path: '../x.py', content: 'x' }] }, /leaves the source directory/],
  ['a patch and edits', { ...EDITS, patch: 'x' }, /not both/],
])('tells the owner at once what is wrong with %s', async (_, code, reason) => {
  const answer = await hostile.accept('r_wrong', { name: 'wrong', ...code }, { offered: true });
  expect(answer).toEqual({ accepted: false, reason: expect.stringMatching(reason) });
  expect(existsSync(hostile.workdir.request('r_wrong'))).toBe(false);
});

it("takes the owner's own command where commands are allowed, as a change of its own", async () => {
  const answer = await hostile.accept('r2', COMMAND, { offered: true, config: ALLOWED });
  expect(answer).toMatchObject({
    accepted: true,
    experiment: { changeSet: ['c', COMMAND.launch_command, 'removed --workers'] },
  });
});

it.each(['bad name', '!!!', '../x', 'x'.repeat(65)])('says what is wrong with the name %j', async (name) => {
  const answer = await hostile.accept('r_name', { name, changes: ['n'] }, { offered: true });
  expect(answer).toEqual({ accepted: false, reason: expect.stringMatching(/^experiment\.name: at most 64 letters/) });
});

it('takes empty values for absent ones, and capitals in a name', async () => {
  const offer = { name: 'Mine', changes: ['nulls'], description: null, goto: '', launch_command: null };
  const answer = await hostile.accept('r_nulls', offer, { offered: true });
  expect(answer).toMatchObject({ accepted: true, experiment: { name: 'mine', startCommit: null } });
});
