/**
 * The command that serves a disturbed run, as a person has it: `run`, which is worker and client in one, or `start`,
 * which leaves a worker behind. It is started again whenever it ended before the run.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, processIdentity } from '../../../host/process-identity.js';
import type { CommandRun } from '../../support/command-run.js';
import type { Random } from './random.js';
import { type ProcessTarget, type Target, workerOf } from './victims.js';

/** Far above what a start takes on a busy machine; whoever needs longer hangs. */
export const PATIENCE_MS = 60_000;

export class EngineCommand {
  starts = 0;
  output = '';
  /** Times that it may yet end before the run does, because something was done to its engine, or to its disk. */
  mayEnd = 0;
  private child: ChildProcess | null = null;
  private command: 'run' | 'start' = 'run';
  private exit: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly run: CommandRun,
    private readonly random: Random,
  ) {}

  async start({ wait = true } = {}): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const child = this.spawn();
      if (!wait) return;
      // `start` may have said its word before the worker that it leaves behind is up.
      while (isAlive(child) || (child.exitCode === 0 && (await this.isServed()))) {
        if (await this.isUp()) return;
        if (Date.now() > deadline) throw new Error(`the engine did not start: ${this.output}`);
        await sleep(20);
      }
      // A worker that a killed `start` left behind was faster: it serves the run.
      if (/works on it already/.test(this.output)) {
        await sleep(200);
        if ((await workerOf(this.run.workdir)).length > 0) return;
        continue;
      }
      // All that was left to do was done before anybody looked.
      if (this.command === 'run' && child.exitCode === 0) return;
      if (this.mayEnd === 0) throw new Error(`\`${this.command}\` ended with ${child.exitCode}: ${this.output}`);
      this.mayEnd -= 1;
    }
  }

  /** Somebody serves the run, or is about to. */
  async isServed(): Promise<boolean> {
    return (this.child !== null && isAlive(this.child)) || (await workerOf(this.run.workdir)).length > 0;
  }

  /** Also one that has not got as far as its lock. */
  async worker(): Promise<ProcessTarget[]> {
    const served = await workerOf(this.run.workdir);
    const pid = this.child && isAlive(this.child) ? this.child.pid : undefined;
    return served.length > 0 || pid === undefined ? served : [{ pid, label: 'worker (starting)' }];
  }

  /** `start` is a client as well. */
  get starting(): ChildProcess | null {
    return this.command === 'start' ? this.child : null;
  }

  /** A child's exit is on record once its event has come; `start` ends when the worker that it made does. */
  async gone(targets: readonly Target[]): Promise<void> {
    const isWorker = ({ pid, label }: Target) =>
      (pid !== undefined && pid === this.child?.pid) || label.startsWith('worker');
    if (targets.some(isWorker)) await this.exit;
  }

  /** Ctrl+C at its terminal. Answers with what was wrong with its end, and who it was; null when nobody was there. */
  async interrupt(): Promise<{ target: ProcessTarget; problem: string | null } | null> {
    const { child } = this;
    const isRun = this.command === 'run' && child !== null && isAlive(child);
    const [served] = isRun ? [] : await workerOf(this.run.workdir);
    const pid = isRun ? child.pid : served?.pid;
    if (pid === undefined) return null;
    const identity = await processIdentity(pid);
    try {
      process.kill(-pid, 'SIGINT');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      return null;
    }
    const deadline = Date.now() + PATIENCE_MS;
    while (identity !== null && (await isSameProcess(pid, identity))) {
      if (Date.now() > deadline)
        return { target: this.terminal(pid), problem: `it runs on after Ctrl+C: ${this.output}` };
      await sleep(10);
    }
    await this.exit;
    // An engine that was terminated a moment before ends the command by itself, which says why.
    const hasFailed = child?.exitCode === 1 && this.mayEnd > 0 && /terminated/i.test(this.output);
    if (hasFailed) this.mayEnd -= 1;
    const isRight =
      !isRun || hasFailed || child.exitCode === 130 || child.exitCode === 0 || child.signalCode === 'SIGINT';
    const problem = isRight ? null : `after Ctrl+C the exit code is ${child.exitCode}: ${this.output}`;
    return { target: this.terminal(pid), problem };
  }

  private terminal(pid: number): ProcessTarget {
    return { pid, label: `process group of ${this.command === 'run' ? 'run' : 'the worker'}` };
  }

  private spawn(): ChildProcess {
    const isFirst = this.starts === 0;
    this.starts += 1;
    this.command = this.random.next() < 0.7 ? 'run' : 'start';
    const child = this.run.spawn(this.command, this.run.workdir, ...(isFirst ? this.run.firstFlags() : []));
    this.child = child;
    // With all that it has printed.
    this.exit = once(child, 'close');
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-8000)));
    }
    return child;
  }

  private async isUp(): Promise<boolean> {
    const [worker] = await workerOf(this.run.workdir);
    if (!worker) return false;
    const log = await readFile(join(this.run.workdir, 'logs', 'autoresearch.log'), 'utf8').catch(() => '');
    return log.split('\n').some((line) => line.includes(`"pid":${worker.pid},`) && line.includes('the engine is up'));
  }
}

export function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
