/**
 * Signals to a process that was started in a group of its own (spawn's `detached`): to it, its children and theirs, and
 * to nobody else.
 */

/** False when no process of the group is left. Signal 0 only asks. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** SIGTERM lets it clean up; what is still there after the grace is killed. */
export async function endGroup(pid: number, graceMs: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  const deadline = Date.now() + graceMs;
  while (signalGroup(pid, 0)) {
    if (Date.now() > deadline) return killGroup(pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** At once, and without a word to it; a group that has ended already is fine. */
export function killGroup(pid: number): void {
  signalGroup(pid, 'SIGKILL');
}
