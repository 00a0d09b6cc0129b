/** A workdir of its own for a test, whose Temporal server is stopped and whose folder is removed when the test ends. */
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Workdir } from '../../workdir/paths.js';
import { stopServer } from '../../worker/server/embedded-server.js';
import { removeFolder } from './remove-folder.js';

export async function temporalWorkdir(): Promise<Workdir> {
  const workdir = new Workdir(await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-temporal-'))));
  onTestFinished(async () => {
    await stopServer(workdir);
    await removeFolder(workdir.root);
  });
  return workdir;
}
