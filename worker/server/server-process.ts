/** The dev server as a process of its own: started detached, found again by its database, stopped gently. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, readlink } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { endProcess } from '../../host/process-end.js';
import { killGroup } from '../../host/process-group.js';
import { runApart } from '../../host/short-program.js';
import { type IdleRule, watchedCommand } from './idle-server.js';
import { type ServerPlace, serverFlags } from './server-flags.js';

/** Starts it in a session of its own, so that it survives its starter and hears no Ctrl+C of the starter's terminal. */
export async function spawnServer(
  binary: string,
  place: ServerPlace,
  logFile: string,
  idle: IdleRule | null,
): Promise<ChildProcess> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn('/bin/sh', watchedCommand([binary, ...serverFlags(place)], place.uiPort, idle), {
      detached: true,
      cwd: dirname(place.dbFile),
      stdio: ['ignore', log.fd, log.fd],
      env: serverEnv(),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** Asked first, killed where it does not heed; `token` is its start token. */
export async function endServer(pid: number, token: string): Promise<void> {
  await endProcess(pid, token, 'the Temporal server');
  // The shell that watches it would see that only at its next look.
  killGroup(pid);
}

/** Nothing of the starter's: neither secrets nor TEMPORAL_* settings, which the command would take as its own. */
function serverEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, TZ } = process.env;
  const kept = Object.entries({ PATH, HOME, TMPDIR, TZ }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), TEMPORAL_VERSION_CHECK_DISABLED: '1' };
}

/** A server on this database that nobody recorded, because its starter was killed in that moment. */
export async function findServerOf(dbFile: string): Promise<{ pid: number; port: number; uiPort: number } | null> {
  for (const { pid, command } of await processCommands()) {
    if (!command.includes(` server start-dev --db-filename ${dbFile} `)) continue;
    const port = Number(/ --port (\d+)/.exec(command)?.[1]);
    const uiPort = Number(/ --ui-port (\d+)/.exec(command)?.[1]);
    if (port > 0 && uiPort > 0) return { pid, port, uiPort };
  }
  return null;
}

/** Command lines of all processes that this user may see. */
export async function processCommands(): Promise<{ pid: number; command: string }[]> {
  if (platform() !== 'linux') {
    const { stdout } = await runApart('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 64 << 20 });
    return stdout.split('\n').map((line) => {
      const [, pid, command] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
      return { pid: Number(pid ?? 0), command: command ?? '' };
    });
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      // A process may end between the listing and the look.
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: text.replaceAll('\0', ' ') };
    }),
  );
}

/**
 * Whether another process than `pid` listens on the port: two servers that were started on one port at the same moment
 * must not be taken for each other. False where the system does not tell.
 */
export async function isForeignListener(pid: number, port: number): Promise<boolean> {
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '');
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const listening = rows
    .filter((row) => row[1]?.endsWith(suffix) && row[3] === '0A')
    .map((row) => `socket:[${row[9]}]`);
  if (listening.length === 0) return false;
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return !listening.some((socket) => links.includes(socket));
}
