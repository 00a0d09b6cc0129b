/**
 * Which process a recorded pid means. Pids are reused, so a process is its pid together with a start token: boot and
 * start tick from /proc, or the start time that `ps` prints where there is no /proc.
 */
import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { runApart } from './short-program.js';

/** A token that no other process of this pid has had, or null when no such process is alive. */
export async function processIdentity(pid: number): Promise<string | null> {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return platform() === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
}

export async function isSameProcess(pid: number, token: string): Promise<boolean> {
  return (await processIdentity(pid)) === token;
}

/** Whether any process has that number now, whosoever it is. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function identityFromProc(pid: number): Promise<string | null> {
  try {
    const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), bootId()]);
    // The command's name is in parentheses and may itself hold spaces and parentheses: fields count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTick] = [fields[0], fields[19]];
    // A zombie has ended; only its parent has not looked yet.
    if (state === undefined || 'ZXx'.includes(state) || startTick === undefined) return null;
    return `${boot}:${startTick}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

/** Ticks count from the boot, so the boot belongs to the token; sandboxes without it get by on the tick alone. */
async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return 'boot';
  }
}

async function identityFromPs(pid: number): Promise<string | null> {
  const asked = await runApart('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' } });
  // ps exits with 1 when it knows no such process.
  if (asked.exitCode === 1) return null;
  if (asked.exitCode !== 0) throw new Error(`ps cannot tell of process ${pid}: ${asked.stderr || asked.shortMessage}`);
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(asked.stdout) ?? [];
  return started === undefined || state?.startsWith('Z') ? null : started;
}
