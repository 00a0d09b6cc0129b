/** What must not outlive this process: it goes when this ends in any way but kill -9, a second Ctrl+C included. */
import { killGroup } from './process-group.js';

const ends = new Set<() => void>();
let isListening = false;

/** `end` cannot wait for anything. Gives what forgets it. */
export function atExit(end: () => void): () => void {
  if (!isListening) {
    isListening = true;
    process.on('exit', () => {
      for (const each of ends) each();
    });
  }
  ends.add(end);
  return () => void ends.delete(end);
}

/** For the leader of a process group of its own, until it has ended. Gives what forgets it. */
export function endsWithThisProcess(pid: number): () => void {
  return atExit(() => killGroup(pid));
}
