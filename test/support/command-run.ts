/**
 * Whole runs through the built command, on a small project with a scripted agent: for tests that kill and start again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { packageFile } from '../../host/package-files.js';
import { isSameProcess, processIdentity } from '../../host/process-identity.js';
import { endProcessesOf, endWithThisProcess } from './left-behind.js';
import { removeFolder } from './remove-folder.js';

const NO_REPEATS = ['--calibration-runs', '0', '--confirm-runs', '0', '--verify-runs', '0'];

/** How often files are looked at; only how soon a test goes on depends on it. */
const LOOK_MS = 50;

export interface RunOptions {
  jobSeconds?: number;
  agentSeconds?: number;
  planSize?: number;
  /** Share of agent calls that go wrong. */
  faultRate?: number;
  flags?: string[];
  /** Measure again what looks better, as by default; tests about something else do without. */
  repeats?: boolean;
  /** The folder that is optimised, with a train.py; the knobs project when absent. */
  project?: string;
  env?: Record<string, string>;
  /** Each command is the leader of a process group of its own. */
  ownGroup?: boolean;
}

export class CommandRun {
  readonly source: string;
  readonly workdir: string;
  private children: ChildProcess[] = [];
  readonly #forget: () => void;

  private constructor(
    readonly root: string,
    private readonly options: RunOptions,
  ) {
    this.source = join(root, 'source');
    this.workdir = join(root, 'workdir');
    this.#forget = endWithThisProcess(root);
  }

  static async create(options: RunOptions = {}): Promise<CommandRun> {
    const run = new CommandRun(await mkdtemp(join(tmpdir(), 'autoresearch-run-')), options);
    const project = options.project ?? packageFile('test', 'fixtures', 'projects', 'knobs');
    await cp(project, run.source, { recursive: true });
    const git = async (...args: string[]) =>
      await execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: run.source });
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'start');
    await writeFile(join(run.source, 'notes.txt'), 'not committed\n');
    return run;
  }

  /** Of a run that is there already: `root` holds its workdir, and goes when the run is disposed of. */
  static at(root: string, options: RunOptions = {}): CommandRun {
    return new CommandRun(root, options);
  }

  /** Flags of a first start. */
  firstFlags(): string[] {
    return [
      ...['--pipeline-script', join(this.source, 'train.py'), '--source-dir', this.source],
      ...['--build-command', 'echo img-$(sha1sum train.py | cut -c1-12)'],
      ...['--base-launch-command', `python3 ${join(this.source, 'train.py')}`],
      ...['--agent', 'claude', '--agent-command', packageFile('test', 'fixtures', 'agents', 'scripted-claude.py')],
      ...['--platform', 'local', '--poll-interval', '1', ...(this.options.repeats ? [] : NO_REPEATS)],
      ...(this.options.flags ?? []),
    ];
  }

  start(...flags: string[]): ChildProcess {
    return this.spawn('run', this.workdir, ...flags);
  }

  /** Any command, with what jobs and the agent are told by their environment. */
  spawn(...args: string[]): ChildProcess {
    return this.spawned('ignore', args);
  }

  /** The same with a standard input to type into. */
  talk(...args: string[]): ChildProcess {
    return this.spawned('pipe', args);
  }

  private spawned(input: 'ignore' | 'pipe', args: string[]): ChildProcess {
    const { jobSeconds = 1, agentSeconds = 0, planSize = 2, faultRate = 0 } = this.options;
    const child = spawn(process.execPath, [packageFile('dist', 'client', 'main.js'), ...args], {
      cwd: this.root,
      stdio: [input, 'pipe', 'pipe'],
      // As the foreground job of a terminal of its own: a Ctrl+C there reaches its process group, and not the test's.
      detached: this.options.ownGroup ?? false,
      env: {
        ...process.env,
        // Tests beside this one, and the runs of whoever starts them, hold slots of the same machine.
        AUTORESEARCH_SLOTS_DIR: join(this.root, 'slots'),
        JOB_SECONDS: String(jobSeconds),
        // By a name of ours: what a job writes where its own variables say is kept apart from the user's files.
        AUTORESEARCH_JOB_LEDGER: join(this.root, 'jobs.jsonl'),
        AGENT_SECONDS: String(agentSeconds),
        AGENT_LEDGER: join(this.root, 'agent.jsonl'),
        AGENT_PLAN_SIZE: String(planSize),
        AGENT_FAULT_RATE: String(faultRate),
        ...this.options.env,
      },
    });
    this.children.push(child);
    return child;
  }

  async command(...args: string[]) {
    return await execa(process.execPath, [packageFile('dist', 'client', 'main.js'), ...args], {
      reject: false,
      cwd: this.root,
    });
  }

  async events(): Promise<EngineEvent[]> {
    return (await jsonLines(join(this.workdir, 'engine', 'events.jsonl'))) as EngineEvent[];
  }

  /** Waits for an event in the log; the test's own time limit ends a wait in vain. */
  async untilEvent(isIt: (event: EngineEvent) => boolean): Promise<EngineEvent> {
    for (;;) {
      const found = (await this.events()).find(isIt);
      if (found) return found;
      await sleep(LOOK_MS);
    }
  }

  async jobLedger(): Promise<JobLine[]> {
    return (await jsonLines(join(this.root, 'jobs.jsonl'))) as JobLine[];
  }

  async agentLedger(): Promise<{ phase: string; node: string }[]> {
    return (await jsonLines(join(this.root, 'agent.jsonl'))) as { phase: string; node: string }[];
  }

  async json(...path: string[]): Promise<unknown> {
    return JSON.parse(await readFile(join(this.workdir, ...path), 'utf8'));
  }

  /** Process ids of the workdir's Temporal server, from its record. */
  async serverPid(): Promise<number> {
    return ((await this.json('engine', 'temporal.json')) as { pid: number }).pid;
  }

  /** Kills the commands that were started, and the workdir's server. */
  async kill(): Promise<void> {
    for (const child of this.children) if (child.exitCode === null && child.signalCode === null) await killed(child);
    const pid = await this.serverPid().catch(() => null);
    if (pid !== null && (await commandLine(pid)).includes(this.workdir)) await killPid(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    // What `start` and `supervise` began is no child of this process.
    endProcessesOf(this.root);
    await removeFolder(this.root);
    this.#forget();
  }
}

export interface JobLine {
  event: 'start' | 'end';
  node: string;
  source: string;
  path: string;
  /** Seconds since 1970. */
  t: number;
}

export async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

export async function exitOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** What is waited for; an Error with the output when the run ends before that. */
export async function beforeEnd<T>(child: ChildProcess, wait: Promise<T>): Promise<T> {
  const end = exitOf(child).then(({ code, output }) => {
    throw new Error(`the run ended (exit code ${code}) before what was waited for: ${output}`);
  });
  return await Promise.race([wait, end]);
}

export async function killPid(pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity === null) return;
  process.kill(pid, 'SIGKILL');
  while (await isSameProcess(pid, identity)) await sleep(LOOK_MS);
}

async function commandLine(pid: number): Promise<string> {
  return await execa('ps', ['-o', 'args=', '-p', String(pid)], { reject: false }).then(({ stdout }) => stdout);
}

/** Whole lines only: the last one may be half written. */
async function jsonLines(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}
