import { chmod, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageFile } from '../../../host/package-files.js';
import { findTemporal, TemporalNotFound, temporalVersion } from '../../../worker/server/find-temporal.js';
import { removeFolder } from '../../support/remove-folder.js';

let folder: string;
let fake: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-find-')));
  fake = join(folder, 'temporal');
  await writeFile(fake, '#!/bin/sh\necho "temporal version 1.2.3 (Server 1.26.2, UI 2.34.0)"\n');
  await chmod(fake, 0o755);
});
afterEach(() => removeFolder(folder));

test('TEMPORAL_CLI comes before PATH, and PATH before the tool folder', async () => {
  const other = join(folder, 'my-temporal');
  await writeFile(other, '#!/bin/sh\n');
  await chmod(other, 0o755);
  expect(await findTemporal({ TEMPORAL_CLI: other, PATH: folder })).toBe(other);
  expect(await findTemporal({ PATH: `/nowhere:${folder}` })).toBe(fake);
  expect(await findTemporal({ PATH: '/nowhere' })).toBe(packageFile('.tools', 'venv', 'bin', 'temporal'));
});

test('a database keeps to the version that made it, while that can be had', async () => {
  const tool = packageFile('.tools', 'venv', 'bin', 'temporal');
  const pinned = await temporalVersion(tool);
  expect(await findTemporal({ PATH: folder }, pinned)).toBe(tool);
  expect(await findTemporal({ PATH: folder }, '1.2.3')).toBe(fake);
  expect(await findTemporal({ PATH: folder }, '0.9.0')).toBe(fake);
  // What a person names is theirs to answer for; the start says it.
  expect(await findTemporal({ TEMPORAL_CLI: fake, PATH: folder }, pinned)).toBe(fake);
});

test('a TEMPORAL_CLI that is no program is refused by name, not passed over', async () => {
  await chmod(fake, 0o644);
  for (const named of [fake, folder, join(folder, 'absent')]) {
    const refusal = findTemporal({ TEMPORAL_CLI: named, PATH: process.env.PATH });
    await expect(refusal).rejects.toThrow(TemporalNotFound);
    await expect(refusal).rejects.toThrow(`TEMPORAL_CLI is "${named}"`);
  }
});

test('the version is read from the command', async () => {
  expect(await temporalVersion(fake)).toBe('1.2.3');
  await writeFile(fake, '#!/bin/sh\necho something else\n');
  await expect(temporalVersion(fake)).rejects.toThrow('names no version');
});
