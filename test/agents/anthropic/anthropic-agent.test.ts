/**
 * The API agent against a loopback server: each fault is a typed failure or a repeated call, and every token is booked.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AgentTask } from '../../../agents/agent.js';
import {
  type CallCost,
  CutReply,
  isProviderWait,
  NOTHING_SPENT,
  spentOf,
  spentTogether,
} from '../../../agents/agent-failure.js';
import { createAnthropicAgent } from '../../../agents/anthropic/anthropic-agent.js';
import { parseAnalysis, parsePlan, parseRewrite } from '../../../agents/parse-reply.js';
import type { RunConfig } from '../../../domain/formats/config.js';
import {
  ANALYZE,
  APPLY,
  agentConfig,
  agentWith,
  askAgent,
  failureOf,
  PLAN,
  REPORT,
} from '../../support/agents/agent-tasks.js';
import { knobsAnswer } from '../../support/agents/knobs-answers.js';
import { type Fault, MessagesServer } from '../../support/agents/messages-server.js';
import { removeFolder } from '../../support/remove-folder.js';

const KEY = 'sk-test-canary';

function agentFor(server: MessagesServer, config: Partial<RunConfig> = {}) {
  const env = { ...process.env, ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server.url };
  // As the engine does: a file of its own for each request.
  return agentWith((hooks) => createAnthropicAgent(agentConfig(config), hooks, env));
}

async function serverWith(...faults: (Fault | null)[]) {
  return await MessagesServer.start({ answer: knobsAnswer(), fault: (call) => faults[call] ?? null });
}

const status = (code: number, headers: Record<string, string> = {}): Fault => ({
  kind: 'status',
  status: code,
  headers,
});

/** What the server charged for all its calls. */
function charged(server: MessagesServer): CallCost {
  const calls = server.calls.map(({ usage, costUsd }) => ({ usage: { ...usage }, costUsd, unansweredCalls: 0 }));
  return spentTogether(calls);
}

