/** The agent commands: what they are given, what is made of what they print, and that no process of theirs stays. */
import { existsSync, mkdtempSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAsk } from '../../activities/agent-calls/ask.js';
import type { CodingAgent } from '../../agents/agent.js';
import { isInterrupted, isProviderWait, NOTHING_SPENT, spentOf, UNKNOWN_SPENT } from '../../agents/agent-failure.js';
import { runAgentCommand } from '../../agents/agent-process.js';
import { reapLeftovers } from '../../agents/agent-process-record.js';
import { CallRecord } from '../../agents/call-record.js';
import { createClaudeAgent, parseCommandReply } from '../../agents/claude-agent.js';
import { createCodexAgent } from '../../agents/codex-agent.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { packageFile } from '../../host/package-files.js';
import { processIdentity } from '../../host/process-identity.js';
import { recordProcess } from '../../host/recorded-process.js';
import { Workdir } from '../../workdir/paths.js';
import { APPLY, agentConfig, askAgent, failureOf } from '../support/agents/agent-tasks.js';
import { removeFolder } from '../support/remove-folder.js';

const fixture = (name: string) => packageFile('test', 'fixtures', 'agents', name);
function noHooks() {
  const replyFile = join(mkdtempSync(join(tmpdir(), 'agent-output-')), 'answer');
  return { onStart: async () => undefined, replyFile };
}

function claude(command: string, flags: string[] = [], more: Partial<RunConfig> = {}): CodingAgent {
  return createClaudeAgent(agentConfig({ agent_command: fixture(command), claude_flags: flags, ...more }), noHooks());
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'autoresearch-agents-'));
  onTestFinished(() => removeFolder(path));
  return path;
}

/** Process ids of the agent and its child; whatever is alive when the test ends is ended. */
async function familyOf(pidFile: string): Promise<number[]> {
  const pids = JSON.parse(await contentOf(pidFile)) as number[];
  onTestFinished(() => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended, as it should.
      }
    }
  });
  return pids;
}

/** Waits for the file to be written. */
async function contentOf(file: string): Promise<string> {
  for (;;) {
    const text = existsSync(file) ? await readFile(file, 'utf8') : '';
    if (text !== '') return text;
    await looksAgain();
  }
}

/** Resolves when none of them is alive; the test's own time limit ends a wait in vain. */
async function allEnded(pids: number[]): Promise<void> {
  for (const pid of pids) while ((await processIdentity(pid)) !== null) await looksAgain();
}

const looksAgain = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('what a command is given', () => {
  it('claude: the contract’s flags, model and effort, then the user’s; the prompt; the task in its environment', async () => {
    const agent = claude('echoing.mjs', ['--verbose'], { model: 'claude-sonnet-5-5', effort: 'high' });
    const { text, costUsd } = await askAgent(agent, APPLY);
    const given = JSON.parse(text) as { flags: string[]; prompt: string };
    const contract = ['--print', '--output-format', 'json', '--no-session-persistence'];
    expect(given.flags).toEqual([...contract, '--model', 'claude-sonnet-5-5', '--effort', 'high', '--verbose']);
    expect(given).toMatchObject({ phase: 'apply', node: '002_c4_b32', folder: APPLY.source.dir });
    expect(given.prompt).toContain('set concurrency 4, batch size 32');
    expect(costUsd).toBe(0.5);
  });

  it('gets its prompt only when its process is on record', async () => {
    const pidFile = join(await folder(), 'pids');
    const config = agentConfig({
      agent_command: fixture('family.mjs'),
      claude_flags: ['--family', 'peeking', pidFile],
    });
    const agent = createClaudeAgent(config, {
      ...noHooks(),
      onStart: async () => {
        expect(await contentOf(`${pidFile}.seen`)).toBe('nothing');
        throw new Error('the disk is full');
      },
    });
    expect(await failureOf(askAgent(agent, APPLY))).toMatchObject({ message: 'the disk is full' });
    await allEnded(await familyOf(pidFile));
  });
});

