/**
 * The real `codex` command against the loopback server: its tokens are what is booked, its errors are understood, and
 * it changes nothing.
 */
import { describe, expect, it } from 'vitest';
import type { CodingAgent } from '../../agents/agent.js';
import { isProviderWait, NOTHING_SPENT, spentOf, UNKNOWN_SPENT } from '../../agents/agent-failure.js';
import { createCodexAgent } from '../../agents/codex-agent.js';
import { parseAnalysis, parsePlan, parseRewrite } from '../../agents/parse-reply.js';
import { shellWord } from '../../domain/command/shell-word.js';
import { packageFile } from '../../host/package-files.js';
import { ANALYZE, APPLY, agentConfig, askAgent, failureOf, PLAN } from '../support/agents/agent-tasks.js';
import { exampleAnswer } from '../support/agents/example-answers.js';
import { knobsAnswer } from '../support/agents/knobs-answers.js';
import { type ResponsesFault, ResponsesServer } from '../support/agents/responses-server.js';
import { ledgerOf } from '../support/booked-money.js';
import { agentOf, endsWhatKillLeft, exampleRun, type Started, temporary, within } from './real-command.js';

const CODEX = packageFile('.tools', 'codex', 'node_modules', '.bin', 'codex');

/** Its own home and key. */
async function environment(): Promise<Record<string, string>> {
  const home = await temporary();
  return { HOME: home, CODEX_HOME: home, OPENAI_API_KEY: 'sk-loopback' };
}

async function codexFor(server: ResponsesServer): Promise<CodingAgent> {
  within(await environment());
  const config = agentConfig({ agent_command: CODEX, agent_timeout_s: 60, codex_flags: server.codexFlags });
  return agentOf('codex', (hooks) => createCodexAgent(config, hooks));
}

const started = async (server: ResponsesServer): Promise<Started> => ({
  env: await environment(),
  flags: [
    ...['--agent', 'codex', '--agent-command', CODEX, '--max-concurrency', '1'],
    ...['--codex-flags', server.codexFlags.map(shellWord).join(' ')],
  ],
});

describe('one call', () => {
  it('answers every kind of task, with the tokens that the server counts, and changes nothing', async () => {
    await using server = await ResponsesServer.start({ answer: knobsAnswer() });
    const agent = await codexFor(server);
    const answers = [await askAgent(agent, APPLY), await askAgent(agent, PLAN), await askAgent(agent, ANALYZE)];
    expect(parseRewrite(answers[0]!.text, 'train.py').ok).toBe(true);
    expect(parsePlan(answers[1]!.text).ok).toBe(true);
    expect(parseAnalysis(answers[2]!.text).ok).toBe(true);
    const tokens = answers.flatMap(({ usage }) => Object.values(usage)).reduce((sum, each) => sum + each, 0);
    expect(tokens).toBe(server.tokens);
    expect(answers[0]!.usage.cache_read_input_tokens).toBeGreaterThan(0);
    expect(server.calls.map(({ apiKey }) => apiKey)).toEqual(Array(3).fill('sk-loopback'));
    expect(server.calls[0]!.session).toMatchObject({ sandbox_mode: 'read-only' });
  });

  it('works in a folder of no repository', async () => {
    await using server = await ResponsesServer.start({ answer: knobsAnswer() });
    const task = { ...APPLY, source: { ...APPLY.source, dir: await temporary() } };
    const agent = await codexFor(server);
    expect((await agent.answer(task, '# Apply', new AbortController().signal).catch(String)).toString()).not.toMatch(
      /git/,
    );
    expect(server.calls).toHaveLength(1);
  });

  it.each<[ResponsesFault, object, object]>([
    [{ kind: 'status', status: 401 }, { nonRetryable: true, message: expect.stringMatching(/401/) }, NOTHING_SPENT],
    [{ kind: 'status', status: 400 }, { nonRetryable: true }, NOTHING_SPENT],
    [{ kind: 'status', status: 429 }, { nonRetryable: false, nextRetryDelay: 60_000 }, NOTHING_SPENT],
    [{ kind: 'status', status: 500 }, { nonRetryable: false }, UNKNOWN_SPENT],
    [{ kind: 'cut' }, { nonRetryable: false }, UNKNOWN_SPENT],
    [{ kind: 'cut_midway' }, { nonRetryable: false }, UNKNOWN_SPENT],
    [{ kind: 'incomplete' }, { nonRetryable: false }, UNKNOWN_SPENT],
  ])('fails in a way that is understood: %j', async (fault, expected, spent) => {
    await using server = await ResponsesServer.start({ answer: knobsAnswer(), fault: () => fault });
    const error = await failureOf(askAgent(await codexFor(server), APPLY));
    expect(error).toMatchObject({ type: 'agent_failed', ...expected });
    expect(isProviderWait(error)).toBe('nextRetryDelay' in expected);
    expect(spentOf(error)).toEqual(spent);
  });
});

describe('a whole run', () => {
  it('of the example books the tokens that the server counts', async () => {
    await using server = await ResponsesServer.start({ answer: exampleAnswer });
    const { statuses, read: events } = await exampleRun(await started(server), (run) => run.events());
    expect(statuses.length).toBeGreaterThan(4);
    expect(new Set(statuses)).toEqual(new Set(['completed']));
    const { spent, unpriced } = ledgerOf(events);
    expect(spent.tokens).toBe(server.tokens);
    expect(unpriced).toBe(server.calls.length);
  }, 300_000);

  it('leaves no command behind after kill -9 of the engine', async () => {
    let isSilent = true;
    await using server = await ResponsesServer.start({
      answer: knobsAnswer(),
      fault: () => (isSilent ? { kind: 'slow' } : null),
    });
    await endsWhatKillLeft(await started(server), server.calls, () => {
      isSilent = false;
    });
  }, 300_000);
});
