/**
 * `worker --agents` as a process of its own: it has the key, and whoever asks has none. Each agent that may be called
 * there answers, and no more calls are under way, and none begins sooner, than its flags say.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { makeAsk } from '../../activities/agent-calls/ask.js';
import { parseRewrite } from '../../agents/parse-reply.js';
import type { AgentCall, AgentCallOutcome } from '../../domain/protocol/agent-calls.js';
import { agentCallWorkflowId, agentQueueFor } from '../../domain/run/naming.js';
import { packageFile } from '../../host/package-files.js';
import { Workdir } from '../../workdir/paths.js';
import { APPLY, agentConfig } from '../support/agents/agent-tasks.js';
import { knobsAnswer } from '../support/agents/knobs-answers.js';
import { MessagesServer } from '../support/agents/messages-server.js';
import { removeFolder } from '../support/remove-folder.js';
import { startTestWorker } from '../support/temporal-env.js';

const KEY = 'sk-canary-41c7';
const CALLS = 10;
/** As `codex exec --json … -` does: the prompt comes on standard input, and the answer leaves as events. */
const CODEX = `#!${process.execPath}
import { text } from 'node:stream/consumers';
if (process.argv[2] !== 'exec' || process.argv.at(-1) !== '-') throw new Error(process.argv.join(' '));
const messages = [{ role: 'user', content: await text(process.stdin) }];
const response = await fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', {
  method: 'POST',
  headers: { 'x-api-key': process.env.ANTHROPIC_API_KEY },
  body: JSON.stringify({ model: 'claude-sonnet-5-5', max_tokens: 1000, messages }),
});
const { content, usage } = await response.json();
const item = { type: 'agent_message', text: content[0].text };
console.log(JSON.stringify({ type: 'item.completed', item }));
console.log(JSON.stringify({ type: 'turn.completed', usage: { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens } }));
`;
/** It tells when it begins and ends, and ends when it may. */
const COUNTED = `#!/bin/sh
cat > /dev/null
echo "begin $(date +%s%3N)" >> "$LEDGER"
until [ -e "$GATE" ]; do sleep 0.02; done
echo "end $(date +%s%3N)" >> "$LEDGER"
`;

async function program(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o755 });
  return path;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-agents-'));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

function startAgents(flags: string[], env: Record<string, string>): ChildProcess {
  const main = packageFile('dist', 'client', 'main.js');
  const child = spawn(process.execPath, [main, 'worker', ...flags], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, TEMPORAL_ADDRESS: inject('temporalAddress'), ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

it.each([
  ['anthropic', 0],
  ['codex', 1],
] as const)(
  'has %s answer a run whose host has no key, and what the call cost is booked',
  async (agent, unpriced) => {
    await using server = await MessagesServer.start({ answer: knobsAnswer() });
    await using worker = await startTestWorker({ activities: {} });
    const { client, run } = worker;
    const [folder, home] = [await newFolder(), await newFolder()];
    const queue = randomUUID();
    const command = agent === 'codex' ? ['--agent-command', await program(home, 'codex.mjs', CODEX)] : [];
    const env = { HOME: home, ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server.url };
    const agents = startAgents(['--agents', queue, '--agent', agent, ...command], env);
    vi.stubEnv('ANTHROPIC_API_KEY', '');
    onTestFinished(() => void vi.unstubAllEnvs());

    const config = { ...agentConfig({ agent, agent_queue: queue }), run_id: run };
    const ask = makeAsk({ workdir: new Workdir(folder), config, log: () => undefined }, client);
    const read = (text: string) => parseRewrite(text, 'train.py');
    const asked = async () => await ask({ task: APPLY, read, failure: 'code_change_failed' });
    const answer = (await new MockActivityEnvironment().run(asked)) as Awaited<ReturnType<typeof asked>>;
    expect(answer.value.edits).toHaveLength(1);
    expect(server.calls.map(({ apiKey }) => apiKey)).toEqual([KEY]);
    expect(answer.spent.unpriced).toBe(unpriced);
    expect(answer.spent.usd).toBeCloseTo(unpriced === 0 ? server.costUsd : 0, 9);
    // Nothing of the key came along.
    expect((await readdir(folder)).length).toBeGreaterThan(0);
    const found = await execa('grep', ['-rl', KEY, folder], { reject: false });
    expect(found.stdout).toBe('');
    const exit = once(agents, 'exit');
    agents.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  },
  60_000,
);

it('has as many calls under way as it has slots, and begins no more of them than its rate lets it', async () => {
  await using worker = await startTestWorker({ activities: {} });
  const { client, run, taskQueue } = worker;
  const folder = await newFolder();
  const [ledger, gate] = [join(folder, 'ledger'), join(folder, 'gate')];
  const queue = randomUUID();
  const command = ['--agent-command', await program(folder, 'counted', COUNTED)];
  const limits = ['--agent-slots', '2', '--agent-rate', '2'];
  startAgents(['--agents', queue, '--agent', 'claude', ...command, ...limits], {
    HOME: folder,
    LEDGER: ledger,
    GATE: gate,
  });
  const handles = await Promise.all(
    Array.from({ length: CALLS }, async (_, index) => {
      const call: AgentCall = {
        ...{ run, call: `apply_${index}.0`, agent: 'claude', model: '', effort: '', phase: 'apply', nodeId: null },
        ...{ prompt: 'what next?', timeoutMs: 60_000 },
      };
      const workflowId = agentCallWorkflowId(run, call.call);
      const args = [{ queue: agentQueueFor(queue), call }];
      return await client.workflow.start('agentCallWorkflow', { workflowId, taskQueue, args });
    }),
  );
  const lines = async () => {
    const text = await readFile(ledger, 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      const [what, atMs] = line.split(' ');
      return what === 'begin' || what === 'end' ? [{ what, atMs: Number(atMs) }] : [];
    });
  };
  while ((await lines()).length < 2) await sleep(20);
  // The others are at the queue by now, where nothing but slots and rate holds them.
  const waiting = async () =>
    (await Promise.all(handles.map(async (handle) => (await handle.describe()).raw.pendingActivities ?? []))).flat();
  while ((await waiting()).length < CALLS) await sleep(20);
  await writeFile(gate, '');
  const outcomes = (await Promise.all(handles.map((handle) => handle.result()))) as AgentCallOutcome[];
  expect(outcomes.map(({ is }) => is)).toEqual(Array(CALLS).fill('ended'));
  const told = await lines();
  const underWay = told.map((_, index) => {
    const before = told.slice(0, index + 1);
    return before.filter(({ what }) => what === 'begin').length - before.filter(({ what }) => what === 'end').length;
  });
  expect(Math.max(...underWay)).toBe(2);
  const begins = told.filter(({ what }) => what === 'begin').map(({ atMs }) => atMs);
  // The server lets a few begin together, and then two a second; without a rate all had begun in half a second.
  expect(begins.at(-1)! - begins[0]!).toBeGreaterThan(1000);
}, 60_000);
