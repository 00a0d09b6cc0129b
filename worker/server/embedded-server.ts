/** A workdir's own Temporal server: started when needed, once for its database, recorded, stopped. */

import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTextIfAny } from '../../host/atomic-file.js';
import { choosePort, isFree, LOOPBACK } from '../../host/free-ports.js';
import { isNamedLike, sharesPids, thisHost } from '../../host/host-identity.js';
import { processIdentity } from '../../host/process-identity.js';
import { waitForLock } from '../../host/process-lock.js';
import type { Workdir } from '../../workdir/paths.js';
import { engineProcess } from '../engine-lock.js';
import { findTemporal, temporalVersion } from './find-temporal.js';
import { DEFAULT_IDLE, ENDED_MARK, type IdleRule } from './idle-server.js';
import { claimantOf } from './port-claims.js';
import { isPortLost, lastWords } from './server-last-words.js';
import { endServer, findServerOf, isForeignListener, spawnServer } from './server-process.js';
import { ServerEnded, untilServerReady } from './server-ready.js';
import { portsOf, runningServer, type ServerRecord, serverRecord, writeServerRecord } from './server-record.js';

export { runningServer, type ServerRecord, serverRecord } from './server-record.js';

export class TemporalDowngrade extends Error {
  override readonly name = 'TemporalDowngrade';
}

export interface EnsureOptions {
  /** Take the recorded ports or fail: clients that hold the address would not find a server that moved. */
  keepAddress?: boolean;
  /** A person says that the host that had the run is gone, and its server with it. */
  takeOver?: boolean;
  /** When a server that nobody uses ends itself; null: never. The usual rule when absent. */
  idle?: IdleRule | null;
  /** Hears of the server's process, from its start on, and null once that has failed. */
  onProcess?: (pid: number | null) => void;
  /** Hears what a person should know of the start. */
  say?: (message: string, fields?: Record<string, unknown>) => void;
}

/** Two servers on one database would ruin it, and nobody can see from here whether the other one lives. */
export class ServerElsewhere extends Error {
  override readonly name = 'ServerElsewhere';
}

/** Answers with a server that is ready. Any number of processes may ask at once: one starts it, all get it. */
export async function ensureServer(workdir: Workdir, options: EnsureOptions = {}): Promise<ServerRecord> {
  await untilEnded(workdir);
  const server =
    (await runningServer(workdir)) ?? (await withStartLock(workdir, () => startServer(workdir, options), options));
  options.onProcess?.(server.pid);
  return server;
}

/** A server that takes longer to end is ended by whoever starts the next one, or not at all. */
const ENDING_MS = 10_000;
const LOOK_MS = 50;

/** A server that its watch has told to end is a process for a moment longer, and of no use to anybody. */
async function untilEnded(workdir: Workdir): Promise<void> {
  const ended = (await readTextIfAny(workdir.at('engine', ENDED_MARK)))?.trim();
  const deadline = Date.now() + ENDING_MS;
  while (ended !== undefined && Date.now() < deadline) {
    if (String((await runningServer(workdir))?.pid) !== ended) return;
    await sleep(LOOK_MS);
  }
}

/** Ends the workdir's server, if there is one; its addresses stay recorded for the next start. */
export async function stopServer(workdir: Workdir): Promise<void> {
  if ((await serverRecord(workdir)) === null) return;
  await withStartLock(workdir, async () => {
    const record = await runningServer(workdir);
    if (record === null || record.pid === null || record.process_start === null) return;
    // Recorded first, so that a supervisor takes the death for what it is.
    await writeServerRecord(workdir, { ...record, pid: null, process_start: null });
    await endServer(record.pid, record.process_start);
  });
}

/** Starting takes 0.3 s, stopping 1 s; on a loaded machine with a large database some ten times that. */
const START_TIMEOUT_MS = 30_000;

async function withStartLock<T>(workdir: Workdir, act: () => Promise<T>, how: EnsureOptions = {}): Promise<T> {
  const { takeOver = false } = how;
  const lock = await waitForLock(workdir.at('engine', 'temporal.lock'), 2 * START_TIMEOUT_MS, { takeOver });
  try {
    return await act();
  } finally {
    await lock.release();
  }
}

/**
 * A port may be lost between the choice and the bind, one of those too that the server chooses by itself for its inner
 * services: of servers that start at one time, one in a hundred loses one. Five times in a row it is something else.
 */
const PORT_ATTEMPTS = 5;

