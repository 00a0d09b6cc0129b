/** Jobs on Slurm, by its own commands: sbatch, squeue, sacct where there is accounting, scancel. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { shellWord, singleQuoted } from '../../../domain/command/shell-word.js';
import { writeFileAtomic } from '../../../host/atomic-file.js';
import { readTail } from '../../platforms/job-record.js';
import {
  isSchedulerBusy,
  type LaunchPlace,
  type Scheduler,
  type SchedulerJob,
  type SchedulerState,
} from '../scheduler.js';
import { type Answer, askByShell, askSlurm, isRefusedForGood } from './slurm-calls.js';
import { type Batch, readSlurmCommand, type SlurmCommand } from './slurm-command.js';
import type { SlurmOption, Word } from './slurm-options.js';
import {
  cannotStart,
  endedByItself,
  readSacct,
  readSqueue,
  SACCT_FIELDS,
  type SlurmRow,
  SQUEUE_FIELDS,
  saysOutOfMemory,
  stateOf,
} from './slurm-states.js';
import { batchScript, directivesOf, minutesOf, refuseImpossible, sbatchWords } from './slurm-submission.js';
import { knownValue } from './slurm-variables.js';

const SCRIPT = 'slurm.sh';
const OUTPUT = 'slurm.out';
/** Somebody waits for the start of a run; a controller that is slower is asked when the first job is due. */
const TEST_ANSWER_MS = 20_000;
/** So far back a job is looked for in the accounts: longer than any run's jobs take. */
const ACCOUNTS_SINCE = 'now-30days';
/** Kept of an allocation in which autoresearch itself was started; the rest of it is not the job's. */
const NOT_OF_AN_ALLOCATION = /^SLURM_(?:CONF|CLUSTERS|CONF_SERVER|HINT|UMASK|DEBUG_FLAGS)$/;

export class SlurmScheduler implements Scheduler {
  readonly name = 'slurm';
  /** Null until it was asked. */
  private hasAccounts: boolean | null = null;

