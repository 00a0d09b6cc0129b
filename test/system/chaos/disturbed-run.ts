/**
 * A run that is disturbed again and again, and goes on by itself or by the commands that a person has, `run` and
 * `start`.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { packageFile } from '../../../host/package-files.js';
import { findTemporal } from '../../../worker/server/find-temporal.js';
import { CommandRun } from '../../support/command-run.js';
import { SmallDisk } from '../../support/small-disk.js';
import { EngineCommand, isAlive, PATIENCE_MS } from './engine-command.js';
import { EngineWatch, NOTHING_SEEN } from './engine-sight.js';
import { AGENT_MS, ASKING_PHASES, BUILD_MS, JOB_MS, type ProcessVictim, type Sight, type Victim } from './phases.js';
import type { Card } from './plan.js';
import type { Random } from './random.js';
import { killAll, type ProcessTarget, runnersOf, serverOf, type Target, workerOf } from './victims.js';
import { WorkflowVictims } from './workflow-victims.js';

/** The server suggests to continue as new after so many events of history: a few experiments. */
const EVENTS_PER_RUN = 60;
const LOOK_MS = 2;
const PROGRESS_LOOK_MS = 500;
/** A client that is killed is somewhere between its first line and its answer. */
const CLIENT_MS = 700;
/** A run takes a third of it; below 16 MiB nothing new begins. */
const DISK_MIB = 96;
/** A disk stays full for this long at least, and so much longer at most: through several tries of what fails for it. */
const FULL_MS = { least: 500, more: 2_500 };

