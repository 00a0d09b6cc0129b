/** The configuration of a new run, made from flags and checked whole before anything is written. */

import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { agentProblem, defaultAgent, unknownCostReason } from '../../activities/agent-calls/make-agent.js';
import { choosePlatform } from '../../domain/command/platform-choice.js';
import { shellWord } from '../../domain/command/shell-word.js';
import { ConfigSchema, type RunConfig } from '../../domain/formats/config.js';
import { withoutSecrets } from '../../jobs/job-environment.js';
import { launchProblem, PLATFORM_NAMES, platformProblem } from '../../jobs/platforms/index.js';
import { checked } from '../../workdir/checked-file.js';
import { Workdir } from '../../workdir/paths.js';
import { checkAgentQueue, isCalledElsewhere } from '../agents/agent-queue-check.js';
import { checkCommandFlags } from '../agents/command-flags.js';
import { exactRuns } from '../flags/exact-runs.js';
import type { GivenFlag } from '../flags/given-flags.js';
import { Refusal } from '../output/refusal.js';
import { refusingFiles } from '../output/refused-file.js';
import { checkAgentAnswers } from './agent-check.js';
import { checkConcurrency, checkDevices, sharingDefaults } from './job-slots.js';
import { type ConfigPath, newRunId } from './workdir-config.js';

/** What it says of source, script and command is refused with the page that says what each must be. */
const PAGE = 'docs/refusals.md';

/** `before` is what an earlier start wrote that came to nothing: what the flags do not say is as it says. */
export async function firstConfig(
  workdir: Workdir,
  given: readonly GivenFlag[],
  before: RunConfig | null = null,
): Promise<RunConfig> {
  const flagged = (key: string) => given.find(({ flag }) => flag.key[0] === key)?.value;
  const value = (key: keyof RunConfig & string) =>
    (flagged(key) ?? (before?.[key] as unknown) ?? undefined) as string | undefined;
  const agent = value('agent') ?? defaultAgent(process.env);
  await checkChoices(before === null ? '--' : `${workdir.config}: `, {
    agent,
    model: value('model'),
    effort: value('effort'),
    platform: value('platform'),
    agent_queue: value('agent_queue'),
  });
  const source = await sourceDirectory(value('source_dir'));
  const script = await scriptInside(source, value('pipeline_script'));
  await keepApart(workdir, source.real);
  const launch = value('base_launch_command');
  if (launch === undefined || launch.trim() === '') {
    throw new Refusal('--base-launch-command', launch, `the shell command that starts a training job (${PAGE})`);
  }
  const isShared = flagged('max_concurrency') !== undefined || flagged('slots') !== undefined;
  const json: Record<string, unknown> = { ...before, ...(isShared ? { exclusive_machine: false } : {}) };
  for (const { flag, value } of given) setAt(json, flag.key, value);
  const made = {
    ...json,
    agent,
    exact_runs: exactRuns(given, before?.exact_runs ?? []),
    created_at: before?.created_at || new Date().toISOString(),
    run_id: before?.run_id || newRunId(workdir),
    source_dir: source.path,
    pipeline_script: script,
    scm: await sourceControlOf(source.real),
  };
  const chosen = platformOf(value('platform'), launch);
  const parsed = await refusingFiles(async () => checked({ ...made, ...chosen }, ConfigSchema, 'flags'));
  const isSaid = flagged('max_concurrency') !== undefined || (before !== null && !isShared);
  const config = sharingDefaults(parsed, isSaid);
  checkConcurrency('--max-concurrency', config);
  await checkDevices(config.slots);
  await checkKnowledge('--knowledge', config);
  checkBudget('--budget-usd', config);
  checkScope('--scope', config);
  const field = (flag: string, key: string) =>
    before === null || flagged(key) !== undefined ? flag : `${workdir.config}: ${key}`;
  const noJob = await launchProblem(
    { workdir, config, log: () => {} },
    { cwd: source.real, env: withoutSecrets(process.env, config.secret_env) },
  );
  if (noJob !== null) throw new Refusal(field('--base-launch-command', 'base_launch_command'), launch, noJob);
  const agentFields = { agent: field('--agent', 'agent'), command: field('--agent-command', 'agent_command') };
  checkAgentQueue(config);
  checkCommandFlags(config);
  await checkAgentAnswers(agentFields, config);
  return config;
}

/** Where a person leaves it open, the launch command says it; a job of this host needs no word. */
function platformOf(given: string | undefined, launchCommand: string): Partial<RunConfig> {
  const { platform } = choosePlatform(launchCommand);
  const isOpen = given === undefined || given === 'auto';
  return isOpen && platform !== 'local' && PLATFORM_NAMES.includes(platform) ? { platform } : {};
}

export interface Choices {
  agent: string;
  model: string | undefined;
  effort: string | undefined;
  platform: string | undefined;
  agent_queue: string | undefined;
}

/** `where` stands before each name in an error: the dashes of a flag, or the file that holds the keys. */
export async function checkChoices(
  where: string,
  { agent, model = '', effort = '', platform, agent_queue: queue = '' }: Choices,
): Promise<void> {
  // Credentials and a command are the agents' worker's, where that calls it.
  const isElsewhere = queue !== '' && isCalledElsewhere(agent);
  const problem = isElsewhere ? null : await agentProblem({ agent, model, effort }, process.env);
  if (problem !== null) throw new Refusal(`${where}agent`, agent, problem);
  const unknown = platform === undefined ? null : await platformProblem(platform);
  if (unknown !== null) throw new Refusal(`${where}platform`, platform, unknown);
}

