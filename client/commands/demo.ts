/** `demo`: a whole run on the example in examples/images, with the playbook agent, in a folder of its own. */
import { existsSync } from 'node:fs';
import { cp, mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageFile } from '../../host/package-files.js';
import { isCheckout, toolPython, userData } from '../../host/tool-folder.js';
import type { CommandDefinition, Options } from '../command-definition.js';
import { outcomeText } from '../output/outcome-text.js';
import { withOwnCommand } from '../output/own-command.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';
import type { LiveView } from '../run/live-view.js';
import type { RunOutcome } from '../run/run-outcome.js';

export const DEMO: CommandDefinition = {
  name: 'demo',
  args: '',
  help: 'optimise the example in examples/images, in a few minutes and without a network',
  flags: [{ flags: '--max-iterations <n>', help: 'planning rounds at most' }],
  async act(_, options, { output }) {
    const { watched } = await import('../run/run-here.js');
    const outcome = await watched(output, options.json === true, (view, { signal }) => demo(options, view, signal));
    return printed(outcome, demoText, outcome.exit_code);
  },
};

interface DemoAnswer extends RunOutcome {
  pictures: string[];
  source: string;
}

/** `options` may set --max-iterations. */
async function demo(options: Options, view: LiveView, interrupt: AbortSignal): Promise<DemoAnswer> {
  const [{ prepareRun }, { runHere }] = await Promise.all([
    import('../run/prepare-run.js'),
    import('../run/run-here.js'),
  ]);
  const python = await demoPython();
  const folder = await newDemoFolder();
  const source = await copyExample(join(folder, 'source'), python);
  view.line(`optimising ${packageFile('examples', 'images')}, copied to ${source}`);
  const prepared = await prepareRun(join(folder, 'demo'), {
    maxIterations: String(MAX_ITERATIONS),
    ...options,
    patience: String(PATIENCE),
    // Jobs that share two cores would measure one another.
    maxConcurrency: '1',
    jobTimeout: String(JOB_TIMEOUT_S),
    agent: 'playbook',
    sourceDir: source,
    pipelineScript: join(source, 'train.py'),
    baseLaunchCommand: `${python} train.py`,
    python,
  });
  const { workdir } = prepared;
  const outcome = await runHere(prepared, view, interrupt);
  return {
    ...outcome,
    source,
    pictures: [workdir.progressChart, workdir.dimensionsChart, workdir.treeChart].filter((path) => existsSync(path)),
  };
}

function demoText(answer: DemoAnswer): string {
  const pictures = answer.pictures.map((path) => `picture: ${path}`);
  return [...pictures, `source: ${answer.source}`, withOwnCommand(outcomeText(answer))].join('\n');
}

/** Enough for the playbook to find what is planted in the example; a job takes some ten seconds, so minutes in all. */
const MAX_ITERATIONS = 4;
const PATIENCE = 2;
const JOB_TIMEOUT_S = 120;

/** The project's own interpreter has what the example needs. */
async function demoPython(): Promise<string> {
  const python = toolPython();
  if (await stat(python).catch(() => null)) return python;
  throw new Refusal('python', python, 'a Python with spdl, numpy and Pillow; `autoresearch setup` makes it');
}

/** One a second; a second demo of the same second gets a number. */
async function newDemoFolder(): Promise<string> {
  const demos = isCheckout ? packageFile('.demo') : join(userData(), 'demo');
  await mkdir(demos, { recursive: true });
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  for (let number = 1; ; number += 1) {
    const folder = join(demos, number === 1 ? stamp : `${stamp}-${number}`);
    try {
      await mkdir(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * The example's images come along (they are drawn here if they are not there yet), so that no job spends time on them.
 */
async function copyExample(source: string, python: string): Promise<string> {
  await cp(packageFile('examples', 'images'), source, {
    recursive: true,
    filter: (path) => basename(path) !== '__pycache__',
  });
  if (!existsSync(join(source, 'data'))) await succeeded(python, ['make_data.py'], source);
  await commitAll(source);
  return source;
}

/** A repository of its own, as a user's code has one. Without git the run keeps a private store. */
async function commitAll(source: string): Promise<void> {
  const git = (...args: string[]) => succeeded('git', args, source);
  const { runApart } = await import('../../host/short-program.js');
  if ((await runApart('git', ['--version'], { stdin: 'ignore' })).failed) return;
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  const author = ['-c', 'user.name=autoresearch demo', '-c', 'user.email=demo@autoresearch.invalid'];
  await git(...author, '-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message', 'The example as it ships');
}

/** A Ctrl+C does not reach it: the run, which hears it, says how to go on. */
async function succeeded(command: string, args: string[], cwd: string): Promise<void> {
  const { runApart } = await import('../../host/short-program.js');
  const { failed, shortMessage, stderr } = await runApart(command, args, { cwd, stdin: 'ignore' });
  if (failed) throw new Error(`${shortMessage}: ${stderr}`);
}
