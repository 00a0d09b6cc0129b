/** Whether the shell of a job on this host will find the program of the launch command: asked before a run begins. */
import { lookedUpProgram } from '../../domain/command/looked-up-program.js';
import { runApart } from '../../host/short-program.js';
import type { LaunchPlace } from '../clusters/scheduler.js';

/** A shell whose start-up waits for something is no reason to refuse a run. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Why the shell does not find it, or null; the shell itself is asked, which knows its own words as well. */
export async function localLaunchProblem(launchCommand: string, { cwd, env }: LaunchPlace): Promise<string | null> {
  const program = lookedUpProgram(launchCommand);
  if (program === null) return null;
  const asked = async (name: string) => {
    const options = { cwd, env, extendEnv: false, stdin: 'ignore', timeout: ANSWER_TIMEOUT_MS } as const;
    return (await runApart('bash', ['-c', 'command -v -- "$1"', 'bash', name], options)).exitCode;
  };
  if ((await asked(program)) !== NOT_FOUND) return null;
  const instead = program === 'python' && (await asked('python3')) === 0 ? ', or say python3, which is there' : '';
  return `a command whose program is there: no ${program} is on PATH; activate the environment that has it, give its whole path${instead}`;
}

/** Of `command -v`; whatever else bash says, it says nothing of the program. */
const NOT_FOUND = 1;