export async function checkKnowledge(field: string, { knowledge_dir: folder }: RunConfig): Promise<void> {
  if (folder === '' || (await stat(folder).catch(() => null))?.isDirectory()) return;
  throw new Refusal(field, folder, 'a directory with text files for the agent');
}

/** A budget that nobody could keep is refused: the calls of some agents and models have no known cost. */
export function checkBudget(field: string, config: RunConfig): void {
  const reason = unknownCostReason(config);
  if (config.budget_usd !== null && reason !== null) {
    const advice = `an agent and model whose calls have a known price (${reason}); or leave it out, and limit --max-experiments or --max-hours`;
    throw new Refusal(field, config.budget_usd, advice);
  }
}

/** Changes of the model's side are other work: without leave for that, none of them would ever run. */
function checkScope(field: string, { scope, allow }: RunConfig): void {
  if (scope !== 'training' || allow.includes('other-work')) return;
  throw new Refusal(field, scope, 'training together with --allow other-work, as changes of the model’s side are');
}

function setAt(json: Record<string, unknown>, [first, second]: ConfigPath, value: unknown): void {
  if (second === undefined) json[first] = value;
  else json[first] = { ...(json[first] as object | undefined), [second]: value };
}

/** The two paths together, as a first start checks them; a Refusal says which one does not fit. */
export async function checkedSource({ sourceDir, script }: { sourceDir: string; script: string }): Promise<void> {
  await scriptInside(await sourceDirectory(sourceDir), script);
}

interface SourceDirectory {
  /** Absolute, as the user calls it: launch commands name it so. */
  path: string;
  /** Without symbolic links. */
  real: string;
}

async function sourceDirectory(given: string | undefined): Promise<SourceDirectory> {
  const name = '--source-dir';
  if (given === undefined) throw new Refusal(name, given, `the directory of the code that may be changed (${PAGE})`);
  const path = resolve(given);
  const found = await stat(path).catch(() => null);
  if (!found) throw new Refusal(name, given, `an existing directory (there is no ${path}; ${PAGE})`);
  if (!found.isDirectory()) throw new Refusal(name, given, `a directory, not a file (${PAGE})`);
  return { path, real: await realpath(path) };
}

async function scriptInside(source: SourceDirectory, given: string | undefined): Promise<string> {
  const name = '--pipeline-script';
  if (given === undefined) throw new Refusal(name, given, `the Python script with the SPDL pipeline (${PAGE})`);
  const path = resolve(given);
  const found = await stat(path).catch(() => null);
  if (!found) throw new Refusal(name, given, `an existing Python script (there is no ${path}; ${PAGE})`);
  if (!found.isFile()) throw new Refusal(name, given, `a Python script, not a directory (${PAGE})`);
  const inside = relative(source.real, await realpath(path));
  if (!staysInside(inside)) {
    throw new Refusal(
      name,
      given,
      `a script inside --source-dir (${source.path}): only code in there is changed (${PAGE})`,
    );
  }
  await notInItsOwnRepository(source, inside, given);
  return staysInside(relative(source.path, path)) ? path : join(source.path, inside);
}

/**
 * Of a repository within the source no code is stored, as git stores none of a submodule: nothing in it could be
 * changed.
 */
async function notInItsOwnRepository(source: SourceDirectory, script: string, given: string): Promise<void> {
  for (let folder = dirname(script); folder !== '.'; folder = dirname(folder)) {
    if (!(await stat(join(source.real, folder, '.git')).catch(() => null))) continue;
    const own = join(source.path, folder);
    throw new Refusal(
      '--pipeline-script',
      given,
      `a script of the repository that --source-dir names, and this one lies in a repository of its own: give ` +
        `--source-dir ${shellWord(own)}, and a launch command that starts in there; what lies beside it can be ` +
        `imported by ../ or PYTHONPATH (${PAGE})`,
    );
  }
}

function staysInside(path: string): boolean {
  return path !== '' && !isAbsolute(path) && path.split('/')[0] !== '..';
}

/** A workdir and a source directory that are given apart from each other; a Refusal where they are one. */
export async function checkApart(workdir: string, sourceDir: string): Promise<void> {
  await keepApart(new Workdir(resolve(workdir)), await realpath(sourceDir));
}

async function keepApart(workdir: Workdir, source: string): Promise<void> {
  if ((await realPathOfNew(workdir.root)) !== source) return;
  throw new Refusal('workdir', workdir.root, `a directory of its own, not --source-dir itself (${PAGE})`);
}

/** The real path of something that may not exist yet. */
async function realPathOfNew(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPathOfNew(parent), basename(path));
  }
}

/** Which repository the directory belongs to: the nearest one upwards. */
async function sourceControlOf(folder: string): Promise<RunConfig['scm']> {
  for (const [marker, scm] of [
    ['.git', 'git'],
    ['.sl', 'sl'],
  ] as const) {
    if (await stat(join(folder, marker)).catch(() => null)) return scm;
  }
  const parent = dirname(folder);
  return parent === folder ? '' : sourceControlOf(parent);
}
