/** The `codex` command by what it prints: its answer, its tokens, its price, and what went wrong. */
import { mkdtempSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isProviderWait, NOTHING_SPENT, spentOf, UNKNOWN_SPENT } from '../../agents/agent-failure.js';
import { createCodexAgent } from '../../agents/codex-agent.js';
import { parseCodexReply } from '../../agents/codex-reply.js';
import { packageFile } from '../../host/package-files.js';
import { APPLY, agentConfig, askAgent, failureOf } from '../support/agents/agent-tasks.js';

const fixture = (name: string) => packageFile('test', 'fixtures', 'agents', name);
const noHooks = () => ({
  onStart: async () => undefined,
  replyFile: join(mkdtempSync(join(tmpdir(), 'agent-output-')), 'answer'),
});
const FIXED = ['exec', '--json', '--ephemeral', '--skip-git-repo-check', '--config', 'sandbox_mode="read-only"'];
const PRICE = { as_of: '2026-11-01', input: 2, output: 10, cache_read: 0.5, cache_write: 3 };

describe('the codex command', () => {
  it('is asked for events a line, changes nothing, and its last message is the answer', async () => {
    const agent = createCodexAgent(agentConfig({ agent_command: fixture('echoing.mjs') }), noHooks());
    const answer = await askAgent(agent, APPLY);
    expect(JSON.parse(answer.text)).toMatchObject({ flags: [...FIXED, '-'], phase: 'apply' });
    expect(answer.costUsd).toBeNull();
    // Each token once: OpenAI counts those of the cache among the input.
    expect(answer.usage).toEqual({
      input_tokens: 30,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: 10,
      output_tokens: 20,
    });
  });

  it('takes a model, an effort and flags of a person, and has a price where the model has one', async () => {
    const more = { model: 'm', effort: 'low', codex_flags: ['--search'], prices: { m: PRICE } } as const;
    const config = agentConfig({ agent_command: fixture('echoing.mjs'), ...more, codex_flags: ['--search'] });
    const answer = await askAgent(createCodexAgent(config, noHooks()), APPLY);
    const { flags } = JSON.parse(answer.text) as { flags: string[] };
    expect(flags).toEqual([...FIXED, '--model', 'm', '--config', 'model_reasoning_effort=low', '--search', '-']);
    expect(answer.costUsd).toBeCloseTo((30 * 2 + 60 * 0.5 + 10 * 3 + 20 * 10) / 1e6, 12);
  });

  it('is not asked again where its whole answer was left, and is where it was cut', async () => {
    const hooks = noHooks();
    const agent = createCodexAgent(agentConfig({ agent_command: fixture('echoing.mjs') }), hooks);
    const { text, usage } = await askAgent(agent, APPLY);
    const printed = await readFile(hooks.replyFile, 'utf8');
    const absent = createCodexAgent(agentConfig({ agent_command: '/no/such/command' }), hooks);
    expect(await askAgent(absent, APPLY)).toMatchObject({ text, usage, costUsd: null });
    await writeFile(hooks.replyFile, printed.slice(0, -3));
    const error = await failureOf(askAgent(absent, APPLY));
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringMatching(/there is no such command/) });
    expect(spentOf(error)).toEqual(NOTHING_SPENT);
  });
});

/** As codex 0.171 says it: recorded from the command before a server that answers so. */
const failed = (message: string) =>
  [
    '{"type":"turn.started"}',
    JSON.stringify({ type: 'error', message }),
    JSON.stringify({ type: 'turn.failed', error: { message } }),
    '',
  ].join('\n');
const priced = { model: '', prices: {} };
const thrown = (stdout: string, { exitCode = 1 as number | null, stderr = 'WARNING: no aliases' } = {}) =>
  failureOf((async () => parseCodexReply({ stdout, stderr, exitCode }, 'codex', priced))());

describe('what went wrong', () => {
  it.each([
    ['unexpected status 401 Unauthorized: Missing bearer', true, NOTHING_SPENT, /401 Unauthorized.*set its key/],
    ['Missing environment variable: `OPENAI_API_KEY`.', true, NOTHING_SPENT, /OPENAI_API_KEY.*set its key/],
    ['{"error":{"message":"no such model","type":"x","code":null}}', true, NOTHING_SPENT, /no such model/],
    ['unexpected status 404 Not Found: nothing', true, NOTHING_SPENT, /404/],
    ['stream disconnected before completion: error sending request', false, UNKNOWN_SPENT, /disconnected/],
    ['Incomplete response returned, reason: max_output_tokens', false, UNKNOWN_SPENT, /max_output_tokens/],
  ])('is known by its message: %s', async (message, nonRetryable, spent, says) => {
    const error = await thrown(failed(message));
    expect(error).toMatchObject({ nonRetryable, message: expect.stringMatching(says) });
    expect(spentOf(error)).toEqual(spent);
  });

  it('is a wait where the provider counts requests', async () => {
    const error = await thrown(failed('exceeded retry limit, last status: 429 Too Many Requests'));
    expect(isProviderWait(error)).toBe(true);
    expect(error).toMatchObject({ nextRetryDelay: 60_000 });
  });

  it('is final where the command does not know our flags, and is said by its own words', async () => {
    const error = await thrown('', { exitCode: 2, stderr: "error: unexpected argument '--ephemeral' found" });
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringMatching(/exit code 2.*--ephemeral/) });
  });

  it.each([
    ['plain text', /printed no turn\.completed event, as `codex exec --json` does: plain text/],
    ['{"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":1}}\n', /printed no message of the agent/],
  ])('is no answer: %j', async (stdout, says) => {
    const error = await thrown(stdout, { exitCode: 0, stderr: '' });
    expect(error).toMatchObject({ nonRetryable: false, message: expect.stringMatching(says) });
  });

  it('is told by its errors first where it names none itself', async () => {
    const error = await thrown('half of an answer', { stderr: 'a stack trace' });
    expect(error).toMatchObject({ message: expect.stringMatching(/1\): a stack trace; on standard output: half/) });
  });

  it('is a signal that ended it', async () => {
    const error = await thrown('{"type":"turn.started"}\n', { exitCode: null, stderr: '' });
    expect(error).toMatchObject({ nonRetryable: false, message: expect.stringMatching(/codex was killed/) });
    expect(spentOf(error)).toEqual(UNKNOWN_SPENT);
  });
});
