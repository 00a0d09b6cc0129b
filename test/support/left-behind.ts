/**
 * Processes that outlive the command that began them (an engine in the background, a server, jobs with their runners):
 * each has the folder of its run in its command line, which no other run has.
 */
import { spawnSync } from 'node:child_process';

/** Of processes whose command line has `folder` in it; this one and its own `ps` left out. */
export function processesOf(folder: string): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return stdout.split('\n').flatMap((line) => {
    const pid = Number(/^\s*(\d+)/.exec(line)?.[1]);
    return line.includes(folder) && pid !== process.pid ? [pid] : [];
  });
}

/** Until none is left: one that is being killed may just have begun another. */
export function endProcessesOf(folder: string): void {
  for (let pids = processesOf(folder), tries = 0; pids.length > 0 && tries < 50; tries++) {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    pids = processesOf(folder);
  }
}

const folders = new Set<string>();

/** The same when this process ends before its test does, as where tests are aborted. Gives what forgets the folder. */
export function endWithThisProcess(folder: string): () => void {
  if (folders.size === 0) {
    process.once('exit', endAll);
    for (const end of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(end, endAndLeave);
  }
  folders.add(folder);
  return () => {
    folders.delete(folder);
    if (folders.size > 0) return;
    process.off('exit', endAll);
    for (const end of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.off(end, endAndLeave);
  };
}

function endAll(): void {
  for (const folder of folders) endProcessesOf(folder);
}

function endAndLeave(): void {
  process.exit(1);
}
