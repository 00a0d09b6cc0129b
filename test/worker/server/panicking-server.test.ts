/** A server that panics as it starts: for want of a port, which another choice mends, or for good. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Workdir } from '../../../workdir/paths.js';
import { ensureServer, stopServer } from '../../../worker/server/embedded-server.js';
import { findTemporal } from '../../../worker/server/find-temporal.js';
import { LOST_PORT } from '../../support/lost-port.js';
import { temporalWorkdir } from '../../support/temporal-workdir.js';

/** A `temporal` that notes each start in `starts`, panics in those words at the first, and is the real one then. */
async function panickingFirst(workdir: Workdir, words: string): Promise<void> {
  const real = await findTemporal();
  const [command, said, starts] = [workdir.at('temporal'), workdir.at('said'), workdir.at('starts')];
  await writeFile(said, words);
  const script = [
    '#!/bin/sh',
    `[ "$1" = server ] || exec '${real}' "$@"`,
    `echo "$*" >> '${starts}'`,
    `[ "$(wc -l < '${starts}')" = 1 ] || exec '${real}' "$@"`,
    `cat '${said}' >&2; exit 2`,
  ];
  await writeFile(command, script.join('\n'));
  await chmod(command, 0o755);
  vi.stubEnv('TEMPORAL_CLI', command);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test('starts anew when the server panics for want of a port, and so where it has to keep its address', async () => {
  const workdir = await temporalWorkdir();
  const starts = workdir.at('starts');
  // More where another server of this machine takes a port in that moment.
  const startedAnew = async () => (await readFile(starts, 'utf8')).trim().split('\n').length >= 2;
  await panickingFirst(workdir, LOST_PORT);
  const first = await ensureServer(workdir);
  expect(await startedAnew()).toBe(true);
  await stopServer(workdir);
  await rm(starts);
  expect((await ensureServer(workdir, { keepAddress: true })).address).toBe(first.address);
  expect(await startedAnew()).toBe(true);
});

test('says at once why a server panics for another reason, and does not start it again', async () => {
  const workdir = await temporalWorkdir();
  const trace = `goroutine 1 [running]:\n${'main.run()\n\t/home/runner/main.go:1 +0x1\n'.repeat(50)}`;
  await panickingFirst(workdir, `panic: no such table: namespaces\n\n${trace}`);
  const failure = await ensureServer(workdir).catch((error: Error) => error.message);
  expect(failure).toBe('the Temporal server ended (exit code 2): panic: no such table: namespaces');
  expect((await readFile(workdir.at('starts'), 'utf8')).trim().split('\n')).toHaveLength(1);
});
