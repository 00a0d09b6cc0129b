/** A script in which no loop can be timed: refused, unless --metric names a number that its jobs print themselves. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAsk } from '../../activities/agent-calls/ask.js';
import { makeInstrument } from '../../activities/instrument.js';
import type { StoredSource } from '../../source/control/stored-source.js';
import { Workdir } from '../../workdir/paths.js';
import { removeFolder } from '../support/remove-folder.js';
import { configOf, open, repository, temporaryFolder } from './source-fixture.js';

let root: string;
let source: string;
let sourceControl: StoredSource;
let anchor: string;

beforeEach(async () => {
  root = temporaryFolder();
  source = repository(join(root, 'repo'));
  sourceControl = await open(join(root, 'workdir'), source);
  anchor = await sourceControl.anchor();
});
afterEach(() => removeFolder(root));

function instrument(more: Record<string, unknown>) {
  const config = configOf(source, { agent: 'playbook', python: 'python3', ...more });
  const context = { workdir: new Workdir(join(root, 'workdir')), config, log: () => undefined };
  return makeInstrument({ context, sourceControl, ask: makeAsk(context) })({ run: 'run-1' });
}

test('a script without a loop to time is refused', async () => {
  await expect(instrument({})).rejects.toMatchObject({ type: 'setup_instrumentation_failed' });
});

test('with a metric of its own it is run as it is, and so again', async () => {
  const metric = { name: 'iter_ms', direction: 'lower', pattern: 'time ([0-9.]+)ms' };
  const { baseCommit, spent } = await instrument({ metric });
  expect(await sourceControl.commitOf('base')).toBe(baseCommit);
  expect(await sourceControl.diff(anchor, baseCommit)).toBe('');
  expect(await instrument({ metric })).toEqual({ baseCommit, spent });
});
