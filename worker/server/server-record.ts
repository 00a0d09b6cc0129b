/** engine/temporal.json: where a workdir's own Temporal server is, and which process it is. Holds no secret. */
import { z } from 'zod';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { HostSchema } from '../../host/host-identity.js';
import { isSameProcess } from '../../host/process-identity.js';
import { readKeptRecord } from '../../workdir/kept-record.js';
import type { Workdir } from '../../workdir/paths.js';
import { originalOf } from '../../workdir/workdir-place.js';

const RecordSchema = z.looseObject({
  /** gRPC, host:port. */
  address: z.string().regex(/^[^:]+:\d+$/),
  /** URL of the web interface. */
  ui_address: z.url(),
  /** Null once it was stopped: the addresses are then the ones to take again. */
  pid: z.number().int().positive().nullable(),
  /** Start token of that process, from process-identity. */
  process_start: z.string().nullable(),
  /** Where that process is; absent in records of earlier versions. */
  host: HostSchema.optional(),
  started_at: z.string(),
  /** Version of the `temporal` command that last opened the database. */
  cli_version: z.string(),
  /** Path of the database inside the workdir, so that the workdir can move. */
  db: z.string(),
});

export type ServerRecord = z.infer<typeof RecordSchema>;

/** What was last recorded, of a server that may be gone; null when there never was one. */
export async function serverRecord(workdir: Workdir): Promise<ServerRecord | null> {
  return readKeptRecord(workdir.temporal, RecordSchema, 'Delete the file: it is made again at the next start');
}

/** The record, if the process that it names is alive. A copied one names the server of the original. */
export async function runningServer(workdir: Workdir): Promise<ServerRecord | null> {
  const record = await serverRecord(workdir);
  if (record === null || !(await isAlive(record))) return null;
  return (await originalOf(workdir)) === null ? record : null;
}

export async function isAlive({ pid, process_start }: ServerRecord): Promise<boolean> {
  return pid !== null && process_start !== null && (await isSameProcess(pid, process_start));
}

export async function writeServerRecord(workdir: Workdir, record: ServerRecord): Promise<void> {
  await writeJsonAtomic(workdir.temporal, record);
}

export function portsOf(record: ServerRecord): { port: number; uiPort: number } {
  return { port: Number(record.address.split(':')[1]), uiPort: Number(new URL(record.ui_address).port) };
}
