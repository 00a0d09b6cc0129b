/**
 * What `run` and `start` do before an engine starts: check flags and workdir, then write config.json. Everything is
 * checked before anything is written, so a refusal leaves the workdir as it was.
 */

import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { choosePlatform } from '../../domain/command/platform-choice.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { jobIdOf } from '../../domain/run/experiment-record.js';
import type { QueueEdit } from '../../domain/schedule/queue-edits.js';
import { endedWithoutBaseline } from '../../domain/verdict/baseline-failure.js';
import { programFrom } from '../../host/program-path.js';
import { launchEnvironment, launchEnvironmentProblem } from '../../source/launch-environment.js';
import { pythonProblem } from '../../source/target-python.js';
import { makeConfig, writeConfig } from '../../workdir/config-file.js';
import { Workdir } from '../../workdir/paths.js';
import { copyText, whereabouts } from '../../workdir/workdir-place.js';
import { configuredTarget } from '../../worker/connection.js';
import { EngineAlreadyRunning, engineProcess, engineText } from '../../worker/engine-lock.js';
import { findTemporal } from '../../worker/server/find-temporal.js';
import { checkAgentQueue } from '../agents/agent-queue-check.js';
import { checkCommandFlags } from '../agents/command-flags.js';
import { adaptingNotices, exactRuns } from '../flags/exact-runs.js';
import { type GivenFlag, givenFlags } from '../flags/given-flags.js';
import type { RunFlag } from '../flags/run-flag.js';
import { RUN_FLAGS } from '../flags/run-flags.js';
import { BEGIN_ANEW } from '../output/begin-anew.js';
import { Refusal } from '../output/refusal.js';
import { refusingFiles } from '../output/refused-file.js';
import { adoptable, isForeignWorkdir } from './adopt-workdir.js';
import { checkAgentAnswers } from './agent-check.js';
import { changedSourceNotices } from './changed-source.js';
import { refuseCleaned } from './cleaned-run.js';
import { readQueueEdits, setAsideBroken } from './edited-queue.js';
import { checkBudget, checkChoices, checkKnowledge, firstConfig } from './first-config.js';
import { checkConcurrency, ONE_JOB_AT_A_TIME } from './job-slots.js';
import { readState } from './run-state.js';
import { takeUpRun } from './take-up.js';
import { configIfAny, configValueAt, newRunId, withValueAt } from './workdir-config.js';

export interface PreparedRun {
  workdir: Workdir;
  config: RunConfig;
  /** False when the workdir held this run already. */
  isNew: boolean;
  /** Limits that were given for a run that exists. */
  limits: SetLimitsMessage;
  /** Whether what a person is asked about was given for a run that exists. */
  setsApproval: boolean;
  /** What a person changed in the queue while nothing ran. */
  edits: readonly QueueEdit[];
  /** What to tell a person before the run begins. */
  notices: readonly string[];
}

/** `options` are the flags as commander names them, absent when not given. */
export async function prepareRun(path: string, options: Readonly<Record<string, unknown>>): Promise<PreparedRun> {
  const workdir = new Workdir(resolve(path));
  await checkPlace(workdir, path);
  const existing = await configIfAny(workdir);
  const given = givenFlags(options);
  if (existing !== null) return resumeRun(workdir, existing, given, options.takeOver === true);
  await refuseForeignFiles(workdir, path);
  const config = await pinned(await withPython(await firstConfig(workdir, given), '--python'));
  if (configuredTarget() === null) await findTemporal();
  await makePrivate(workdir.root);
  // Two that begin one workdir at the same time begin one run.
  if (!(await makeConfig(workdir, config))) return prepareRun(path, options);
  return {
    workdir,
    config,
    isNew: true,
    limits: {},
    setsApproval: false,
    edits: [],
    notices: [
      ...(config.exclusive_machine ? [ONE_JOB_AT_A_TIME] : []),
      ...platformNotices(config),
      ...queueNotices(config),
    ],
  };
}

/** Which one was taken, and why; of jobs on this host nothing is said. */
function platformNotices({ platform, base_launch_command }: RunConfig): string[] {
  const choice = choosePlatform(base_launch_command);
  if (choice.platform === 'local' || choice.platform !== platform) return [];
  return [`jobs run on ${platform}: ${choice.why} (--platform local runs the command on this host)`];
}

function queueNotices({ agent, agent_queue: queue }: RunConfig): string[] {
  if (queue === '') return [];
  return [
    `${agent} is called where \`autoresearch worker --agents ${queue} --agent ${agent}\` runs; calls wait for it`,
  ];
}

