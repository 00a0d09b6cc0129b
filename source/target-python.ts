/** Finds the Python that runs the user's pipeline: edits are compiled, and code is read, by that one. */
import { existsSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import type { RunConfig } from '../domain/formats/config.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { programFrom } from '../host/program-path.js';
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
  const meant = pinned === '' ? config : { ...config, python: pinned };
  const search = findPython(meant).then((answer) => {
    if ('executable' in answer) return answer.executable;
    const why =
      meant.python === ''
        ? `python is not set, and ${noneFound(answer.problem)}; set --python to the interpreter that runs the pipeline`
        : `python ${JSON.stringify(meant.python)} is not a Python ${OLDEST} or newer that runs: ${answer.problem}`;
    return raise('setup_source_failed', why);
  });
  found.set(key, search);
  search.catch(() => found.delete(key));
  return search;
}

/** What `python` would have to be for a run that begins in this shell; null where it is that. */
export async function pythonProblem(config: Omit<PythonConfig, 'launch_environment'>): Promise<string | null> {
  const answer = await findPython(config);
  if ('executable' in answer) return null;
  return config.python === ''
    ? `the interpreter that runs the pipeline: ${noneFound(answer.problem)}`
    : `a Python ${OLDEST.replace(/[()]/g, '').replace(', ', '.')} or newer that runs (${answer.problem})`;
}

function noneFound(problems: string): string {
  return `no interpreter was found by base_launch_command or on PATH (${problems})`;
}

type Answer = { executable: string } | { problem: string };

async function findPython(config: Omit<PythonConfig, 'launch_environment'>): Promise<Answer> {
  if (config.python !== '') {
    // In a file that a person wrote it counts from where jobs run.
    return await asked(programFrom(config.source_dir, config.python));
  }
  const candidates = [...pythonCandidates(config.base_launch_command, config.source_dir), 'python3', 'python'];
  const problems: string[] = [];
  for (const candidate of new Set(candidates)) {
    const answer = await asked(candidate);
    if ('executable' in answer) return answer;
    problems.push(`${candidate}: ${answer.problem}`);
  }
  return { problem: problems.join('; ') };
}

/** Interpreters that a launch command names or implies, the likeliest first. */
export function pythonCandidates(command: string, sourceDir: string): string[] {
  const candidates: string[] = [];
  for (const word of words(command)) {
    if (/^[A-Za-z_]\w*=/.test(word)) continue;
    const name = basename(word);
    if (PYTHON.test(name)) return [...candidates, programFrom(sourceDir, word)];
    if (PROJECT_RUNNERS.has(name)) candidates.push(...existing([join(sourceDir, '.venv', 'bin', 'python')]));
    else if (LAUNCHERS.test(name) || (word.includes('/') && !word.endsWith('.py'))) {
      const program = word.includes('/') ? programFrom(sourceDir, word) : onPath(word);
      if (program !== null)
        candidates.push(...existing([join(dirname(program), 'python3'), join(dirname(program), 'python')]));
    }
  }
  return candidates;
}

function existing(paths: string[]): string[] {
  return paths.filter((path) => existsSync(path));
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

async function asked(python: string): Promise<Answer> {
  const question = `import sys; assert sys.version_info >= ${OLDEST}, sys.version; print(sys.executable)`;
  const answer = await runApart(python, ['-I', '-c', question], {
    timeout: ANSWER_TIMEOUT_MS,
    stdin: 'ignore',
  });
  const executable = answer.stdout?.trim() ?? '';
  if (answer.exitCode === 0) return isAbsolute(executable) ? { executable } : { problem: 'it answers as none does' };
  const said = (answer.stderr || answer.shortMessage || '').trim().split('\n').at(-1) ?? '';
  return { problem: answer.code === 'ENOENT' ? 'not found' : said };
}
