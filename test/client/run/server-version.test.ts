/** A person hears at the terminal that the server of a run has changed its version. */
import { expect, it } from 'vitest';
import { serverVersionNotices } from '../../../client/run/server-version.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import type { Workdir } from '../../../workdir/paths.js';
import { temporaryWorkdir } from '../../support/synthetic-workdir.js';

async function recordVersion(workdir: Workdir, cli_version: string): Promise<void> {
  await writeJsonAtomic(workdir.temporal, {
    address: '127.0.0.1:7233',
    ui_address: 'http://127.0.0.1:8233',
    pid: null,
    process_start: null,
    started_at: '',
    cli_version,
    db: 'engine/temporal.db',
  });
}

it.each([
  ['a first start', null, '1.9.1', []],
  ['the same command', '1.9.1', '1.9.1', []],
  ['another command', '1.8.0', '1.9.1', [expect.stringMatching(/from 1\.8\.0 to 1\.9\.1: .*TEMPORAL_CLI/)]],
])('%s', async (_, before, now, said) => {
  const workdir = await temporaryWorkdir();
  if (before !== null) await recordVersion(workdir, before);
  const notices = await serverVersionNotices(workdir);
  await recordVersion(workdir, now);
  expect(await notices()).toEqual(said);
});
