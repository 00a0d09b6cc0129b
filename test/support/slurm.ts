/**
 * A real Slurm of one host for tests, in a folder of its own: munged, slurmctld and slurmd on free ports, as children
 * of the test. Needs root, as slurmd does; nothing of an installed Slurm is touched.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { choosePort } from '../../host/free-ports.js';
import { TestAccounts } from './platforms/slurm-accounts.js';
import { writeSlurmConf } from './platforms/slurm-conf.js';
import { removeFolder } from './remove-folder.js';

/** Those whose calls are counted. */
const ASKED = ['sbatch', 'squeue', 'scancel', 'sacct', 'scontrol'];
const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol'];
const path = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].filter(Boolean).join(delimiter);

/** Why no Slurm can be started here, or null. */
export const noSlurmBecause = whyNot();

function whyNot(): string | null {
  const missing = PROGRAMS.find((program) => programOnPath(program) === null);
  if (missing !== undefined) return `${missing} is not installed (as root: node scripts/setup.mjs slurm)`;
  return process.getuid?.() === 0 ? null : 'slurmd must be started by root';
}

/** For the title of tests that are skipped where there is no Slurm: it tells why. */
export const onSlurm = (title: string) => (noSlurmBecause === null ? title : `${title} [skipped: ${noSlurmBecause}]`);

/** Why the kernel cannot be asked to limit a job's memory here, or null. */
export const noControlGroupsBecause = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')
  ? null
  : 'there are no control groups of the first version for memory';

function programOnPath(program: string): string | null {
  const found = path.split(delimiter).find((folder) => existsSync(join(folder, program)));
  return found === undefined ? null : join(found, program);
}

export class TestSlurm {
  private munged: ChildProcess | null = null;
  private controller: ChildProcess | null = null;
  private node: ChildProcess | null = null;
  private accounts: TestAccounts | null = null;
  private hasControlGroups = false;
  private readonly pathBefore = process.env.PATH;
  private firstJobId = 1;
  private ports: [number, number] = [0, 0];
  private readonly killAll = () => {
    for (const child of [this.node, this.controller, this.munged]) child?.kill('SIGKILL');
    this.accounts?.kill();
  };

  private constructor(readonly root: string) {}

  /**
   * Up, and its node ready for jobs; this process's SLURM_CONF names it. With accounts it keeps them in a database of
   * its own; with control groups the kernel kills what takes too much memory, and else Slurm itself.
   */
  static async start({ accounts = false, controlGroups = false } = {}): Promise<TestSlurm> {
    const root = await mkdtemp(join(tmpdir(), 'autoresearch-slurm-'));
    // munged asks that others cannot write to the folder of its key, and that all can reach its socket.
    await chmod(root, 0o755);
    const slurm = new TestSlurm(root);
    await Promise.all(['state', 'spool'].map((name) => mkdir(slurm.file(name))));
    await writeFile(slurm.file('munge.key'), randomBytes(128), { mode: 0o400 });
    const controllerPort = await choosePort([]);
    slurm.ports = [controllerPort, await choosePort([], async (port) => port === controllerPort)];
    slurm.hasControlGroups = controlGroups;
    if (accounts) slurm.accounts = await TestAccounts.configure(slurm.root, slurm.ports);
    await slurm.configure();
    await slurm.wrapCommands();
    process.env.SLURM_CONF = slurm.file('slurm.conf');
    process.env.PATH = [slurm.file('bin'), path].join(delimiter);
    process.on('exit', slurm.killAll);
    const files = ['socket', 'key', 'pid', 'log', 'seed'].map((each) =>
      each === 'socket' ? `--socket=${slurm.file('munge.socket')}` : `--${each}-file=${slurm.file(`munge.${each}`)}`,
    );
    slurm.munged = slurm.daemon('munged', '--foreground', ...files);
    try {
      await slurm.accounts?.start();
      await slurm.startController();
      await slurm.startNode();
    } catch (error) {
      await slurm.stop();
      throw error;
    }
    return slurm;
  }

  file(name: string): string {
    return join(this.root, name);
  }

  async startController(): Promise<void> {
    this.controller = this.daemon('slurmctld', '-D');
    await this.until(async () => (await this.call('scontrol', 'ping')).stdout.includes('is UP'), 'slurmctld');
  }

  /** Its commands then find nobody. Without a kill -9, which would lose what it noted last. */
  async stopController(): Promise<void> {
    await ended(this.controller, 'SIGTERM');
  }

  async startNode(): Promise<void> {
    this.node = this.daemon('slurmd', '-D');
    await this.until(async () => {
      const state = await this.nodeState();
      // What a person has marked as down stays so until a person says otherwise.
      if (/^down/m.test(state)) await this.call('scontrol', 'update', `NodeName=${hostname()}`, 'State=RESUME');
      return /^(?:idle|mixed|allocated)$/m.test(state.replaceAll(/ /g, ''));
    }, 'slurmd');
  }

