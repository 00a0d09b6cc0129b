/** What temporal-child.mjs calls in other processes: arguments and results are JSON. */
import { Workdir } from '../../activities/workdir.js';
import { ensureServer } from '../../worker/embedded-server.js';
import { acquireEngineLock } from '../../worker/engine-lock.js';

export async function startServerOf(root: string): Promise<{ pid: number | null }> {
  const { pid } = await ensureServer(new Workdir(root));
  return { pid };
}

export async function takeEngineOf(root: string): Promise<{ pid: number }> {
  await acquireEngineLock(new Workdir(root));
  return { pid: process.pid };
}
