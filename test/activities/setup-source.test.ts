/** What a run's set-up says that the run keeps to. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeSetup } from '../../activities/setup-source.js';
import { Workdir } from '../../workdir/paths.js';
import { removeFolder } from '../support/remove-folder.js';
import { configOf, open, repository, temporaryFolder } from './source-fixture.js';

let root: string;
beforeEach(() => {
  root = temporaryFolder();
});
afterEach(() => removeFolder(root));

async function rulesOf(more: Record<string, unknown>) {
  const [source, at] = [repository(join(root, 'source')), join(root, 'workdir')];
  const config = configOf(source, more);
  const sourceControl = await open(at, source, more);
  const setup = makeSetup({ context: { workdir: new Workdir(at), config, log: () => undefined }, sourceControl });
  const first = await setup({ run: config.run_id });
  expect(await setup({ run: config.run_id })).toEqual(first);
  return first.confirmation;
}

it.each([
  ['as many as are needed by default', {}, true, true],
  ['two of the baseline where a person says so', { exact_runs: ['calibration_runs'] }, undefined, true],
  ['two pairs of the winner where a person says so', { exact_runs: ['verify_runs'] }, true, undefined],
  ['other numbers as they are said', { calibration_runs: 3, verify_runs: 1 }, undefined, undefined],
])('repeats are %s', async (_, more, calibratesAsNeeded, verifiesAsNeeded) => {
  const rules = await rulesOf(more);
  expect(rules?.calibratesAsNeeded).toBe(calibratesAsNeeded);
  expect(rules?.verifiesAsNeeded).toBe(verifiesAsNeeded);
});
