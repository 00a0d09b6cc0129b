/** A run whose jobs last until the test lets them end, steered as a person does: by our command and by `temporal`. */
import type { ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import type { ExperimentView, StatusView } from '../../domain/protocol/views.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { packageFile } from '../../host/package-files.js';
import { processIdentity } from '../../host/process-identity.js';
import { findTemporal } from '../../worker/server/find-temporal.js';
import { CommandRun, killed, killPid, type RunOptions } from './command-run.js';

const STARTS: readonly string[] = ['experiment_preparing', 'slot_granted', 'job_launched', 'planning_started'];

type HeldOptions = Pick<RunOptions, 'planSize' | 'flags' | 'env'>;

export class HeldRun {
  #engine: ChildProcess | null = null;

  private constructor(readonly run: CommandRun) {}

  static async create({ env: given = {}, ...more }: HeldOptions = {}): Promise<HeldRun> {
    const project = packageFile('test', 'fixtures', 'projects', 'held');
    const env: Record<string, string> = { ...given };
    const run = await CommandRun.create({ project, planSize: 2, env, ...more });
    env.AUTORESEARCH_JOB_GATES = join(run.root, 'gates');
    await mkdir(env.AUTORESEARCH_JOB_GATES);
    return new HeldRun(run);
  }

  async letEnd(...nodeIds: string[]): Promise<void> {
    for (const nodeId of nodeIds) await writeFile(join(this.run.root, 'gates', nodeId), '');
  }

  start(...flags: string[]): ChildProcess {
    this.#engine = this.run.start(...flags);
    // What it prints is not read here, and must not fill the pipe.
    this.#engine.stdout?.resume();
    this.#engine.stderr?.resume();
    return this.#engine;
  }

  /**
   * kill -9 of the engine, and of the Temporal server as well; then another one, which has taken the run up on return.
   */
  async killAndGoOn(also: 'server' | null = null): Promise<ChildProcess> {
    if (this.#engine) await Promise.all([killed(this.#engine), also && killPid(await this.run.serverPid())]);
    const { length } = await this.eventsOf('returned');
    const engine = this.start();
    while ((await this.eventsOf('returned')).length === length) await sleep(50);
    return engine;
  }

  /** The receipt of our command; a refusal is thrown with its words. */
  async command(name: string, ...words: string[]): Promise<Receipt> {
    return (await this.#answer(name, ...words)) as Receipt;
  }

  async #answer(command: string, ...words: string[]): Promise<unknown> {
    const { exitCode, stdout, stderr } = await this.run.command(command, this.run.workdir, ...words, '--json');
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr || stdout}`);
    return JSON.parse(stdout);
  }

  async status(): Promise<StatusView> {
    return ((await this.#answer('status')) as { status: StatusView }).status;
  }

  async queue(): Promise<ExperimentView[]> {
    return (await this.#answer('queue')) as ExperimentView[];
  }

  async signal(name: string, message?: object): Promise<void> {
    await this.#temporal('signal', name, message);
  }

  async update(name: string, message?: object): Promise<string> {
    return await this.#temporal('update', name, message);
  }

  async #temporal(how: 'signal' | 'update', name: string, message: object | undefined): Promise<string> {
    const { run_id } = (await this.run.json('config.json')) as { run_id: string };
    const { address } = (await this.run.json('engine', 'temporal.json')) as { address: string };
    const words = how === 'signal' ? ['workflow', 'signal'] : ['workflow', 'update', 'execute'];
    const input = message === undefined ? [] : ['--input', JSON.stringify(message)];
    const place = ['--address', address, '--workflow-id', engineWorkflowId(run_id)];
    const { stdout } = await execa(await findTemporal(), [...words, ...place, '--name', name, ...input]);
    return stdout;
  }

  async eventsOf<T extends EngineEvent['type']>(type: T): Promise<Extract<EngineEvent, { type: T }>[]> {
    const events = await this.run.events();
    return events.filter((event): event is Extract<EngineEvent, { type: T }> => event.type === type);
  }

  /** What began after an event. */
  async startsSince(event: EngineEvent | undefined): Promise<string[]> {
    if (event === undefined) throw new Error('there is no such event yet');
    const later = (await this.run.events()).filter(({ seq }) => seq > event.seq);
    return later.map(({ type }) => type).filter((type) => STARTS.includes(type));
  }

  async untilLaunched(isIt: (nodeId: string) => boolean) {
    const found = await this.run.untilEvent((event) => event.type === 'job_launched' && isIt(event.nodeId));
    return found as Extract<EngineEvent, { type: 'job_launched' }>;
  }

  /** Launched, and its processes are up. */
  async untilStarted(nodeId: string): Promise<void> {
    await this.untilLaunched((id) => id === nodeId);
    while ((await this.startsOf(nodeId)).length === 0) await sleep(50);
  }

  /**
   * The next experiments whose jobs are up, beside those of `before`: which of the queue they are depends on whose code
   * was ready first.
   */
  async untilNextStarted(count: number, before: readonly string[]): Promise<string[]> {
    const next = new Set<string>();
    while (next.size < count)
      next.add((await this.untilLaunched((id) => !before.includes(id) && !next.has(id))).nodeId);
    for (const nodeId of next) await this.untilStarted(nodeId);
    return [...next];
  }

  async until(type: EngineEvent['type'], nodeId: string): Promise<EngineEvent> {
    return await this.run.untilEvent((event) => event.type === type && 'nodeId' in event && event.nodeId === nodeId);
  }

  /** Its processes, as it wrote them down itself; one line for each time that it was started. */
  async startsOf(nodeId: string): Promise<number[][]> {
    const lines = (await this.run.jobLedger()) as unknown as { node: string; pids: number[] }[];
    return lines.filter(({ node }) => node === nodeId).map(({ pids }) => pids);
  }

  async livingOf(nodeId: string): Promise<number[]> {
    const pids = (await this.startsOf(nodeId)).flat();
    const living = await Promise.all(pids.map(async (pid) => (await processIdentity(pid)) !== null));
    return pids.filter((_, index) => living[index]);
  }

  /** The prompt of an agent call, by the key that its log files bear. */
  async prompt(key: string): Promise<string> {
    const folder = join(this.run.workdir, 'logs');
    const name = (await readdir(folder)).find((each) => each.endsWith(`_${key}_prompt.md`));
    if (name === undefined) throw new Error(`${folder} holds no prompt of ${key}`);
    return await readFile(join(folder, name), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#engine?.exitCode === null && this.#engine.signalCode === null) await killed(this.#engine);
    for (const { nodeId, jobId } of await this.eventsOf('job_launched')) {
      // First the runner, which would go on writing. There is none where the job's host does not see the workdir.
      const record = await this.run.json('local_jobs', jobId, 'job.json').catch(() => null);
      const { runner_pid } = (record ?? {}) as { runner_pid?: number };
      if (runner_pid !== undefined && (await this.livingOf(nodeId)).length > 0) await killPid(runner_pid);
      for (const pid of await this.livingOf(nodeId)) await killPid(pid);
    }
    await this.run[Symbol.asyncDispose]();
  }
}
