/** Commands by the names of agents, for tests that mean a command agent and never call it. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { removeFolder } from '../remove-folder.js';

/** Puts `claude` and `codex` first on PATH until the test ends. */
export async function agentCommandsOnPath(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-agents-'));
  for (const name of ['claude', 'codex']) await writeFile(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  vi.stubEnv('PATH', [folder, process.env.PATH ?? ''].join(delimiter));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await removeFolder(folder);
  });
}