describe('what a command prints', () => {
  const outcome = (stdout: string, exitCode: number | null = 0) => ({ stdout, stderr: '', exitCode, timedOut: false });

  it('is its result, cost and usage, after banner lines', () => {
    const stdout =
      'Welcome!\n{"result": "hi\\n```json\\n{}\\n```", "is_error": false, "total_cost_usd": 0.5, "usage": {"input_tokens": 3, "tier": "x"}}\n';
    expect(parseCommandReply(outcome(stdout), 'claude')).toMatchObject({
      text: 'hi\n```json\n{}\n```',
      costUsd: 0.5,
      usage: { input_tokens: 3 },
    });
  });

  it.each([['not json'], [''], ['{"x": 1}'], ['{"is_error": true, "result": "cannot"}']])(
    'is a failure that may pass: %s',
    async (stdout) => {
      const error = await failureOf(askAgent(claude('speaking.mjs', ['--say', stdout, '--exit', '0']), APPLY));
      expect(error).toMatchObject({ type: 'agent_failed', nonRetryable: false });
    },
  );

  it.each([
    ['claude', 'Invalid API key · Please run /login'],
    ['claude', 'API Error: 401 {"type":"error","error":{"type":"authentication_error"}}'],
  ])('ends at once when %s may not ask: %s', (command, said) => {
    const parse = () => parseCommandReply({ stdout: '', stderr: said, exitCode: 1 }, command);
    expect(parse).toThrow(expect.objectContaining({ nonRetryable: true }));
    expect(parse).toThrow(/set its key.*--agent playbook/);
  });

  it.each([
    [
      'a stack trace',
      'half of an answer',
      1,
      /^claude failed \(exit code 1\): a stack trace; on standard output: half/,
    ],
    ['a stack trace', 'half of an answer', 0, /no JSON object with a result: a stack trace; on standard output: half/],
    ['', 'half of an answer', 1, /^claude failed \(exit code 1\): half of an answer$/],
    ['a stack trace', '{"result": "done", "is_error": false}', 7, /: a stack trace; on standard output: done$/],
    [`${'x'.repeat(5000)} the last`, 'y'.repeat(5000), 1, /^.{1,30}: x{500,}.* the last; on standard output: y{200}$/],
  ])('tells its errors first, then what it printed: %.20s, %.20s, %i', (stderr, stdout, exitCode, says) => {
    const parse = () => parseCommandReply({ stdout, stderr, exitCode }, 'claude');
    expect(parse).toThrow(expect.objectContaining({ message: expect.stringMatching(says) }));
  });

  it('says why it failed, and what that cost', async () => {
    const reply = {
      is_error: true,
      result: 'API Error: 500',
      api_error_status: 500,
      total_cost_usd: 0.3,
      usage: { input_tokens: 4 },
    };
    const error = await failureOf(
      askAgent(claude('speaking.mjs', ['--say', JSON.stringify(reply), '--exit', '1']), APPLY),
    );
    expect(error).toMatchObject({ nonRetryable: false, message: expect.stringContaining('API Error: 500') });
    expect(spentOf(error)).toEqual({ costUsd: 0.3, usage: { input_tokens: 4 }, unansweredCalls: 0 });
  });

  it.each<[object, object]>([
    [{ api_error_status: 401 }, { nonRetryable: true }],
    [{ stop_reason: 'refusal' }, { nonRetryable: true }],
    [{ api_error_status: 429 }, { nonRetryable: false, nextRetryDelay: 60_000 }],
    [{ api_error_status: 529 }, { nonRetryable: false, nextRetryDelay: 30_000 }],
  ])('tells a wait from an error and from what a person must mend: %j', async (facts, expected) => {
    const reply = JSON.stringify({ is_error: true, result: 'no', total_cost_usd: 0, ...facts });
    const error = await failureOf(askAgent(claude('speaking.mjs', ['--say', reply, '--exit', '1']), APPLY));
    expect(error).toMatchObject({ type: 'agent_failed', ...expected });
    expect(isProviderWait(error)).toBe('nextRetryDelay' in expected);
  });

  it.each([
    ['/no/such/command', /no such command/],
    [packageFile('package.json'), /not executable/],
  ])('is nothing when it cannot be started: %s', async (command, cause) => {
    const agent = createClaudeAgent(agentConfig({ agent_command: command }), noHooks());
    const error = await failureOf(askAgent(agent, APPLY));
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringMatching(cause) });
    expect(spentOf(error)).toEqual(NOTHING_SPENT);
  });
});

