/** The scripts that a launch command names, as text: what is hidden in them is hidden from its exit code. */
import { isAbsolute, join } from 'node:path';
import type { ScriptKind } from '../../domain/command/swallowed-codes.js';
import { readStart } from './read-lines.js';

export interface LaunchScript {
  name: string;
  text: string;
  kind: ScriptKind;
}

const SHELL_SCRIPT = /(?:^|[\s;&|(])((?:[\w./~-]+\/)?[\w.-]+\.(?:sh|bash|sbatch|slurm))(?=$|[\s;&|)])/g;
const PYTHON_SCRIPT = /python[\d.]*["']?\s+(?:-[a-ln-zA-Z]\S*\s+)*(?:-m\s+([\w.]+)|([\w./~-]+\.py))(?=$|[\s;&|)])/g;
const MAKE = /(?:^|[\s;&|(])g?make(?=$|[\s;&|)])([^;&|]*)/g;
const MAKE_FOLDER = /\s(?:-C|--directory)[\s=]\s*(\S+)/;
const MAKE_FILE = /\s(?:-f|--file|--makefile)[\s=]\s*(\S+)/;
/** In the order in which make looks for them. */
const MAKEFILES = ['GNUmakefile', 'makefile', 'Makefile'];
const SCRIPTS_READ = 4;
const BYTES_READ = 64 * 1024;

/**
 * Without the pipeline's own script, whose end is the job's. Paths are the command's, relative to the source directory.
 */
export async function launchScripts(
  command: string,
  sourceDir: string,
  pipelineScript: string,
): Promise<LaunchScript[]> {
  const at = (name: string) => (isAbsolute(name) ? name : join(sourceDir, name));
  const named = [
    ...[...command.matchAll(SHELL_SCRIPT)].map((match) => ({ kind: 'shell' as const, names: [match[1]!] })),
    ...[...command.matchAll(PYTHON_SCRIPT)]
      .map(([, module, path]) => ({ kind: 'python' as const, names: [path ?? `${module!.replaceAll('.', '/')}.py`] }))
      .filter(({ names }) => at(names[0]!) !== at(pipelineScript)),
    ...[...command.matchAll(MAKE)].map(([, words = '']) => {
      const folder = MAKE_FOLDER.exec(words)?.[1] ?? '';
      const file = MAKE_FILE.exec(words)?.[1];
      return {
        kind: 'make' as const,
        names: (file === undefined ? MAKEFILES : [file]).map((one) => join(folder, one)),
      };
    }),
  ];
  const read: LaunchScript[] = [];
  for (const { kind, names } of named.slice(0, SCRIPTS_READ)) {
    for (const name of names) {
      const file = await readStart(at(name), BYTES_READ).catch(() => null);
      if (file === null || read.some((one) => one.name === name)) continue;
      read.push({ name, text: file.text, kind });
      break;
    }
  }
  return read;
}
