/** A run whose processes are killed and started again: by the commands that a person has, `run` and `start`. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTemporal } from '../../../worker/find-temporal.js';
import { CommandRun } from '../../support/command-run.js';
import { EngineWatch, NOTHING_SEEN } from './engine-sight.js';
import { AGENT_MS, ASKING_PHASES, BUILD_MS, JOB_MS, type Sight, type Victim } from './phases.js';
import type { Card } from './plan.js';
import type { Random } from './random.js';
import { killAll, runnersOf, serverOf, type Target, workerOf } from './victims.js';

/** The server suggests to continue as new after so many events of history: a few experiments. */
const EVENTS_PER_RUN = 60;
const LOOK_MS = 2;
/** A client that is killed is somewhere between its first line and its answer. */
const CLIENT_MS = 700;
/** Far above what a start takes on a busy machine; whoever needs longer hangs. */
const PATIENCE_MS = 60_000;

const SHAPE = [
  ...['--max-concurrency', '2', '--max-iterations', '4', '--patience', '9'],
  ...['--build-command', `sleep ${BUILD_MS / 1000}; echo img-$(sha1sum train.py | cut -c1-12)`],
];

export interface Kill {
  phase: string;
  victim: Victim;
  trace: string;
  delayMs: number;
  targets: Target[];
}

export class DisturbedRun {
  /** Nodes whose job lost its runner. */
  readonly struck = new Set<string>();
  readonly kills: Kill[] = [];
  /** What a person would call a defect by itself: an engine that ended though nobody killed it. */
  readonly oddities: string[] = [];
  private starts = 0;
  private child: ChildProcess | null = null;
  private command: 'run' | 'start' = 'run';
  private exit: Promise<unknown> = Promise.resolve();
  private output = '';
  private watcher: ChildProcess | null = null;
  private readonly watch: EngineWatch;

  private constructor(
    readonly run: CommandRun,
    private readonly random: Random,
  ) {
    this.watch = new EngineWatch(run.workdir, EVENTS_PER_RUN);
  }

  static async create(random: Random): Promise<DisturbedRun> {
    const env: Record<string, string> = {};
    const run = await CommandRun.create({
      jobSeconds: JOB_MS / 1000,
      agentSeconds: AGENT_MS / 1000,
      planSize: 3,
      flags: SHAPE,
      env,
    });
    env.TEMPORAL_CLI = await shortHistories(run.root);
    return new DisturbedRun(run, random);
  }

  async begin(): Promise<void> {
    await this.startEngine();
    this.startWatching();
  }