const shapeOf = (rounds: number) => [
  ...['--max-concurrency', '2', '--max-iterations', String(rounds), '--patience', '9'],
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
  /** Nodes whose workflow was ended from outside. */
  readonly ended = new Set<string>();
  readonly kills: Kill[] = [];
  /** What a person would call a defect by itself: an engine that ended though nobody killed it. */
  readonly oddities: string[] = [];
  private readonly engine: EngineCommand;
  private readonly watch: EngineWatch;
  private readonly workflows: WorkflowVictims;
  private watcher: ChildProcess | null = null;
  private progress = { events: -1, atMs: 0, lookedAtMs: 0 };

  private constructor(
    readonly run: CommandRun,
    private readonly disk: SmallDisk | null,
    private readonly random: Random,
  ) {
    this.engine = new EngineCommand(run, random);
    this.watch = new EngineWatch(run.workdir, EVENTS_PER_RUN);
    this.workflows = new WorkflowVictims(this.watch, random);
  }

  static async create(
    random: Random,
    { hasDisk, rounds }: { hasDisk: boolean; rounds: number },
  ): Promise<DisturbedRun> {
    const env: Record<string, string> = {};
    const run = await CommandRun.create({
      jobSeconds: JOB_MS / 1000,
      agentSeconds: AGENT_MS / 1000,
      planSize: 3,
      flags: shapeOf(rounds),
      env,
      ownGroup: true,
    });
    env.TEMPORAL_CLI = await shortHistories(run.root);
    env.NODE_OPTIONS = `--import ${pathToFileURL(packageFile('test', 'support', 'short-intervals.mjs'))}`;
    const disk = hasDisk ? await SmallDisk.mount(run.workdir, DISK_MIB) : null;
    return new DisturbedRun(run, disk, random);
  }

  async begin(): Promise<void> {
    await this.engine.start();
    this.startWatching();
  }

  /** The same run, left alone. */
  static async undisturbed(rounds: number): Promise<CommandRun> {
    const run = await CommandRun.create({ jobSeconds: 0.1, planSize: 3, flags: shapeOf(rounds) });
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
      const targets = await this.disturb(card);
      if (targets.length === 0) continue;
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
    const events = await this.run.events();
    const last = events.at(-1);
    if (last?.type !== 'reported') {
      this.oddities.push(`the last event is ${last?.type}: ${this.engine.output.slice(-2000)}`);
    }
    for (const { text, isConfirmed } of this.workflows.notes) {
      const times = events.filter((event) => event.type === 'note_added' && event.text === text).length;
      if (times > 1 || (isConfirmed && times === 0)) this.oddities.push(`"${text}" stands ${times} times in the log`);
    }
  }

  /** Ends what still runs of it. */
  async end(): Promise<void> {
    this.watcher?.kill('SIGKILL');
    await this.watch.close();
    await killAll([...(await this.engine.worker()), ...(await serverOf(this.run.workdir))]);
    await this.run.kill();
  }

  /** For whoever looks for what went wrong. */
  async keep(folder: string): Promise<void> {
    await this.end();
    await cp(this.run.root, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.disk?.[Symbol.asyncDispose]();
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
    while (await this.goesOn()) {
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
    if (!(await this.goesOn())) return null;
    await this.engine.gone(await killAll(await workerOf(this.run.workdir)));
    await this.engine.start({ wait: false });
    return `start ${this.engine.starts}`;
  }

  /** Somebody serves the run; one that ended early, as something was done to its engine, is started again. */
  private async goesOn(): Promise<boolean> {
    if (await this.engine.isServed()) return await this.hasProgressed();
    if (this.engine.mayEnd === 0 || (await this.isOver())) return false;
    this.engine.mayEnd -= 1;
    await this.engine.start();
    this.startWatching();
    return true;
  }

  /** An Error says that nothing has happened for too long. */
  private async hasProgressed(): Promise<true> {
    const { progress } = this;
    if (Date.now() - progress.lookedAtMs < PROGRESS_LOOK_MS) return true;
    const now = (await this.run.events()).length;
    const atMs = now === progress.events ? progress.atMs : Date.now();
    this.progress = { events: now, atMs, lookedAtMs: Date.now() };
    if (Date.now() - atMs < PATIENCE_MS) return true;
    throw new Error(`nothing has happened for ${PATIENCE_MS / 1000} s, after ${now} events`);
  }

  /** One that was killed when its report was out, but before it had cleared up, goes on at the next start. */
  private async isOver(): Promise<boolean> {
    const isReported = (await this.run.events()).at(-1)?.type === 'reported';
    return isReported && !existsSync(join(this.run.workdir, 'engine', 'engine.lock'));
  }

  private async sight(asks: boolean): Promise<Sight> {
    const engine = asks ? await this.watch.look() : NOTHING_SEEN;
    return { workdir: this.run.workdir, engine, starts: this.engine.starts };
  }

  /** Answers with what was struck; nothing when nobody was there. */
  private async disturb({ victim, phase }: Card): Promise<Target[]> {
    switch (victim) {
      case 'ctrl-c': {
        const interrupted = await this.engine.interrupt();
        if (interrupted === null) return [];
        const { target, problem } = interrupted;
        if (problem !== null) this.oddities.push(problem);
        return [target];
      }
      case 'disk':
        // Before there is an engine that waits, a command may end with what is wrong.
        return await this.fillDisk(phase.name === 'start' ? 1 : 0);
      case 'worker':
      case 'server':
      case 'runner':
      case 'client':
      case 'all': {
        const targets = await killAll(this.random.shuffled(await this.targets(victim)));
        for (const { nodeId } of targets) if (nodeId) this.struck.add(nodeId);
        return targets;
      }
      default: {
        const targets = await this.workflows.strike(victim);
        for (const { nodeId } of targets) {
          if (nodeId === undefined) this.engine.mayEnd += 1;
          else if (victim === 'exp-cancel' || victim === 'exp-term') this.ended.add(nodeId);
        }
        return targets;
      }
    }
  }

  private async fillDisk(mayEnd: number): Promise<Target[]> {
    if (this.disk === null) return [];
    this.engine.mayEnd += mayEnd;
    const fullMs = FULL_MS.least + this.random.upTo(FULL_MS.more);
    await this.disk.fill();
    await sleep(fullMs);
    await this.disk.makeRoom();
    return [{ label: `disk, for ${fullMs} ms` }];
  }

  private async targets(victim: ProcessVictim): Promise<ProcessTarget[]> {
    const { workdir } = this.run;
    switch (victim) {
      case 'worker':
        return await this.engine.worker();
      case 'server':
        return await serverOf(workdir);
      case 'runner':
        return await runnersOf(workdir);
      case 'client':
        return await this.clients();
      case 'all':
        return [
          ...(await this.engine.worker()),
          ...(await serverOf(workdir)),
          ...(await runnersOf(workdir)),
          ...(await this.clients()),
        ];
    }
  }

  /** The one that watches, and one that is about to tell the engine something. */
  private async clients(): Promise<ProcessTarget[]> {
    const telling = this.run.spawn('note', this.run.workdir, 'said by a client that is killed');
    await sleep(this.random.upTo(CLIENT_MS));
    // Without it nobody begins a run that has no event yet.
    const starting = (await this.run.events()).length > 0 ? this.engine.starting : null;
    return [telling, this.watcher, starting].flatMap((child) =>
      child?.pid && isAlive(child) ? [{ pid: child.pid, label: 'client' }] : [],
    );
  }

  private async renew(targets: readonly Target[]): Promise<void> {
    await this.engine.gone(targets);
    this.startWatching();
    if (!(await this.engine.isServed()) && !(await this.isOver())) await this.engine.start();
    const deadline = Date.now() + PATIENCE_MS;
    while ((await serverOf(this.run.workdir)).length === 0 && (await this.engine.isServed())) {
      if (Date.now() > deadline) throw new Error('the Temporal server was not started again');
      await sleep(20);
    }
  }

  private startWatching(): void {
    if (this.watcher && isAlive(this.watcher)) return;
    this.watcher = this.run.spawn('status', '--watch', this.run.workdir);
    for (const stream of [this.watcher.stdout, this.watcher.stderr]) stream?.resume();
  }

  private async untilGone(): Promise<void> {
    while (await this.goesOn()) await sleep(50);
  }
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
