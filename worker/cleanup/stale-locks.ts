/**
 * What a process leaves that was killed while it took a lock: its draft, and the right to replace a dead holder's lock.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '../../host/names-in.js';
import { livingHolder, readHolder } from '../../host/process-lock.js';
import type { Workdir } from '../../workdir/paths.js';

/** Beside `engine.lock` and `temporal.lock`, which are taken over when they are needed. */
const LOCK_REST = /^(?:engine|temporal)\.lock\.[\w-]+(?:\.draft)?$/;

/** Removes those whose holder is dead, and answers their paths. */
export async function removeStaleLocks(workdir: Workdir): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(workdir.engine)) {
    if (!LOCK_REST.test(name)) continue;
    const path = join(workdir.engine, name);
    if ((await readHolder(path)) === null || (await livingHolder(path)) !== null) continue;
    await rm(path, { force: true });
    removed.push(path);
  }
  return removed;
}