  /** As a host that fails: nobody hears of it any more, and its jobs are given up. */
  async failNode(): Promise<void> {
    await ended(this.node, 'SIGKILL');
    await this.done('scontrol', 'update', `NodeName=${hostname()}`, 'State=DOWN', 'Reason=test');
  }

  /** Every job is forgotten, and no number used again. */
  async forget(): Promise<void> {
    await this.stopController();
    for (const name of await readdir(this.file('state')))
      if (name.startsWith('job_state')) await rm(this.file(join('state', name)));
    this.firstJobId += 1000;
    await this.configure();
    await this.startController();
  }

  /** The command lines with which programs of Slurm were called by way of PATH, since the last time that was asked. */
  async callsSince(): Promise<string[]> {
    const lines = (await readFile(this.file('calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    await rm(this.file('calls'), { force: true });
    return lines;
  }

  /** While it is on, sbatch loses the answer to each submission that it makes; what `--test-only` asks is none. */
  async loseAnswers(isOn: boolean): Promise<void> {
    if (isOn) await writeFile(this.file('lose'), '');
    else await rm(this.file('lose'));
  }

  /** The next program that submits a job is killed as soon as the job is in the queue, before it hears so. */
  async killSubmitter(): Promise<void> {
    await writeFile(this.file('kill'), '');
  }

  async call(program: string, ...args: string[]) {
    return await execa(program, args, { reject: false, env: { PATH: path, SLURM_TIME_FORMAT: '%s' }, timeout: 60_000 });
  }

  /** Throws with what the command says when it fails. */
  async done(program: string, ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.call(program, ...args);
    if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** What jobs need in their environment. */
  get environment(): Record<string, string> {
    return { SLURM_CONF: this.file('slurm.conf') };
  }

  async stateOf(id: string): Promise<string> {
    return (await this.done('squeue', '--noheader', '--states=all', `--jobs=${id}`, '--format=%T')).trim();
  }

  /** Ids of all jobs of this name, ended ones too. */
  async jobsNamed(name: string): Promise<string[]> {
    const rows = await this.done('squeue', '--noheader', '--states=all', `--name=${name}`, '--format=%i');
    return rows.split('\n').filter((row) => row !== '');
  }

  async stop(): Promise<void> {
    await this.call('scancel', '--signal=KILL', '--full', '--user=root');
    await this.call('scancel', '--user=root');
    for (const child of [this.node, this.controller, this.munged]) await ended(child, 'SIGKILL');
    await this.endSteps();
    await this.accounts?.stop();
    process.off('exit', this.killAll);
    delete process.env.SLURM_CONF;
    process.env.PATH = this.pathBefore;
    await removeFolder(this.root);
  }

  /** Of a node that failed: those who own its steps go on without it, and wait for a controller that is gone. */
  private async endSteps(): Promise<void> {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const read = (name: string) => readFile(join('/proc', pid, name), 'utf8').catch(() => '');
      if (!(await read('comm')).startsWith('slurmstepd')) continue;
      if ((await read('environ')).includes(`SLURM_CONF=${this.file('slurm.conf')}`))
        process.kill(Number(pid), 'SIGKILL');
    }
  }

  private async configure(): Promise<void> {
    const [controllerPort, nodePort] = this.ports;
    const { firstJobId, hasControlGroups, accounts } = this;
    const options = { controllerPort, nodePort, firstJobId, hasControlGroups, accounts: accounts?.lines };
    await writeSlurmConf(this.root, options);
  }

  private async wrapCommands(): Promise<void> {
    await mkdir(this.file('bin'));
    for (const program of ASKED) {
      const real = programOnPath(program);
      if (real === null) continue;
      const lose = `if [ -e ${this.file('lose')} ]; then ${real} "$@" > ${this.file('lost')}; echo 'sbatch: error: lost' >&2; exit 1; fi`;
      const kill = `if [ -e ${this.file('kill')} ]; then ${real} "$@" && rm ${this.file('kill')} && kill -9 $PPID; exit 1; fi`;
      const lines = [
        '#!/bin/sh',
        `echo "${program} $*" >> ${this.file('calls')}`,
        program === 'sbatch' ? `case " $* " in *' --test-only '*) ;; *)\n${lose}\n${kill}\n;; esac` : '',
      ];
      await writeFile(this.file(join('bin', program)), `${lines.join('\n')}\nexec ${real} "$@"\n`, { mode: 0o755 });
    }
  }

  private async nodeState(): Promise<string> {
    return (await this.call('sinfo', '--noheader', '--Format=StateLong')).stdout;
  }

  private daemon(program: string, ...args: string[]): ChildProcess {
    return spawn(program, args, { env: { ...process.env, PATH: path }, stdio: 'ignore' });
  }

  private async until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + 50_000;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`${what} does not come up: ${await this.lastLog(what)}`);
      await sleep(100);
    }
  }

  private async lastLog(name: string): Promise<string> {
    return (await readFile(this.file(`${name}.log`), 'utf8').catch(() => '')).slice(-2000);
  }
}

async function ended(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}
