/**
 * Signals to a process that was started in a group of its own (spawn's `detached`): to it, its children and theirs, and to
 * nobody else.
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

/** At once, and without a word to it; a group that has ended already is fine. */
export function killGroup(pid: number): void {
  signalGroup(pid, 'SIGKILL');
}