async function startServer(workdir: Workdir, options: EnsureOptions): Promise<ServerRecord> {
  const { keepAddress = false, takeOver = false } = options;
  const running = await runningServer(workdir);
  if (running !== null) return running;
  const previous = await serverRecord(workdir);
  if (previous !== null && !takeOver) await refuseElsewhere(workdir, previous);
  await mkdir(workdir.engine, { recursive: true });
  const dbFile = await databaseOf(workdir);
  const binary = await findTemporal(process.env, previous?.cli_version ?? null);
  const version = await temporalVersion(binary);
  refuseDowngrade(workdir, previous, binary, version);
  if (previous !== null && previous.cli_version !== version) {
    options.say?.('the Temporal server changes its version: the one that wrote the database is not to be had', {
      before: previous.cli_version,
      now: version,
      command: binary,
    });
  }
  const orphan = await findServerOf(dbFile);
  if (orphan !== null) return adopt(workdir, orphan, version);
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(workdir, previous, keepAddress);
    try {
      return await startOnce(workdir, binary, version, { dbFile, ip: LOOPBACK, ...ports }, options);
    } catch (error) {
      // A port that is to be kept and is not free is refused by the next choice.
      if (!(error instanceof ServerEnded) || !error.isPortLost || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

const DB_NAME = 'temporal.db';

/** As the server's command line names it. */
export async function databaseOf(workdir: Workdir): Promise<string> {
  return join(await realpath(workdir.engine), DB_NAME);
}

interface Ports {
  port: number;
  uiPort: number;
}

/** Temporal's own default ports come after those that this workdir had before. */
const DEFAULT_PORTS: Ports = { port: 7233, uiPort: 8233 };

async function choosePorts(workdir: Workdir, previous: ServerRecord | null, keepAddress: boolean): Promise<Ports> {
  const before = previous === null ? null : portsOf(previous);
  const engine = await engineProcess(workdir);
  const isAnothers = async (port: number) => {
    const claimant = await claimantOf(port);
    return claimant !== null && claimant !== engine?.pid;
  };
  if (before !== null && keepAddress) {
    if (await isFree(before.port)) return { port: before.port, uiPort: await choosePort([before.uiPort], isAnothers) };
    throw new Error(`port ${before.port}, on which the workdir's Temporal server was, is taken by another program`);
  }
  const wishes = [before, DEFAULT_PORTS].filter((ports) => ports !== null);
  const port = await choosePort(
    wishes.map((wish) => wish.port),
    isAnothers,
  );
  const uiPort = await choosePort(
    wishes.map((wish) => wish.uiPort),
    async (each) => each === port || (await isAnothers(each)),
  );
  return { port, uiPort };
}

async function startOnce(
  workdir: Workdir,
  binary: string,
  version: string,
  place: { dbFile: string; ip: string } & Ports,
  { idle = DEFAULT_IDLE, onProcess }: EnsureOptions,
): Promise<ServerRecord> {
  const logFile = workdir.at('logs', 'temporal-server.log');
  const logStart = (await stat(logFile).catch(() => null))?.size ?? 0;
  const child = await spawnServer(binary, place, logFile, idle);
  const pid = child.pid as number;
  onProcess?.(pid);
  const ended = async () => {
    if (child.exitCode === null && child.signalCode === null) return null;
    const how = child.signalCode ?? `exit code ${child.exitCode}`;
    const said = (await readFile(logFile)).subarray(logStart).toString();
    const message = `the Temporal server ended (${how}): ${lastWords(said) || 'it said nothing'}`;
    return new ServerEnded(message, isPortLost(said));
  };
  try {
    await untilServerReady(`${LOOPBACK}:${place.port}`, ended, START_TIMEOUT_MS);
    if (await isForeignListener(pid, place.port)) {
      throw new ServerEnded(`port ${place.port} answers, but from another process`, true);
    }
    return await record(workdir, pid, place, version);
  } catch (error) {
    const token = await processIdentity(pid);
    if (token !== null) await endServer(pid, token);
    onProcess?.(null);
    throw error;
  }
}

async function adopt(workdir: Workdir, orphan: { pid: number } & Ports, version: string): Promise<ServerRecord> {
  const ended = async () =>
    (await processIdentity(orphan.pid)) === null
      ? new ServerEnded(`the Temporal server (process ${orphan.pid}) ended`)
      : null;
  await untilServerReady(`${LOOPBACK}:${orphan.port}`, ended, START_TIMEOUT_MS);
  return record(workdir, orphan.pid, orphan, version);
}

async function record(workdir: Workdir, pid: number, { port, uiPort }: Ports, version: string): Promise<ServerRecord> {
  const process_start = await processIdentity(pid);
  if (process_start === null) throw new ServerEnded(`the Temporal server (process ${pid}) ended as soon as it was up`);
  const made: ServerRecord = {
    address: `${LOOPBACK}:${port}`,
    ui_address: `http://${LOOPBACK}:${uiPort}`,
    pid,
    process_start,
    host: await thisHost(),
    started_at: new Date().toISOString(),
    cli_version: version,
    db: join('engine', DB_NAME),
  };
  await writeServerRecord(workdir, made);
  return made;
}

async function refuseElsewhere(workdir: Workdir, { pid, host }: ServerRecord): Promise<void> {
  if (pid === null || host === undefined) return;
  if ((await readTextIfAny(workdir.at('engine', ENDED_MARK)))?.trim() === String(pid)) return;
  const here = await thisHost();
  if (sharesPids(host, here) || isNamedLike(host, here)) return;
  throw new ServerElsewhere(
    `the Temporal server of ${workdir.root} was left running on host ${host.name} (process ${pid}), and from this host ` +
      `(${here.name}) nobody can see whether it lives. It ends by itself a while after its engine; or end it there with ` +
      '`autoresearch stop`. If that host is gone for good, go on here with `autoresearch run --take-over`',
  );
}

/** The dev server does not migrate its database, so an older one must not open what a newer one wrote. */
function refuseDowngrade(workdir: Workdir, previous: ServerRecord | null, binary: string, version: string): void {
  if (previous === null || compareVersions(version, previous.cli_version) >= 0) return;
  throw new TemporalDowngrade(
    `${workdir.at('engine', DB_NAME)} was last opened by temporal ${previous.cli_version}, and ${binary} is ${version}, ` +
      `which is older and may not read it. Point TEMPORAL_CLI at temporal ${previous.cli_version} or newer`,
  );
}

function compareVersions(a: string, b: string): number {
  const numbers = (version: string) => version.split(/[.-]/).slice(0, 3).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
