/** Once for a whole test run: a real Temporal dev server. */
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Workdir } from '../../workdir/paths.js';
import { ensureServer, stopServer } from '../../worker/server/embedded-server.js';
import { removeFolder } from './remove-folder.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port of the run's one dev server; its namespace is `default`. */
    temporalAddress: string;
    temporalUi: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // The tests' server is theirs alone, whatever the environment configures.
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('TEMPORAL_') && name !== 'TEMPORAL_CLI') delete process.env[name];
  }
  // An address that no file of the person's configures.
  process.env.TEMPORAL_CONFIG_FILE = '/dev/null';
  const workdir = new Workdir(await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-tests-'))));
  const teardown = async () => {
    await stopServer(workdir);
    await removeFolder(workdir.root);
  };
  try {
    const server = await ensureServer(workdir, { idle: null });
    project.provide('temporalAddress', server.address);
    project.provide('temporalUi', server.ui_address);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
