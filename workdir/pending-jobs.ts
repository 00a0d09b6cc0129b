/**
 * What jobs of clusters wait for, in their scheduler's words: `runs/<node>/pending.json` is there while one waits. A
 * file and no event, so that a wait of hours costs the engine nothing.
 */
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { QueueWait } from '../domain/overview/under-way.js';
import { type EngineState, openRows } from '../domain/run/engine-state.js';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import type { Workdir } from './paths.js';

const PendingSchema = z.object({ reason: z.string(), since_ms: z.number() });

/** Null: the job waits no more. Another reason is the same wait. */
export async function notePending(workdir: Workdir, nodeId: string, reason: string | null): Promise<void> {
  const path = pathOf(workdir, nodeId);
  if (reason === null) return await rm(path, { force: true });
  const since_ms = (await readPending(workdir, nodeId))?.sinceMs ?? Date.now();
  await writeJsonAtomic(path, { reason, since_ms });
}

/** Of all experiments whose job may be in a queue now, by node id. */
export async function pendingJobs(
  workdir: Workdir,
  state: EngineState | null,
): Promise<ReadonlyMap<string, QueueWait>> {
  const launching = state === null ? [] : openRows(state).filter((row) => row.state.status === 'launching');
  const found = await Promise.all(
    launching.map(async ({ nodeId }) => [nodeId, await readPending(workdir, nodeId)] as const),
  );
  return new Map(found.flatMap(([nodeId, job]) => (job === null ? [] : [[nodeId, job]])));
}

/** One that cannot be read says nothing: it is for people to look at. */
async function readPending(workdir: Workdir, nodeId: string): Promise<QueueWait | null> {
  const parsed = PendingSchema.safeParse(await readJsonIfAny(pathOf(workdir, nodeId)).catch(() => null));
  return parsed.success ? { reason: parsed.data.reason, sinceMs: parsed.data.since_ms } : null;
}

function pathOf(workdir: Workdir, nodeId: string): string {
  return workdir.run(nodeId, 'pending.json');
}