describe('an answer', () => {
  it.each<[AgentTask, (text: string) => unknown, object]>([
    [
      APPLY,
      (text) => parseRewrite(text, 'train.py'),
      { edits: [{ content: expect.stringMatching(/^CONCURRENCY = 4$/m) }] },
    ],
    [PLAN, parsePlan, { action: 'launch', experiments: [{ name: 'c2_b16' }, { name: 'c3_b16' }] }],
    [
      ANALYZE,
      parseAnalysis,
      { metrics: { bottleneck_stage: 'decode', step_time_ms: null }, findings: ['decode bounds it'] },
    ],
  ])('is structured, and our parsers take it ($phase)', async (task, parse, expected) => {
    await using server = await serverWith();
    const { text } = await askAgent(agentFor(server), task);
    expect(parse(text)).toMatchObject({ ok: true, value: expected });
    expect(server.calls[0]?.request.output_config?.format?.type).toBe('json_schema');
  });

  it('keeps the words of an analysis in front of its numbers', async () => {
    await using server = await serverWith();
    expect((await askAgent(agentFor(server), ANALYZE)).text).toMatch(/^Decode bounds it\.\n\n```json\n/);
  });

  it('is plain text for a report', async () => {
    await using server = await serverWith();
    expect((await askAgent(agentFor(server), REPORT)).text).toContain('# Final report');
    expect(server.calls[0]?.request.output_config).toBeUndefined();
  });

  it('is read as well from a server that does not stream', async () => {
    await using server = await MessagesServer.start({ answer: knobsAnswer(), neverStreams: true });
    const answer = await askAgent(agentFor(server), APPLY);
    expect(parseRewrite(answer.text, 'train.py').ok).toBe(true);
    expect({ ...NOTHING_SPENT, ...answer }).toMatchObject(charged(server));
  });

  it('comes with its usage and cost, as the server counts them, and with the reply as it was', async () => {
    await using server = await serverWith();
    const agent = agentFor(server);
    const answers = [await askAgent(agent, APPLY), await askAgent(agent, PLAN), await askAgent(agent, ANALYZE)];
    const booked = spentTogether(answers.map((answer) => ({ ...NOTHING_SPENT, ...answer })));
    expect(booked).toEqual(charged(server));
    expect(booked.costUsd).toBeGreaterThan(0);
    expect(answers[0]?.raw).toMatchObject({
      model: 'claude-opus-5-5',
      usage: { input_tokens: expect.any(Number) },
    });
  });

  it('reads the stable part of a prompt from the cache when it is asked again', async () => {
    await using server = await serverWith();
    const agent = agentFor(server);
    const first = await askAgent(agent, APPLY);
    const second = await askAgent(agent, { ...APPLY, key: 'again', refusal: 'no' });
    expect(first.usage).toMatchObject({ cache_read_input_tokens: 0 });
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
    expect(second.usage.cache_read_input_tokens).toBeGreaterThan(second.usage.input_tokens!);
    expect(second.costUsd).toBeLessThan(first.costUsd!);
  });

  it('is asked for with the model and the effort that are configured', async () => {
    await using server = await serverWith();
    await askAgent(agentFor(server, { model: 'claude-haiku-5-5', effort: 'low' }), PLAN);
    expect(server.calls[0]).toMatchObject({
      apiKey: KEY,
      request: { model: 'claude-haiku-5-5', output_config: { effort: 'low' } },
    });
  });

  it('has no known cost where the price of the model is unknown, unless it is configured', async () => {
    await using server = await serverWith();
    const model = 'claude-next';
    expect((await askAgent(agentFor(server, { model }), REPORT)).costUsd).toBeNull();
    const prices = { [model]: { as_of: '2026-11-20', input: 1, output: 0, cache_read: 0, cache_write: 0 } };
    const { costUsd, usage } = await askAgent(agentFor(server, { model, prices }), REPORT);
    expect(costUsd).toBeCloseTo(usage.input_tokens! / 1e6, 12);
  });
});

describe('an answer that is cut or refused', () => {
  it.each<[Fault['kind'], string]>([
    ['truncated', 'max_tokens'],
    ['refusal', 'refusal'],
  ])('%s: says why, and what was paid for it', async (kind, reason) => {
    await using server = await serverWith({ kind } as Fault);
    const cut = await failureOf(askAgent(agentFor(server), APPLY));
    expect(cut).toBeInstanceOf(CutReply);
    expect(cut).toMatchObject({ reason, reply: { costUsd: server.costUsd } });
  });
});

describe('a call that fails', () => {
  it.each<[string, Fault, number]>([
    ['429 with a time', status(429, { 'retry-after': '17' }), 17_000],
    ['429 with a finer time', status(429, { 'retry-after': '1', 'retry-after-ms': '250' }), 250],
    ['429 without one', status(429), 60_000],
    ['529 with a time', status(529, { 'retry-after': '4' }), 4_000],
    ['529 without one', status(529), 30_000],
  ])('%s: waits until then, outside this process', async (_, fault, waitMs) => {
    await using server = await serverWith(fault);
    const error = await failureOf(askAgent(agentFor(server), APPLY));
    expect(error).toMatchObject({ type: 'agent_failed', nonRetryable: false, nextRetryDelay: waitMs });
    expect(isProviderWait(error)).toBe(true);
    expect(server.calls).toHaveLength(1);
  });

  it('waits until a date that the provider names', async () => {
    const at = new Date(Date.now() + 90_000);
    await using server = await serverWith(status(429, { 'retry-after': at.toUTCString() }));
    const error = await failureOf(askAgent(agentFor(server), APPLY));
    const { nextRetryDelay } = error as { nextRetryDelay: number };
    expect(nextRetryDelay).toBeGreaterThan(80_000);
    expect(nextRetryDelay).toBeLessThanOrEqual(90_000);
  });

  it.each<[Fault, RegExp, number]>([
    [status(500), /500/, 0],
    [status(503), /503/, 0],
    [{ kind: 'cut' }, /cannot be reached/, 1],
    [{ kind: 'not_json' }, /not JSON/, 1],
    [{ kind: 'cut_midway' }, /broke off/, 1],
  ])('may pass: $kind $status', async (fault, cause, unansweredCalls) => {
    await using server = await serverWith(fault);
    const error = await failureOf(askAgent(agentFor(server), APPLY));
    expect(error).toMatchObject({ type: 'agent_failed', nonRetryable: false, message: expect.stringMatching(cause) });
    expect(isProviderWait(error)).toBe(false);
    expect(spentOf(error)).toMatchObject({ ...charged(server), unansweredCalls });
  });

  it.each([
    [400, /scripted 400/],
    [401, /ANTHROPIC_API_KEY/],
    [403, /may not use/],
    [404, /--model/],
  ])('fails at once with the cause: %i', async (code, cause) => {
    await using server = await serverWith(status(code));
    const error = await failureOf(askAgent(agentFor(server), APPLY));
    expect(error).toMatchObject({ type: 'agent_failed', nonRetryable: true, message: expect.stringMatching(cause) });
    expect(JSON.stringify(error)).not.toContain(KEY);
    expect(server.calls).toHaveLength(1);
  });

  it('says that no server answers, and asks for nothing to be paid', async () => {
    const server = await serverWith();
    const agent = agentFor(server);
    await server[Symbol.asyncDispose]();
    const error = await failureOf(askAgent(agent, APPLY));
    expect(error).toMatchObject({ nonRetryable: false, message: expect.stringMatching(/ECONNREFUSED/) });
    expect(spentOf(error)).toEqual(NOTHING_SPENT);
  });

  it('says that there are no credentials before it calls anybody', async () => {
    await using server = await serverWith();
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_CONFIG_DIR: '/no/such/folder' };
    const agent = agentWith((hooks) => createAnthropicAgent(agentConfig(), hooks, env));
    const error = await failureOf(askAgent(agent, APPLY));
    expect(error).toMatchObject({ nonRetryable: true, message: expect.stringMatching(/ANTHROPIC_API_KEY/) });
    expect(server.calls).toHaveLength(0);
  });

  it('does not wait longer than its time limit', async () => {
    await using server = await serverWith({ kind: 'slow' });
    const error = await failureOf(askAgent(agentFor(server, { agent_timeout_s: 1 }), APPLY));
    expect(error).toMatchObject({
      type: 'agent_failed',
      nonRetryable: false,
      message: expect.stringMatching(/within 1 s/),
    });
    expect(spentOf(error)).toEqual({ ...NOTHING_SPENT, unansweredCalls: 1 });
  });

  it('ends with the reason when it is given up', async () => {
    await using server = await serverWith({ kind: 'slow' });
    const given = new AbortController();
    const reason = new Error('given up');
    const call = failureOf(askAgent(agentFor(server), APPLY, given.signal));
    while (server.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    given.abort(reason);
    expect(await call).toBe(reason);
    expect(reason).not.toBeInstanceOf(ApplicationFailure);
  });
});

describe('replies that cannot be used', () => {
  it.each<[Fault['kind']]>([['garbage'], ['empty']])(
    '%s: comes back as it is, for the parsers to refuse',
    async (kind) => {
      await using server = await serverWith({ kind } as Fault);
      const { text, costUsd } = await askAgent(agentFor(server), APPLY);
      expect(parseRewrite(text, 'train.py')).toMatchObject({ ok: false });
      expect(costUsd).toBe(server.costUsd);
    },
  );
});

describe('a reply that an engine left behind', () => {
  const usage = { input_tokens: 100, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const start = { type: 'message_start', message: { model: 'claude-opus-5-5', content: [], stop_reason: null, usage } };
  const head = (facts: object) => `${JSON.stringify(facts)}\n`;

  async function left(server: MessagesServer, printed: string) {
    const hooks = { onStart: async () => undefined, replyFile: join(await mkdtemp(join(tmpdir(), 'left-')), 'reply') };
    onTestFinished(() => removeFolder(dirname(hooks.replyFile)));
    await writeFile(hooks.replyFile, printed);
    const env = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server.url };
    return await failureOf(askAgent(createAnthropicAgent(agentConfig(), hooks, env), APPLY));
  }

  it('in the middle is booked as far as it is known, and asked for again at once', async () => {
    await using server = await serverWith();
    const body = `event: message_start\ndata: ${JSON.stringify(start)}\n\n`;
    const error = await left(server, head({ outcome: 'replied', contentType: 'text/event-stream' }) + body);
    expect(error).toMatchObject({ nonRetryable: false, nextRetryDelay: 1 });
    expect(spentOf(error)).toEqual({ costUsd: (100 * 4 + 1 * 20) / 1e6, usage, unansweredCalls: 1 });
    expect(server.calls).toEqual([]);
  });

  it('with a time to wait until waits until then', async () => {
    await using server = await serverWith();
    const wait = { outcome: 'refused', status: 429, message: 'slower', retryAfter: '17', retryAfterMs: null };
    expect(await left(server, head(wait))).toMatchObject({ nonRetryable: false, nextRetryDelay: 17_000 });
    expect(server.calls).toEqual([]);
  });

  it.each([[''], ['{"outcome": "repl']])('before it had begun is asked for: %j', async (printed) => {
    await using server = await serverWith();
    expect(await left(server, printed)).toMatchObject({ message: 'the call did not fail' });
    expect(server.calls).toHaveLength(1);
  });
});