  /** The same run, left alone. */
  static async undisturbed(): Promise<CommandRun> {
    const run = await CommandRun.create({ jobSeconds: 0.1, planSize: 3, flags: SHAPE });
    const child = run.start(...run.firstFlags());
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`the undisturbed run ended with ${code}: ${output}`);
    return run;
  }

  /** Waits until the phase of one of the cards begins, and plays that card; null when the run ended before. */
  async strike(cards: readonly Card[]): Promise<{ card: Card; kill: Kill } | null> {
    for (;;) {
      const begun = await this.untilPhase(cards);
      if (begun === null) return null;
      const { card, trace } = begun;
      const delayMs = this.random.upTo(card.phase.withinMs);
      await sleep(delayMs);
      const targets = await killAll(this.random.shuffled(await this.targets(card.victim)));
      if (targets.length === 0) continue;
      for (const { nodeId } of targets) if (nodeId) this.struck.add(nodeId);
      const kill = { phase: card.phase.name, victim: card.victim, trace, delayMs, targets };
      this.kills.push(kill);
      await this.renew(targets);
      return { card, kill };
    }
  }

  /** Lets the run come to its end; an Error says that it did not, with what is known. */
  async finish(): Promise<void> {
    await this.untilGone();
    this.watcher?.kill('SIGKILL');
    await this.watch.close();
    const last = (await this.run.events()).at(-1);
    if (last?.type !== 'reported') this.oddities.push(`the last event is ${last?.type}: ${this.output.slice(-2000)}`);
  }

  /** Ends what still runs of it. */
  async end(): Promise<void> {
    this.watcher?.kill('SIGKILL');
    await this.watch.close();
    await killAll([...(await this.worker()), ...(await serverOf(this.run.workdir))]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.run[Symbol.asyncDispose]();
  }

  private async untilPhase(cards: readonly Card[]): Promise<{ card: Card; trace: string } | null> {
    const [first] = cards;
    if (first?.phase.name === 'start') {
      const trace = await this.restarted();
      return trace === null ? null : { card: first, trace };
    }
    const watched = cards.filter(({ phase }) => phase.name !== 'start');
    const asks = watched.some(({ phase }) => ASKING_PHASES.includes(phase.name));
    const before = await this.sight(asks);
    const known = watched.map((card) => ({ card, traces: new Set(card.phase.traces(before)) }));
    while (await this.isServed()) {
      const now = await this.sight(asks);
      for (const { card, traces } of known) {
        const trace = card.phase.traces(now).find((each) => !traces.has(each));
        if (trace !== undefined) return { card, trace };
      }
      await sleep(LOOK_MS);
    }
    return null;
  }

  /** A start is seen by who makes it: the worker is killed for it, and what starts next is struck. */
  private async restarted(): Promise<string | null> {
    if (!(await this.isServed())) return null;
    await this.gone(await killAll(await workerOf(this.run.workdir)));
    await this.startEngine({ wait: false });
    return `start ${this.starts}`;
  }

  private async sight(asks: boolean): Promise<Sight> {
    const engine = asks ? await this.watch.look() : NOTHING_SEEN;
    return { workdir: this.run.workdir, engine, starts: this.starts };
  }

  private async targets(victim: Victim): Promise<Target[]> {
    const { workdir } = this.run;
    switch (victim) {
      case 'worker':
        return await this.worker();
      case 'server':
        return await serverOf(workdir);
      case 'runner':
        return await runnersOf(workdir);
      case 'client':
        return await this.clients();
      case 'all':
        return [
          ...(await this.worker()),
          ...(await serverOf(workdir)),
          ...(await runnersOf(workdir)),
          ...(await this.clients()),
        ];
    }
  }

  /** Also one that has not got as far as its lock. */
  private async worker(): Promise<Target[]> {
    const served = await workerOf(this.run.workdir);
    const pid = this.child && isAlive(this.child) ? this.child.pid : undefined;
    return served.length > 0 || pid === undefined ? served : [{ pid, label: 'worker (starting)' }];
  }

  /** The one that watches, and one that is about to tell the engine something. */
  private async clients(): Promise<Target[]> {
    const telling = this.run.spawn('note', this.run.workdir, 'said by a client that is killed');
    await sleep(this.random.upTo(CLIENT_MS));
    // `start` is a client as well; without it nobody begins a run that has no event yet.
    const starting = this.command === 'start' && (await this.run.events()).length > 0 ? this.child : null;
    return [telling, this.watcher, starting].flatMap((child) =>
      child?.pid && isAlive(child) ? [{ pid: child.pid, label: 'client' }] : [],
    );
  }

  /** A child's exit is on record once its event has come; `start` ends when the worker that it made does. */
  private async gone(targets: readonly Target[]): Promise<void> {
    const isWorker = ({ pid, label }: Target) => pid === this.child?.pid || label.startsWith('worker');
    if (targets.some(isWorker)) await this.exit;
  }

  private async renew(targets: readonly Target[]): Promise<void> {
    await this.gone(targets);
    this.startWatching();
    if (!(await this.isServed())) await this.startEngine();
    const deadline = Date.now() + PATIENCE_MS;
    while ((await serverOf(this.run.workdir)).length === 0 && (await this.isServed())) {
      if (Date.now() > deadline) throw new Error('the Temporal server was not started again');
      await sleep(20);
    }
  }

  private startWatching(): void {
    if (this.watcher && isAlive(this.watcher)) return;
    this.watcher = this.run.spawn('status', '--watch', this.run.workdir);
    for (const stream of [this.watcher.stdout, this.watcher.stderr]) stream?.resume();
  }

  /** By `run`, whose process is worker and client in one, or by `start`, which leaves a worker behind. */
  private async startEngine({ wait = true } = {}): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const isFirst = this.starts === 0;
      this.starts += 1;
      this.command = this.random.next() < 0.7 ? 'run' : 'start';
      const child = this.run.spawn(this.command, this.run.workdir, ...(isFirst ? this.run.firstFlags() : []));
      this.child = child;
      this.exit = once(child, 'exit');
      this.output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-8000)));
      }
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
      throw new Error(`\`${this.command}\` ended with ${child.exitCode}: ${this.output}`);
    }
  }

  private async isUp(): Promise<boolean> {
    const [worker] = await workerOf(this.run.workdir);
    if (!worker) return false;
    const log = await readFile(join(this.run.workdir, 'logs', 'autoresearch.log'), 'utf8').catch(() => '');
    return log.split('\n').some((line) => line.includes(`"pid":${worker.pid},`) && line.includes('the engine is up'));
  }

  /** Somebody serves the run, or is about to. */
  private async isServed(): Promise<boolean> {
    return (this.child !== null && isAlive(this.child)) || (await workerOf(this.run.workdir)).length > 0;
  }

  private async untilGone(): Promise<void> {
    let seq = -1;
    let deadline = Date.now() + PATIENCE_MS;
    while (await this.isServed()) {
      const now = (await this.run.events()).length;
      if (now !== seq) deadline = Date.now() + PATIENCE_MS;
      seq = now;
      if (Date.now() > deadline)
        throw new Error(`nothing has happened for ${PATIENCE_MS / 1000} s, after ${now} events`);
      await sleep(50);
    }
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** The real `temporal`, told to suggest that a workflow continues as new after a few dozen events. */
async function shortHistories(folder: string): Promise<string> {
  const path = join(folder, 'temporal');
  const limit = `--dynamic-config-value limit.historyCount.suggestContinueAsNew=${EVENTS_PER_RUN}`;
  const text = `#!/bin/sh\ncase "$1" in server) set -- "$@" ${limit};; esac\nexec '${await findTemporal()}' "$@"\n`;
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}
