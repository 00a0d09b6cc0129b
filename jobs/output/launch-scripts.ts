/** The shell scripts that a launch command names, as text: what is hidden in them is hidden from its exit code. */
import { isAbsolute, join } from 'node:path';
import { readStart } from './read-lines.js';

const SCRIPT = /(?:^|[\s;&|(])((?:[\w./~-]+\/)?[\w.-]+\.(?:sh|bash|sbatch|slurm))(?=$|[\s;&|)])/g;
const SCRIPTS_READ = 4;
const BYTES_READ = 64 * 1024;

export async function launchScripts(command: string, sourceDir: string): Promise<{ name: string; text: string }[]> {
  const names = [...new Set([...command.matchAll(SCRIPT)].map((match) => match[1]!))].slice(0, SCRIPTS_READ);
  const read = await Promise.all(
    names.map(async (name) => {
      const file = await readStart(isAbsolute(name) ? name : join(sourceDir, name), BYTES_READ).catch(() => null);
      return file === null ? [] : [{ name, text: file.text }];
    }),
  );
  return read.flat();
}