async function resumeRun(
  workdir: Workdir,
  config: RunConfig,
  given: readonly GivenFlag[],
  takeOver: boolean,
): Promise<PreparedRun> {
  const where = await whereabouts(workdir);
  if (where.is === 'copy') throw new Refusal('workdir', workdir.root, copyText(where.of));
  const moved = where.is === 'moved' ? [`the workdir was moved here from ${where.from}: its run goes on`] : [];
  const holder = await engineProcess(workdir);
  // Whoever takes over from another host asks the lock itself.
  if (holder !== null && !('elsewhere' in holder && takeOver)) throw secondEngine(workdir, holder);
  await refuseCleaned(workdir);
  const isForeign = await isForeignWorkdir(workdir, config);
  const state = isForeign ? null : await readState(workdir);
  const isLost = endedWithoutBaseline(state);
  if (isLost && given.length > 0)
    throw new Refusal('workdir', workdir.root, `the baseline of its run failed; ${BEGIN_ANEW}`);
  const limits: SetLimitsMessage = {};
  for (const { flag, value } of given) if (flag.limit !== undefined) limits[flag.limit] = value as number;
  const isBare = !isForeign && state === null && hasNoRecord(workdir);
  let next = isBare ? await firstConfig(workdir, given, config) : changed({ workdir, config, state, isForeign }, given);
  await checkChoices(`${workdir.config}: `, next);
  const field = (name: string, key: string) =>
    given.some(({ flag }) => flag.name === name) ? name : `${workdir.config}: ${key}`;
  await checkKnowledge(field('--knowledge', 'knowledge_dir'), next);
  checkConcurrency(field('--max-concurrency', 'max_concurrency'), next);
  checkBudget(field('--budget-usd', 'budget_usd'), next);
  const agentFields = { agent: field('--agent', 'agent'), command: field('--agent-command', 'agent_command') };
  checkAgentQueue(next);
  checkCommandFlags(next);
  if (!isBare) await checkAgentAnswers(agentFields, next);
  // What never began has no results of another environment: a shell that lacked something was put right since.
  const isMeantAnew = isBare || MEANT.some((key) => next[key] !== config[key]);
  if (isMeantAnew) next = await withPython({ ...next, launch_environment: null }, field('--python', 'python'));
  // It only tells how it ended: what was measured in another environment is nothing.
  if (!isLost) await checkLaunchEnvironment(workdir, next);
  next = await pinned(next);
  const setsApproval = given.some(({ flag }) => flag.approval === true);
  const prepared = { workdir, config: next, isNew: false, limits, setsApproval };
  if (isForeign) return { ...prepared, edits: [], notices: [...moved, await takeUp(workdir, next)] };
  const broken = state === null ? null : await setAsideBroken(workdir);
  const edits = state === null ? [] : await refusingFiles(() => readQueueEdits(workdir, state));
  if (!isDeepStrictEqual(next, config)) await writeConfig(workdir, next);
  const notices = [...moved, ...(broken === null ? [] : [broken]), ...adaptingNotices(given, state)];
  notices.push(...(await changedSourceNotices(workdir, next)));
  return { ...prepared, edits, notices };
}

interface BegunRun {
  workdir: Workdir;
  config: RunConfig;
  /** Null when nothing tells it: its log is gone, or another engine's. */
  state: EngineState | null;
  isForeign: boolean;
}

/** A run that has begun, with what the flags may still change. */
function changed({ workdir, config, state, isForeign }: BegunRun, given: readonly GivenFlag[]): RunConfig {
  const mayChange = (flag: RunFlag) =>
    // Another engine's run has no answers of an agent that ours would go on from.
    mayAlwaysChange(flag) || (isForeign && flag.name === '--agent') || mayChangeBeforeJobs(flag, state);
  let next: RunConfig = config.run_id === '' ? { ...config, run_id: newRunId(workdir) } : config;
  for (const { flag, value } of given) {
    const before = configValueAt(config, flag.key);
    if (sameValue(flag.key[0], before, value, config.source_dir)) continue;
    if (!mayChange(flag)) {
      const names = RUN_FLAGS.filter(mayChange).map((each) => each.name);
      const advice = `this run was started with ${JSON.stringify(before)}; leave the flag out (${names.join(', ')} may change), or start a new workdir`;
      throw new Refusal(flag.name, value, advice);
    }
    next = withValueAt(next, flag.key, value);
  }
  return isSetUp(state) ? next : { ...next, exact_runs: exactRuns(given, next.exact_runs) };
}

/** A run that begins in this shell; without a Python it would end in its set-up. */
async function withPython(config: RunConfig, field: string): Promise<RunConfig> {
  const problem = await pythonProblem(config);
  if (problem !== null) throw new Refusal(field, config.python || undefined, problem);
  return config;
}

/** With what its launch command means in this shell, unless that is known. */
async function pinned(config: RunConfig): Promise<RunConfig> {
  const launch_environment = config.launch_environment ?? (await launchEnvironment(config));
  return launch_environment === config.launch_environment ? config : { ...config, launch_environment };
}