  async runs(launchCommand: string, place: LaunchPlace): Promise<string> {
    const { batch, script, options, directives } = await readLaunch(launchCommand, place);
    if (batch === null) return launchCommand;
    const folder = chdirOf(options, directives, place, batch);
    const cd = folder === null ? '' : `cd ${shellWord(folder)} && `;
    if (script === null)
      return batch.inPlace(batch.isOfSalloc ? batch.wrap! : `sh -c ${singleQuoted(batch.wrap ?? '')}`, cd);
    const [, ...args] = batch.script;
    const called = commandOfScript(script);
    // Its arguments mean what they meant where sbatch was called.
    if (cd !== '' && args.some(({ raw, value }) => raw !== value || /[$*?[~]/.test(raw)))
      return batch.inPlace(`${called} "$@"`, `set -- ${args.map(({ raw }) => raw).join(' ')} && ${cd}`);
    return batch.inPlace([called, ...args.map(({ raw }) => raw)].join(' '), cd);
  }

  async wouldRefuse(launchCommand: string, place: LaunchPlace, timeLimitS: number): Promise<string | null> {
    const launch = await readLaunch(launchCommand, place);
    const folder = await mkdtemp(join(tmpdir(), 'autoresearch-sbatch-'));
    try {
      const job = { ...place, name: 'ar-test', run: 'test', nodeId: 'only', folder, script: 'true', timeLimitS };
      const { problem } = await askSbatch(launch, job, ['--test-only'], TEST_ANSWER_MS);
      return problem !== null && isRefusedForGood(problem) ? `sbatch refuses its job: ${problem}` : null;
    } catch (error) {
      if (isSchedulerBusy(error)) return null;
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async submit(job: SchedulerJob): Promise<string> {
    const launch = await readLaunch(job.launchCommand, job);
    const { options, directives, batch } = launch;
    const from = batch === null ? job.cwd : folderOf(batch, job);
    await makeOutputFolders([...directives, ...options], job, chdirOf(options, directives, job, batch) ?? from);
    const { stdout, problem } = await askSbatch(launch, job);
    if (problem !== null) throw new Error(`sbatch refuses the job: ${problem}`);
    // `id` or `id;cluster`; a site's own wrapper may print more.
    const id = /^(\d+)(?:;\S*)?$/m.exec(stdout)?.[1];
    if (id === undefined) throw new Error(`sbatch gave no job id but ${JSON.stringify(stdout.slice(0, 200))}`);
    return id;
  }

  async find(name: string, folder: string): Promise<string | null> {
    const user = `--user=${process.getuid?.() ?? ''}`;
    const { stdout, problem } = await askSlurm('squeue', [
      ...['--noheader', '--states=all', user, `--name=${name}`, '--Format=JobID:|,Command:|'],
    ]);
    if (problem !== null) throw new Error(`squeue does not tell of ${name}: ${problem}`);
    const ids = stdout.split('\n').flatMap((row) => {
      const [id = '', command = ''] = row.split('|');
      return command.trim() === scriptIn(folder) ? [id] : [];
    });
    if (ids.length === 0)
      ids.push(
        ...(await this.inAccounts([user, `--name=${name}`, `--starttime=${ACCOUNTS_SINCE}`])).map(({ id }) => id),
      );
    return ids.length === 0 ? null : String(Math.max(...ids.map(Number)));
  }

  async states(ids: readonly string[]): Promise<ReadonlyMap<string, SchedulerState>> {
    if (ids.length === 0) return new Map();
    const { stdout, problem } = await askSlurm('squeue', [
      ...['--noheader', '--states=all', `--jobs=${ids.join(',')}`, `--Format=${SQUEUE_FIELDS}`],
    ]);
    // It says so of a single id that it has forgotten; of several it tells those that it knows.
    if (problem !== null && !isUnknown(problem)) throw new Error(`squeue does not tell of jobs: ${problem}`);
    const rows = readSqueue(stdout);
    const missing = ids.filter((id) => !rows.some((row) => row.id === id));
    if (missing.length > 0) rows.push(...(await this.inAccounts([`--jobs=${missing.join(',')}`])));
    const stuck = rows.filter(cannotStart).map(({ id }) => id);
    if (stuck.length > 0) await this.end(stuck);
    const told = await Promise.all(rows.map(async (row) => ((await wasOutOfMemory(row)) ? outOfMemory(row) : row)));
    return new Map(told.map((row) => [row.id, stateOf(row)]));
  }

  async cancel(id: string): Promise<void> {
    await this.end([id]);
  }

  /** TERM, and KILL after the cluster's KillWait. */
  private async end(ids: readonly string[]): Promise<void> {
    const { problem } = await askSlurm('scancel', ids);
    if (problem !== null && !isUnknown(problem) && !/already complet/i.test(problem))
      throw new Error(`scancel does not end ${ids.join(', ')}: ${problem}`);
  }

  /** Of the cluster's accounts, where it keeps them: of what squeue has forgotten. */
  private async inAccounts(which: readonly string[]): Promise<SlurmRow[]> {
    if (this.hasAccounts === false) return [];
    const { stdout, problem } = await askSlurm('sacct', [
      ...['--allocations', '--noheader', '--parsable2', '--duplicates', `--format=${SACCT_FIELDS}`, ...which],
    ]).catch((error: Error) => {
      if (/is not on PATH/.test(error.message)) return { stdout: '', problem: 'accounting storage is disabled' };
      throw error;
    });
    if (problem === null) return readSacct(stdout);
    this.hasAccounts = false;
    return [];
  }
}

interface Launch extends SlurmCommand {
  /** Of the script's `#SBATCH` lines. */
  directives: readonly SlurmOption[];
  script: { path: string; text: string } | null;
}

/** What `sbatch` says of the job; with `more`, words of ours behind all others. */
async function askSbatch(
  { options, directives, call, batch }: Launch,
  job: Omit<SchedulerJob, 'command' | 'launchCommand'>,
  more: readonly string[] = [],
  answerMs?: number,
): Promise<Answer> {
  const path = scriptIn(job.folder);
  await writeFileAtomic(path, batchScript(directives, job.folder, job.script), 0o700);
  const given = (where: readonly SlurmOption[]) => where.findLast(({ name }) => name === 'time')?.value ?? undefined;
  const time = given(options) ?? job.env.SBATCH_TIMELIMIT ?? given(directives);
  const isOfAllocation = batch === null || batch.isOfSalloc;
  const words = sbatchWords(isOfAllocation ? 'srun' : 'sbatch', options, directives, {
    name: job.name,
    comment: `autoresearch:${job.run}/${job.nodeId}`,
    cwd: job.cwd,
    // What comes before the job's own script, or in its place.
    output: join(job.folder, OUTPUT),
    minutes: minutesOf(job.timeLimitS, time && expanded(time, job.env)),
  });
  const line = [call, words, ...more, shellWord(path)].join(' ');
  // Slurm tells the job from where it was submitted (SLURM_SUBMIT_DIR).
  const from = batch === null ? job.cwd : folderOf(batch, job);
  return await askByShell(line, { cwd: from, env: outsideOfAllocations(job.env) }, answerMs);
}

async function readLaunch(launchCommand: string, place: LaunchPlace): Promise<Launch> {
  const { env } = place;
  const command = readSlurmCommand(launchCommand, { SOURCE_DIR: place.cwd, ...env });
  const script = command.batch === null ? null : await scriptOf(command.batch, place);
  const directives = script === null ? [] : directivesOf(script.text);
  refuseImpossible([...directives, ...command.options], env);
  return { ...command, directives, script };
}

async function scriptOf(batch: Batch, place: LaunchPlace) {
  const [name] = batch.script;
  if (name === undefined) return null;
  const folder = folderOf(batch, place);
  const path = resolve(folder, known(name, { ...batch.known.values, PWD: folder }));
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    throw new Error(`the script of sbatch cannot be read: ${(error as Error).message}`);
  }
}

/** By its first line, as the system would start it. */
function commandOfScript({ path, text }: { path: string; text: string }): string {
  const interpreter = /^#!\s*(\S.*)/.exec(text)?.[1];
  if (interpreter === undefined) throw new Error(`${path} is no batch script: its first line must be like #!/bin/bash`);
  return [interpreter.trim(), shellWord(path)].join(' ');
}

/** Where sbatch is called. */
function folderOf({ folders, known: { values } }: Batch, { cwd }: LaunchPlace): string {
  return folders.reduce((at, value) => resolve(at, known({ raw: value, value }, { ...values, PWD: at })), cwd);
}

/** The folder in which the job begins by `--chdir`, or null; of a directive no shell reads variables. */
function chdirOf(
  options: readonly SlurmOption[],
  directives: readonly SlurmOption[],
  place: LaunchPlace,
  batch: Batch | null,
): string | null {
  if (batch === null || batch.isOfSalloc) return null;
  const from = folderOf(batch, place);
  const given = options.findLast(({ name }) => name === 'chdir');
  if (given?.value != null)
    return resolve(from, known({ raw: given.raw, value: given.value }, { ...batch.known.values, PWD: from }));
  const written = directives.findLast(({ name }) => name === 'chdir')?.value;
  return written == null ? null : resolve(from, written);
}

/** Variables by their values, `~` by the home. */
function known(word: Word, values: Readonly<Record<string, string>>): string {
  const value = knownValue(word, values);
  if (value !== null) return value;
  throw new Error(
    `what ${word.raw} stands for is not known before the job is submitted: write the path itself, or set the variable where autoresearch is started`,
  );
}

/** Variables by their values, and by nothing where they have none. */
function expanded(text: string, env: LaunchPlace['env']): string {
  return text.replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (_, plain, braced) => env[plain ?? braced] ?? '');
}

/** The job's output is kept in its own folder, but its script may write beside where it thought it would be. */
async function makeOutputFolders(
  options: readonly SlurmOption[],
  { cwd, env }: SchedulerJob,
  from: string,
): Promise<void> {
  for (const { name, value } of options) {
    if ((name !== 'output' && name !== 'error') || value === null) continue;
    const folder = dirname(resolve(from, expanded(value, { ...env, PWD: from })));
    if (folder.includes('%') || !`${folder}/`.startsWith(`${cwd}/`)) continue;
    await mkdir(folder, { recursive: true });
  }
}

const outOfMemory = (row: SlurmRow): SlurmRow => ({ ...row, state: 'OUT_OF_MEMORY', reason: '' });

async function wasOutOfMemory(row: SlurmRow): Promise<boolean> {
  if (!endedByItself(row) || !row.command.endsWith(`/${SCRIPT}`)) return false;
  return saysOutOfMemory(await readTail(join(dirname(row.command), OUTPUT), 10_000));
}

function outsideOfAllocations(env: Readonly<Record<string, string>>): Record<string, string> {
  if (env.SLURM_JOB_ID === undefined) return { ...env };
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('SLURM_') || NOT_OF_AN_ALLOCATION.test(name));
  return Object.fromEntries(kept);
}

/** By which a job in the queue is known as that of a folder. */
const scriptIn = (folder: string) => join(folder, SCRIPT);

const isUnknown = (problem: string) => /invalid job id/i.test(problem);
