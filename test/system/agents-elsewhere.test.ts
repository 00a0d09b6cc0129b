/**
 * A run whose agent is called on another host: the run's worker and the agents' worker in a network namespace each, the
 * second as another user, who cannot open the workdir. Needs root, `ip netns` and a checkout that others may read.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer, type Server, connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { killGroup } from '../../host/process-group.js';
import { CommandRun, exitOf, killed } from '../support/command-run.js';
import { removeFolder } from '../support/remove-folder.js';

const MAIN = packageFile('dist', 'client', 'main.js');
const KEY = 'sk-canary-93b2';
const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const isThere = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const canSeparate =
  process.getuid?.() === 0 &&
  isThere('ip', 'netns', 'list') &&
  isThere(AS_NOBODY[0]!, ...AS_NOBODY.slice(1), 'test', '-r', MAIN);

/** A namespace with one address, and the server's on the other end of its wire. */
async function namespace(number: number, port: number): Promise<{ name: string; address: string }> {
  const name = `ar${process.pid}n${number}`;
  const wire = `ar${process.pid % 10_000}w${number}`;
  const net = `10.${64 + (process.pid % 64)}.${number}`;
  const ip = async (...args: string[]) => await execa('ip', args);
  await ip('netns', 'add', name);
  const forwarder: Server = createServer((from) => {
    const to = tcp(port, '127.0.0.1');
    for (const [one, other] of [[from, to] as const, [to, from] as const]) {
      one.pipe(other);
      one.on('error', () => other.destroy());
    }
  });
  onTestFinished(async () => {
    forwarder.close();
    await execa('ip', ['netns', 'del', name], { reject: false });
  });
  await ip('link', 'add', wire, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  await ip('addr', 'add', `${net}.1/24`, 'dev', wire);
  await ip('link', 'set', wire, 'up');
  await ip('-n', name, 'addr', 'add', `${net}.2/24`, 'dev', 'eth0');
  await ip('-n', name, 'link', 'set', 'eth0', 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  forwarder.listen(0, `${net}.1`);
  await once(forwarder, 'listening');
  const { port: own } = forwarder.address() as { port: number };
  return { name, address: `${net}.1:${own}` };
}

it.skipIf(!canSeparate)(
  'completes, books each call once when the agents’ worker is killed, and books one that is lost as that',
  async () => {
    const port = Number(inject('temporalAddress').split(':')[1]);
    const [here, there] = [await namespace(1, port), await namespace(2, port)];
    const home = await mkdtemp(join(tmpdir(), 'autoresearch-agents-'));
    onTestFinished(() => removeFolder(home));
    await chown(home, NOBODY, NOBODY);
    await using run = await CommandRun.create({ jobSeconds: 0.3 });
    await chmod(run.root, 0o700);
    const hidden = await execa('ip', ['netns', 'exec', there.name, ...AS_NOBODY, 'ls', run.root], { reject: false });
    expect(hidden.exitCode).not.toBe(0);

    let said = '';
    const begun = () => said.split('a call of the agent begins').length - 1;
    const agents = (seconds: number): ChildProcess => {
      const flags = ['--agents', 'research', '--agent', 'claude', '--agent-slots', '2'];
      const program = packageFile('test', 'fixtures', 'agents', 'scripted-claude.py');
      const command = [process.execPath, MAIN, 'worker', ...flags, '--agent-command', program];
      const child = spawn('ip', ['netns', 'exec', there.name, ...AS_NOBODY, ...command], {
        cwd: home,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          ...{ PATH: process.env.PATH, HOME: home, TEMPORAL_ADDRESS: there.address, ANTHROPIC_API_KEY: KEY },
          ...{ AGENT_SECONDS: String(seconds), AGENT_PLAN_SIZE: '2', AGENT_LEDGER: join(home, 'agent.jsonl') },
        },
      });
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      return child;
    };
    const until = async (count: number) =>
      await vi.waitFor(() => expect(begun()).toBeGreaterThanOrEqual(count), { timeout: 240_000, interval: 50 });

    let worker = agents(3);
    onTestFinished(() => void worker.kill('SIGKILL'));
    const agent = ['--agent', 'claude', '--agent-queue', 'research', '--max-iterations', '1', '--max-concurrency', '2'];
    const repeats = ['--calibration-runs', '0', '--confirm-runs', '0', '--verify-runs', '0'];
    const engine = spawn(
      'ip',
      [
        ...['netns', 'exec', here.name, process.execPath, MAIN, 'run', run.workdir, ...agent, ...repeats],
        ...['--pipeline-script', join(run.source, 'train.py'), '--source-dir', run.source, '--poll-interval', '1'],
        ...['--base-launch-command', `python3 ${join(run.source, 'train.py')}`],
      ],
      { env: { ...process.env, TEMPORAL_ADDRESS: here.address, JOB_SECONDS: '0.3', ANTHROPIC_API_KEY: '' } },
    );
    onTestFinished(() => void engine.kill('SIGKILL'));
    const ended = exitOf(engine);

    // The worker alone: its program answers all the same.
    await until(1);
    await killed(worker);
    worker = agents(3);
    // The worker and its programs: what they would have answered is lost.
    await until(2);
    await killed(worker);
    const state = join(home, '.local', 'state', 'autoresearch', 'agents');
    for (const name of (await readdir(state)).filter((each) => each.endsWith('.pid.json'))) {
      const { pid } = JSON.parse(await readFile(join(state, name), 'utf8')) as { pid: number };
      killGroup(pid);
    }
    worker = agents(0);

    const { code, output } = await ended;
    expect(code, output).toBe(0);
    const folder = join(run.workdir, 'engine', 'calls');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const records = await Promise.all(
      files.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))),
    );
    const costs = (records as { costs: { usd: number | null }[] }[]).flatMap((record) => record.costs);
    const lost = costs.filter(({ usd }) => usd === null);
    expect(lost.length).toBeGreaterThanOrEqual(1);
    // Each question was answered by one call; those that are lost came before them.
    expect(costs.length - lost.length).toBe(files.length);
    // Every call that began is booked once.
    expect(costs.length).toBe(begun());
    expect(await readdir(state)).toContain('empty');
    const found = await execa('grep', ['-rl', KEY, run.workdir], { reject: false });
    expect(found.stdout).toBe('');
    const exit = once(worker, 'exit');
    worker.kill('SIGTERM');
    await exit;
  },
  480_000,
);