/** Results from two environments must not be compared without anybody knowing. */
async function checkLaunchEnvironment(workdir: Workdir, config: RunConfig): Promise<void> {
  const problem = await launchEnvironmentProblem(config);
  if (problem === null) return;
  const advice = `the environment in which the run was started (${problem}); put that back, or go on in this shell's with --accept-environment`;
  throw new Refusal(`${workdir.config}: launch_environment`, config.launch_environment?.python, advice);
}

async function takeUp(workdir: Workdir, config: RunConfig): Promise<string> {
  await refusingFiles(() => adoptable(workdir, config));
  await makePrivate(workdir.root);
  try {
    return await takeUpRun(workdir, config);
  } catch (error) {
    if (error instanceof EngineAlreadyRunning) throw secondEngine(workdir, error.holder);
    throw error;
  }
}

/** Not one of a run that only lost its log. */
function hasNoRecord(workdir: Workdir): boolean {
  return !existsSync(workdir.state) && !existsSync(dirname(workdir.plan(1)));
}

function mayAlwaysChange({ limit, mayChange = false }: RunFlag): boolean {
  return limit !== undefined || mayChange;
}

/** What the source was anchored with: the run's commits stand on it from its first event on. */
const ANCHORED: readonly string[] = [
  ...['pipeline_script', 'source_dir', 'tree_paths'],
  ...['link_ignored', 'link_paths', 'copy_paths', 'left_out_paths'],
];

/** What its set-up told the run to believe results by; its engine keeps to that. */
const RULES: readonly string[] = ['calibration_runs', 'confirm_runs', 'verify_runs', 'min_improvement'];

function isSetUp(state: EngineState | null): boolean {
  return state !== null && state.baseCommit !== null;
}

/** Whence it is known what the launch command means. */
const MEANT = ['base_launch_command', 'python', 'source_dir'] as const;

/** Until a job was launched no number depends on how the run was started. */
function mayChangeBeforeJobs({ key }: RunFlag, state: EngineState | null): boolean {
  if (state === null || ANCHORED.includes(key[0]) || (isSetUp(state) && RULES.includes(key[0]))) return false;
  return Object.values(state.experiments).every((row) => jobIdOf(row) === null && row.state.status !== 'launching');
}

export function secondEngine(workdir: Workdir, holder: EngineAlreadyRunning['holder']): Refusal {
  return new Refusal('workdir', workdir.root, engineText(holder));
}

function sameValue(key: string, before: unknown, given: unknown, sourceDir: string): boolean {
  const normal = (value: unknown) => {
    if (key === 'source_dir' || key === 'pipeline_script') return resolve(String(value));
    // A path that stands in the file as it was given counts from where jobs run.
    return key === 'python' ? programFrom(sourceDir, String(value)) : JSON.stringify(value);
  };
  return normal(before) === normal(given);
}

/** Of a workdir that holds a run already, and of one that may be made. */
async function checkPlace(workdir: Workdir, path: string): Promise<void> {
  for (let at = workdir.root; ; at = dirname(at)) {
    const place = await stat(at).catch(() => null);
    if (place?.isDirectory()) return;
    if (place)
      throw new Refusal('workdir', path, `a directory, not a file${at === workdir.root ? '' : ` (${at} is one)`}`);
    if (dirname(at) === at) return;
  }
}

/** What can be said of a new run's workdir before anything else is known; a Refusal says what is wrong with it. */
export async function checkNewWorkdir(path: string): Promise<void> {
  const workdir = new Workdir(resolve(path));
  await checkPlace(workdir, path);
  if ((await configIfAny(workdir)) === null) await refuseForeignFiles(workdir, path);
}

/** What stands where a run would write is somebody's, and is never written over. */
async function refuseForeignFiles(workdir: Workdir, path: string): Promise<void> {
  const isThere = async (file: string) => (await lstat(file).catch(() => null)) !== null;
  const isUsed = async (folder: string) =>
    (await isThere(folder)) && (await readdir(folder).catch(() => ['a file'])).length > 0;
  const taken: string[] = [];
  for (const file of workdir.ownFiles) if (await isThere(file)) taken.push(file);
  for (const folder of workdir.ownFolders) if (await isUsed(folder)) taken.push(folder);
  if (taken.length === 0) return;
  const names = taken.map((each) => relative(workdir.root, each)).join(', ');
  const advice = `a directory without ${names}, which a run would write over: move that away, or give another directory`;
  throw new Refusal('workdir', path, advice);
}

/** What runs comes from the workdir, so nobody else may write there. */
async function makePrivate(root: string): Promise<void> {
  const before = await stat(root).catch(() => null);
  if (before === null) {
    await mkdir(root, { recursive: true, mode: 0o700 }).catch((error: Error) => {
      throw new Refusal('workdir', root, `a directory that can be made (${error.message})`);
    });
    return;
  }
  if ((before.mode & WRITABLE_BY_OTHERS) === 0) return;
  await chmod(root, 0o700).catch((error: Error) => {
    throw new Refusal('workdir', root, `a directory that only you can write (${error.message})`);
  });
}

const WRITABLE_BY_OTHERS = 0o022;
