/**
 * What a run's launch command meant when the run began: the interpreter, the variables by which a shell finds it, and
 * what is installed for it. Builds and jobs get these variables whatever shell goes on with the run, so that `python`
 * stays the same one; what changed in place is found before anything is launched.
 */

import { z } from 'zod';
import type { LaunchEnvironment, RunConfig } from '../domain/formats/config.js';
import { jsonOrNull } from '../domain/formats/json-text.js';
import { runApart } from '../host/short-program.js';
import { targetPython } from './target-python.js';

/** By these a shell and an interpreter find programs, modules and libraries. */
const VARIABLES = [
  'PATH',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'CONDA_DEFAULT_ENV',
  'PYTHONPATH',
  'PYTHONHOME',
  'LD_LIBRARY_PATH',
] as const;

/** Many packages on a cold network file system take their time. */
const ANSWER_TIMEOUT_MS = 60_000;

const FACTS = `
import importlib.metadata, json, platform, sys
found = {(d.metadata["Name"] or "?") + "==" + d.version for d in importlib.metadata.distributions()}
print(json.dumps({"version": platform.python_version(), "prefix": sys.prefix, "packages": sorted(found)}))
`;
const FactsSchema = z.object({ version: z.string(), prefix: z.string(), packages: z.array(z.string()) });

type Known = Pick<RunConfig, 'python' | 'base_launch_command' | 'source_dir' | 'launch_environment'>;

/** Of this shell, to be kept with a run that begins; null where no interpreter is found, which the set-up says. */
export async function launchEnvironment(config: Known): Promise<LaunchEnvironment | null> {
  const python = await targetPython({ ...config, launch_environment: null }).catch(() => null);
  const facts = python === null ? null : await factsOf(python);
  if (python === null || facts === null) return null;
  const set = VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return { python, ...facts, variables: Object.fromEntries(set) };
}

/** How the interpreter of a run differs from what it was when the run began, in words; null when it does not. */
export async function launchEnvironmentProblem({ launch_environment: pinned }: Known): Promise<string | null> {
  if (pinned === null) return null;
  const facts = await factsOf(pinned.python);
  if (facts === null) return `${pinned.python}, with which this run was started, does not run any more`;
  if (facts.version !== pinned.version) return `${pinned.python} was Python ${pinned.version} and is ${facts.version}`;
  if (facts.prefix !== pinned.prefix)
    return `${pinned.python} belonged to ${pinned.prefix} and belongs to ${facts.prefix}`;
  const [before, now] = [pinned.packages.split(' '), facts.packages.split(' ')];
  const gone = before.filter((each) => each !== '' && !now.includes(each));
  const added = now.filter((each) => each !== '' && !before.includes(each));
  if (gone.length + added.length === 0) return null;
  const shown = [...gone.map((each) => `-${each}`), ...added.map((each) => `+${each}`)];
  const more = shown.length > SHOWN ? ` and ${shown.length - SHOWN} more` : '';
  return `what is installed for ${pinned.python} changed since this run was started: ${shown.slice(0, SHOWN).join(' ')}${more}`;
}

/** A person recognises an installation by a few names. */
const SHOWN = 8;

/** The environment in which a build or a job of the run begins. */
export function inLaunchEnvironment(
  base: NodeJS.ProcessEnv,
  { launch_environment: pinned }: Pick<RunConfig, 'launch_environment'>,
): NodeJS.ProcessEnv {
  if (pinned === null) return base;
  const { ...env } = base;
  for (const name of VARIABLES) delete env[name];
  return { ...env, ...pinned.variables };
}

async function factsOf(python: string): Promise<Pick<LaunchEnvironment, 'version' | 'prefix' | 'packages'> | null> {
  const answer = await runApart(python, ['-I', '-c', FACTS], { timeout: ANSWER_TIMEOUT_MS, stdin: 'ignore' });
  const parsed = answer.failed ? null : FactsSchema.safeParse(jsonOrNull(answer.stdout));
  return parsed?.success ? { ...parsed.data, packages: parsed.data.packages.join(' ') } : null;
}
