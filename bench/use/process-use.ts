/** CPU and memory of a process, from /proc. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

export interface ProcessUse {
  /** Of user and system together, since its start; its children's are not in it. */
  cpuS: number;
  /** Of its children that have ended, and theirs. */
  childrenCpuS: number;
  residentMb: number;
}

let ticksPerS: number | null = null;

export async function processUse(pid: number): Promise<ProcessUse> {
  ticksPerS ??= Number((await execa('getconf', ['CLK_TCK'])).stdout);
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name in brackets may hold blanks; utime and stime are the 14th and 15th field of all, those of children follow.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const residentKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  const ticks = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) / ticksPerS!;
  return { cpuS: ticks(11), childrenCpuS: ticks(13), residentMb: residentKb / 1024 };
}
