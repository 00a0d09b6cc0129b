/**
 * engine/calls/<key>.pid.json names the process of an agent call that is under way. A killed engine leaves such a
 * process alive, working and paid for; its record lets the next engine end it, and no other process that has got its
 * number.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { killGroup } from '../host/process-group.js';
import { forgetProcess, recordedProcess } from '../host/recorded-process.js';
import type { Workdir } from '../workdir/paths.js';

const SUFFIX = '.pid.json';

export function processFile(workdir: Workdir, key: string): string {
  return workdir.at('engine', 'calls', `${key}${SUFFIX}`);
}

/** Kills the recorded process with its group, if it is still that process. True when it was. */
export async function endRecordedProcess(file: string): Promise<boolean> {
  const pid = await recordedProcess(file);
  if (pid !== null) killGroup(pid);
  await forgetProcess(file);
  return pid !== null;
}

/** For the start of an engine: ends every agent process that an earlier one left behind, and says of which calls. */
export async function reapLeftovers(workdir: Workdir): Promise<string[]> {
  const folder = workdir.at('engine', 'calls');
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ended: string[] = [];
  for (const name of names.filter((each) => each.endsWith(SUFFIX))) {
    if (await endRecordedProcess(join(folder, name))) ended.push(name.slice(0, -SUFFIX.length));
  }
  return ended;
}
