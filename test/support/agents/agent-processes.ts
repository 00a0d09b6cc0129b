/** The processes of agent calls that an engine left behind when it was killed. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJsonIfAny } from '../../../host/atomic-file.js';
import { isSameProcess } from '../../../host/process-identity.js';

const LOOK_MS = 10;

/** Waits until they have come to their end by themselves: from then on only their replies are left. */
export async function untilAgentsEnded(workdir: string): Promise<void> {
  const calls = join(workdir, 'engine', 'calls');
  const names = await readdir(calls).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.pid.json'))) {
    const left = (await readJsonIfAny(join(calls, name))) as { pid: number; identity: string } | null;
    while (left && (await isSameProcess(left.pid, left.identity))) await sleep(LOOK_MS);
  }
}
