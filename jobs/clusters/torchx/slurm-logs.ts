/** What the replicas of an app on Slurm printed: torchx has each write `slurm-<id>-<role>-<replica>.out` and `.err`. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A look at a log takes no more of it; the next one goes on. */
const MOST_BYTES = 16 * 1024 * 1024;

interface Printed {
  stdout: string;
  stderr: string;
  /** Bytes read, by file. */
  cursor: Record<string, number>;
}

/** Whole lines. Of several replicas each line begins with its role and number, as `torchx log` shows it. */
export async function slurmLogs(
  folder: string,
  appId: string,
  before: Readonly<Record<string, number>>,
): Promise<Printed> {
  const own = new RegExp(`^slurm-${appId}-(.+)-(\\d+)\\.(out|err)$`);
  const names = (await readdir(folder).catch(() => [])).filter((name) => own.test(name)).sort();
  const isOne = names.filter((name) => name.endsWith('.out')).length < 2;
  const printed: Printed = { stdout: '', stderr: '', cursor: { ...before } };
  for (const name of names) {
    const [, role, replica, extension] = own.exec(name)!;
    const lines = await linesFrom(join(folder, name), before[name] ?? 0);
    const prefix = isOne ? '' : `${role}/${replica} `;
    printed[extension === 'out' ? 'stdout' : 'stderr'] += lines.text.replace(/^(?=[\s\S])/gm, prefix);
    printed.cursor[name] = lines.end;
  }
  return printed;
}

async function linesFrom(path: string, start: number): Promise<{ text: string; end: number }> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(Math.max(0, Math.min(MOST_BYTES, (await file.stat()).size - start)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const length = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
    return { text: buffer.toString('utf8', 0, length), end: start + length };
  } finally {
    await file.close();
  }
}