describe('the processes of a command', () => {
  it('end at the time limit, children included', async () => {
    const pidFile = join(await folder(), 'pids');
    const agent = claude('family.mjs', ['--family', 'hanging', pidFile], { agent_timeout_s: 2 });
    const error = await failureOf(askAgent(agent, APPLY));
    expect(error).toMatchObject({ nonRetryable: false, message: expect.stringMatching(/within 2 s/) });
    expect(spentOf(error)).toEqual(UNKNOWN_SPENT);
    await allEnded(await familyOf(pidFile));
  });

  it('end when the call is given up, children included', async () => {
    const pidFile = join(await folder(), 'pids');
    const given = new AbortController();
    const call = failureOf(askAgent(claude('family.mjs', ['--family', 'hanging', pidFile]), APPLY, given.signal));
    const pids = await familyOf(pidFile);
    given.abort(new Error('given up'));
    expect(await call).toMatchObject({ message: 'given up' });
    await allEnded(pids);
  });

  it('end with its answer: a child that it left holds nothing up', async () => {
    const pidFile = join(await folder(), 'pids');
    const { text, costUsd } = await askAgent(claude('family.mjs', ['--family', 'answering', pidFile]), APPLY);
    expect(text).toMatch(/^\d+ characters$/);
    expect(costUsd).toBe(0.25);
    await allEnded(await familyOf(pidFile));
  });

  it('hold no answer up when they escaped from the group with its output open', async () => {
    const pidFile = join(await folder(), 'pids');
    const { text } = await askAgent(claude('family.mjs', ['--family', 'escaped', pidFile]), APPLY);
    expect(text).toMatch(/^\d+ characters$/);
    const [, child] = await familyOf(pidFile);
    expect(await processIdentity(child!)).not.toBeNull();
  });
});

describe('after kill -9 of the engine', () => {
  it('reads the answer that its command gave meanwhile, and asks nobody', async () => {
    const hooks = noHooks();
    const reply = { result: 'late but whole', is_error: false, total_cost_usd: 0.5, usage: { input_tokens: 7 } };
    await writeFile(hooks.replyFile, `hello\n${JSON.stringify(reply)}\n`);
    const agent = createClaudeAgent(agentConfig({ agent_command: '/no/such/command' }), hooks);
    expect(await askAgent(agent, APPLY)).toMatchObject({ text: 'late but whole', costUsd: 0.5 });
  });

  it('reads the error that its command met meanwhile, with what it cost', async () => {
    const hooks = noHooks();
    const reply = { result: 'overloaded', is_error: true, api_error_status: 529, total_cost_usd: 0.5 };
    await writeFile(hooks.replyFile, JSON.stringify(reply));
    const agent = createClaudeAgent(agentConfig({ agent_command: '/no/such/command' }), hooks);
    const error = await failureOf(askAgent(agent, APPLY));
    expect(isProviderWait(error)).toBe(true);
    expect(spentOf(error)).toMatchObject({ costUsd: 0.5 });
  });

  it.each([['{"result": "cut sho'], ['']])('asks again after %j', async (left) => {
    const hooks = noHooks();
    await writeFile(hooks.replyFile, left);
    const agent = createClaudeAgent(agentConfig({ agent_command: '/no/such/command' }), hooks);
    await expect(askAgent(agent, APPLY)).rejects.toThrow(/there is no such command/);
  });

  it('tells a folder that is gone from a command that is', async () => {
    const task = { phase: 'apply', nodeId: '001_a', source: { dir: '/no/such/folder' } };
    const rest = { flags: [], prompt: '', signal: new AbortController().signal, timeoutMs: 1000, hooks: noHooks() };
    expect(await failureOf(runAgentCommand({ command: 'true', task, ...rest }))).toMatchObject({
      nonRetryable: false,
      message: 'true cannot be started: its folder /no/such/folder is gone',
    });
  });

  async function killedEngine() {
    const root = await folder();
    const pidFile = join(root, 'pids');
    const parent = execa(
      process.execPath,
      [fixture('killed-parent.mjs'), packageFile('.'), root, fixture('family.mjs'), pidFile],
      { reject: false, buffer: false },
    );
    const pids = await familyOf(pidFile);
    const workdir = new Workdir(root);
    const file = workdir.at('engine', 'calls', 'apply_002_x.pid.json');
    while (!existsSync(file)) await looksAgain();
    parent.kill('SIGKILL');
    await parent;
    for (const pid of pids) expect(await processIdentity(pid)).not.toBeNull();
    return { workdir, pids, file };
  }

  it('the next engine ends the agent with its children, once', async () => {
    const { workdir, pids, file } = await killedEngine();
    expect(await reapLeftovers(workdir)).toEqual(['apply_002_x']);
    await allEnded(pids);
    expect(existsSync(file)).toBe(false);
    expect(await reapLeftovers(workdir)).toEqual([]);
  });

  it('the same call, made again, ends it first', async () => {
    const { workdir, pids } = await killedEngine();
    await new CallRecord(workdir).endLeftover('apply_002_x');
    await allEnded(pids);
  });
});

