/** What is asked of each real command alike: questions by an agent of ours, the example's run, a killed engine. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import type { CodingAgent } from '../../agents/agent.js';
import type { AgentHooks } from '../../agents/agent-process.js';
import { packageFile } from '../../host/package-files.js';
import { processIdentity } from '../../host/process-identity.js';
import { CommandRun, exitOf, killed } from '../support/command-run.js';
import { removeFolder } from '../support/remove-folder.js';

/** Gone with the test. */
export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-command-'));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** Until the test ends. */
export function within(environment: Record<string, string>): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** As the engine does: an agent and a file for its answer for each question. */
export function agentOf(name: string, create: (hooks: AgentHooks) => CodingAgent): CodingAgent {
  const answer: CodingAgent['answer'] = async (...call) => {
    const hooks = { onStart: async () => undefined, replyFile: join(await temporary(), 'answer') };
    return await create(hooks).answer(...call);
  };
  return { name, answer };
}

/** How a run is started with the command as its agent. */
export interface Started {
  env: Record<string, string>;
  flags: string[];
}

/** The statuses of all nodes once two rounds of the example have ended; `read`: what else is asked of the run. */
export async function exampleRun<T>({ env, flags }: Started, read: (run: CommandRun) => Promise<T>) {
  const python = packageFile('.tools', 'venv', 'bin', 'python');
  await using run = await CommandRun.create({
    project: packageFile('examples', 'images'),
    env,
    flags: [...flags, '--python', python, '--base-launch-command', `${python} train.py`, '--max-iterations', '2'],
  });
  const { code, output } = await exitOf(run.start(...run.firstFlags()));
  expect(code, output).toBe(0);
  const nodes = (await run.json('engine', 'tree.json')) as { node_id: string; status: string }[];
  return { statuses: nodes.map(({ status }) => status), read: await read(run) };
}

/** `calls` of a server that is silent until `goOn`: the engine is killed (-9) while the command waits for an answer. */
export async function endsWhatKillLeft({ env, flags }: Started, calls: readonly unknown[], goOn: () => void) {
  await using run = await CommandRun.create({ env, flags: [...flags, '--max-iterations', '1'], jobSeconds: 0.2 });
  const first = run.start(...run.firstFlags());
  while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const { pid } = (await run.json('engine', 'calls', 'instrument.pid.json')) as { pid: number };
  await killed(first);
  expect(await processIdentity(pid)).not.toBeNull();
  goOn();
  const { code, output } = await exitOf(run.start());
  expect(code, output).toBe(0);
  expect(await processIdentity(pid)).toBeNull();
}
