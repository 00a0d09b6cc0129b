/** Finds the Python that runs the user's pipeline: edits are compiled, and code is read, by that one. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { RunConfig } from '../domain/formats/config.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { runApart } from '../host/short-program.js';

type PythonConfig = Pick<RunConfig, 'python' | 'base_launch_command' | 'source_dir'> &
  Partial<Pick<RunConfig, 'launch_environment'>>;

/** Importing nothing, an interpreter answers at once; a cold network file system may need longer. */
const ANSWER_TIMEOUT_MS = 30_000;
/** What our own Python files need. */
const OLDEST = '(3, 8)';

const PYTHON = /^(python|pypy)(\d+(\.\d+)*)?$/;
const LAUNCHERS = /^(torchrun|accelerate|deepspeed|ipython|ipython3|pytest|torchx|horovodrun)$/;
/** Words that stand before the command that they start. */
const PROJECT_RUNNERS = new Set(['uv', 'poetry', 'pdm', 'hatch', 'rye', 'pipenv']);

const found = new Map<string, Promise<string>>();

/** Absolute path of the interpreter. Raises setup_source_failed, naming the field, when none runs. */
export function targetPython(config: PythonConfig): Promise<string> {
  const { python, base_launch_command, source_dir, launch_environment } = config;
  const pinned = launch_environment?.python ?? '';
  const key = JSON.stringify([python, pinned, base_launch_command, source_dir, process.env.PATH]);
  const known = found.get(key);
  if (known) return known;
  // The one with which the run began, whatever this shell calls by its name.
  const search = findPython(pinned === '' ? config : { ...config, python: pinned });
  found.set(key, search);
  search.catch(() => found.delete(key));
  return search;
}

async function findPython(config: PythonConfig): Promise<string> {
  if (config.python !== '') {
    const answer = await asked(inSource(config.python, config.source_dir));
    if ('executable' in answer) return answer.executable;
    raise(
      'setup_source_failed',
      `python ${JSON.stringify(config.python)} is not a Python ${OLDEST} or newer that runs: ${answer.problem}`,
    );
  }
  const candidates = [...pythonCandidates(config.base_launch_command, config.source_dir), 'python3', 'python'];
  const problems: string[] = [];
  for (const candidate of new Set(candidates)) {
    const answer = await asked(candidate);
    if ('executable' in answer) return answer.executable;
    problems.push(`${candidate}: ${answer.problem}`);
  }
  return raise(
    'setup_source_failed',
    `python is not set, and no interpreter was found by base_launch_command or on PATH (${problems.join('; ')}); set --python to the interpreter that runs the pipeline`,
  );
}

/** Interpreters that a launch command names or implies, the likeliest first. */
export function pythonCandidates(command: string, sourceDir: string): string[] {
  const candidates: string[] = [];
  for (const word of words(command)) {
    if (/^[A-Za-z_]\w*=/.test(word)) continue;
    const name = basename(word);
    if (PYTHON.test(name)) return [...candidates, inSource(word, sourceDir)];
    if (PROJECT_RUNNERS.has(name)) candidates.push(...existing([join(sourceDir, '.venv', 'bin', 'python')]));
    else if (LAUNCHERS.test(name) || (word.includes('/') && !word.endsWith('.py'))) {
      const program = word.includes('/') ? inSource(word, sourceDir) : onPath(word);
      if (program !== null)
        candidates.push(...existing([join(dirname(program), 'python3'), join(dirname(program), 'python')]));
    }
  }
  return candidates;
}

function existing(paths: string[]): string[] {
  return paths.filter((path) => existsSync(path));
}

/** A bare name stays for PATH; a path is relative to where the job runs. */
function inSource(word: string, sourceDir: string): string {
  const path = word
    .replace(/^~(?=\/)/, homedir())
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string, plain: string) => process.env[braced ?? plain] ?? '');
  return !path.includes('/') || isAbsolute(path) ? path : resolve(sourceDir, path);
}

function onPath(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Words of a shell command, its quoted commands (`bash -c '…'`) opened; operators only separate. */
function words(command: string): string[] {
  return command
    .replace(/\\\r?\n/g, ' ')
    .replace(/["'`();|&]/g, ' ')
    .split(/\s+/)
    .filter(Boolean);
}

async function asked(python: string): Promise<{ executable: string } | { problem: string }> {
  const question = `import sys; assert sys.version_info >= ${OLDEST}, sys.version; print(sys.executable)`;
  const answer = await runApart(python, ['-I', '-c', question], {
    timeout: ANSWER_TIMEOUT_MS,
    stdin: 'ignore',
  });
  const executable = answer.stdout?.trim() ?? '';
  if (answer.exitCode === 0 && executable !== '') return { executable };
  const said = (answer.stderr || answer.shortMessage || '').trim().split('\n').at(-1) ?? '';
  return { problem: answer.code === 'ENOENT' ? 'not found' : said };
}