describe('reapLeftovers', () => {
  it('leaves a process alone that has only got the number of another', async () => {
    const workdir = new Workdir(await folder());
    const file = workdir.at('engine', 'calls', 'plan_001.pid.json');
    const bystander = execa(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, reject: false });
    onTestFinished(() => {
      bystander.kill('SIGKILL');
    });
    await recordProcess(file, bystander.pid!);
    const { pid, identity } = JSON.parse(await readFile(file, 'utf8')) as { pid: number; identity: string };
    await writeFile(file, JSON.stringify({ pid, identity: `${identity}0` }));
    expect(await reapLeftovers(workdir)).toEqual([]);
    expect(await processIdentity(pid)).toBe(identity);
  });

  it('passes over records of calls that were answered, torn files, and a workdir without any', async () => {
    const workdir = new Workdir(await folder());
    expect(await reapLeftovers(workdir)).toEqual([]);
    const record = new CallRecord(workdir);
    const answer = { text: 'x', costUsd: 0, usage: {}, raw: null };
    await record.settleAnswer(await record.open('plan_001', 'a test'), '20261124_000000', 'claude', answer);
    await writeFile(workdir.at('engine', 'calls', 'plan_002.pid.json'), '{"pid": 1');
    expect(await reapLeftovers(workdir)).toEqual([]);
    const names = await readdir(workdir.at('engine', 'calls'));
    expect(names).toContain('plan_001.json');
    expect(names.filter((name) => name.endsWith('.pid.json'))).toEqual([]);
  });
});

describe('a command that somebody ends', () => {
  async function script(...lines: string[]): Promise<string> {
    const path = join(await folder(), 'agent.sh');
    await writeFile(path, ['#!/bin/sh', 'cat >/dev/null', ...lines, ''].join('\n'), { mode: 0o700 });
    return path;
  }

  it.each<[string, string, boolean]>([
    ['Ctrl+C', 'kill -INT $$', true],
    ['SIGTERM', 'kill -TERM $$', true],
    ['Ctrl+C, after which it cleaned up', 'exit 130', true],
    ['the kernel, for want of memory', 'kill -KILL $$', false],
    ['itself', 'exit 1', false],
  ])('by %s', async (_, line, isOurs) => {
    for (const create of [createClaudeAgent, createCodexAgent]) {
      const config = agentConfig({ agent_command: await script(line) });
      expect(isInterrupted(await failureOf(askAgent(create(config, noHooks()), APPLY)))).toBe(isOurs);
    }
  });

  it('has failed at nothing: it is asked again, until that happens each time', async () => {
    const workdir = new Workdir(await folder());
    const config = agentConfig({ agent: 'claude', agent_command: await script('kill -INT $$') });
    const context = { workdir, config, log: () => undefined };
    const read = () => ({ ok: true as const, value: 1 });
    const tries: boolean[] = [];
    for (let each = 1; each <= 20; each += 1) {
      const asked = new MockActivityEnvironment({ activityId: '1' }).run(
        async () => await makeAsk(context)({ task: APPLY, read, failure: 'code_change_failed' }),
      );
      tries.push(((await failureOf(asked)) as ApplicationFailure).nonRetryable === true);
    }
    expect(tries.indexOf(true)).toBe(19);
  });
});
