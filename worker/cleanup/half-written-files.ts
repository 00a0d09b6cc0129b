/**
 * Drafts of files whose writer was killed between the draft and its rename: `<file>.<pid>.<n>.tmp`, or
 * `<file>.<pid>.tmp` of a job runner. Whoever would finish them is gone, so the next engine removes them.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { processIdentity } from '../../host/process-identity.js';
import type { Workdir } from '../../workdir/paths.js';

const DRAFT = /\.(\d+)(?:\.\d+)?\.tmp$/;
/** Checkouts of the user's code and the object store: what is named like a draft there is not ours. */
const NOT_OURS: readonly string[] = ['trees', 'source.git'];

/** Removes those whose writer is gone; returns their paths. */
export async function removeHalfWrittenFiles(workdir: Workdir): Promise<string[]> {
  const removed: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (folder !== workdir.root || !NOT_OURS.includes(entry.name)) await visit(path);
      } else if (entry.isFile() && (await isAbandoned(path))) {
        await rm(path, { force: true });
        removed.push(path);
      }
    }
  };
  await visit(workdir.root);
  return removed;
}

async function isAbandoned(path: string): Promise<boolean> {
  const writer = Number(DRAFT.exec(path)?.[1]);
  if (!(writer > 0)) return false;
  // In a container the engine gets the same pid at each start: what is older than this process is not its own.
  if (writer === process.pid) return ((await stat(path).catch(() => null))?.mtimeMs ?? Infinity) < startedAtMs();
  return (await processIdentity(writer)) === null;
}

function startedAtMs(): number {
  return Date.now() - process.uptime() * 1000;
}
