/** What an engine made again of its workdir in the moment before it noticed that this was moved away. */
import { rmdir } from 'node:fs/promises';
import { Trees } from '../../source/control/trees.js';
import type { Workdir } from '../../workdir/paths.js';

/** Folders that hold nothing; what holds something is left, whosever it is. */
export async function removeEmptyFolders(workdir: Workdir): Promise<void> {
  const made = [Trees.scratchOf(workdir.trees), workdir.trees, workdir.engine, workdir.logs, workdir.root];
  for (const folder of made) await rmdir(folder).catch(() => undefined);
}
