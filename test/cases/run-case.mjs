// Runs one case: a small project in the shape of what people really have, optimised by the built command, and what came
// out of it held against what is right. A case is a folder with `source/` and `case.mjs`, whose default export says:
//   script    path of the pipeline script in the source
//   launch    the launch command; {python} stands for the interpreter, {source} for the source's path
//   flags     more flags of `run`
//   before    what is done to the fresh copy of the source (a function of {source, scratch, git, python})
//   right     the right outcome in a sentence, for the table
//   check     the problems with the outcome, as sentences (a function of the facts, see facts.mjs); `facts.isShort` is
//             true where only the baseline was run
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProject } from '../../scripts/setup/process.mjs';
import { factsOf } from './facts.mjs';

const folder = inProject('test', 'cases');
const PYTHON = process.env.AUTORESEARCH_CASES_PYTHON ?? inProject('.tools', 'venv', 'bin', 'python');
/** A run that takes longer hangs: the slowest case needs a tenth of it on two idle cores. */
const LIMIT_MS = 900_000;
/** What a whole case may use, and what its short form needs: the baseline, once. */
const WHOLE = ['--max-iterations', '2', '--max-experiments', '6'];
const SHORT = ['--max-experiments', '1', '--calibration-runs', '0', '--confirm-runs', '0', '--verify-runs', '0'];

export function caseNames() {
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'case.mjs')));
}

/** Gives `{ name, right, problems, exitCode, seconds, facts }`; the case's files are removed unless `keep` is given. */
export async function runCase(name, { isShort = false, keep = null } = {}) {
  const { default: given } = await import(join(folder, name, 'case.mjs'));
  const scratch = keep === null ? mkdtempSync(join(tmpdir(), 'autoresearch-case-')) : join(keep, name);
  mkdirSync(scratch, { recursive: true });
  const [source, workdir] = [join(scratch, given.sourceName ?? 'source'), join(scratch, 'workdir')];
  const startedAtMs = Date.now();
  try {
    cpSync(join(folder, name, 'source'), source, { recursive: true, preserveTimestamps: true });
    await commitAll(source, 'start');
    await given.before?.({
      source,
      scratch,
      name: join(folder, name),
      git,
      commitAll,
      python: (...args) => call(PYTHON, args, source),
    });
    const launch = given.launch.replaceAll('{python}', PYTHON).replaceAll('{source}', source);
    const { exitCode, printed } = await product(scratch, [
      ...['run', workdir, '--pipeline-script', join(source, given.script), '--source-dir', source],
      ...['--base-launch-command', launch, '--agent', 'playbook', '--job-timeout', '60'],
      ...(isShort ? SHORT : WHOLE),
      ...(given.flags ?? []).map((flag) => flag.replaceAll('{source}', source)),
    ]);
    const facts = { ...factsOf(workdir, source), exitCode, printed, isShort };
    const problems = given.check(facts);
    return { name, right: given.right, problems, seconds: (Date.now() - startedAtMs) / 1000, facts };
  } finally {
    if (keep === null) rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function product(cwd, args) {
  const child = spawn(process.execPath, [inProject('dist', 'client', 'main.js'), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TEMPORAL_ADDRESS: undefined },
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => lines.push(text));
  }
  const limit = setTimeout(() => child.kill('SIGINT'), LIMIT_MS);
  const [exitCode] = await once(child, 'close');
  clearTimeout(limit);
  return { exitCode, printed: lines.join('') };
}

async function commitAll(folder, message) {
  if (!existsSync(join(folder, '.git'))) await git(folder, 'init', '--quiet', '--initial-branch=main');
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--message', message);
}

const git = (folder, ...args) =>
  call('git', ['-c', 'user.name=case', '-c', 'user.email=case@localhost', ...args], folder);

async function call(command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  const [exitCode] = await once(child, 'close');
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with exit code ${exitCode}`);
}
