/**
 * engine/calls/<key>.pid.json names the process of an agent call that is under way. A killed engine leaves such a process
 * alive, working and paid for; its record lets the next engine end it, and no other process that has got its number.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readTextIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import { killGroup } from '../host/process-group.js';
import { isSameProcess, processIdentity } from '../host/process-identity.js';
import type { Workdir } from '../workdir/paths.js';

const SUFFIX = '.pid.json';
const ProcessSchema = z.object({ pid: z.number().int().positive(), identity: z.string() });

export function processFile(workdir: Workdir, key: string): string {
  return workdir.at('engine', 'calls', `${key}${SUFFIX}`);
}

export async function recordProcess(file: string, pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity !== null) await writeJsonAtomic(file, { pid, identity });
}

/** Kills the recorded process with its group, if it is still that process. True when it was. */
export async function endRecordedProcess(file: string): Promise<boolean> {
  const left = ProcessSchema.safeParse(jsonOrNull(await readTextIfAny(file)));
  const isAlive = left.success && (await isSameProcess(left.data.pid, left.data.identity));
  if (isAlive) killGroup(left.data.pid);
  await rm(file, { force: true });
  return isAlive;
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

function jsonOrNull(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
