/** A user's own agent: checked when it is loaded, held to its interface and to the time limit. */

import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { agentProblem, createAgent, defaultAgent, unknownCostReason } from '../../activities/agent-calls/make-agent.js';
import { isProviderWait, spentOf } from '../../agents/agent-failure.js';
import { parsePlan } from '../../agents/parse-reply.js';
import { moduleInConfig } from '../../host/module-path.js';
import { packageFile } from '../../host/package-files.js';
import { APPLY, agentConfig, askAgent, failureOf, PLAN } from '../support/agents/agent-tasks.js';
import { removeFolder } from '../support/remove-folder.js';

const HOOKS = { onStart: async () => undefined, replyFile: '/nowhere' };

async function moduleWith(code: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-module-'));
  onTestFinished(() => removeFolder(folder));
  const path = join(folder, 'my-agent.mjs');
  await writeFile(path, code);
  return path;
}

const agentOf = async (code: string, more = {}) =>
  createAgent(agentConfig({ agent: await moduleWith(code), ...more }), HOOKS);
const problemOf = async (code: string) => agentProblem(agentConfig({ agent: await moduleWith(code) }), {});

describe('a module', () => {
  it.each([
    ['nothing exported', '', /no default export/],
    ['no name', 'export default { answer() {} }', /no name/],
    ['no answer', 'export default { name: "mine" }', /no function answer\(task, prompt, signal\)/],
    ['a number', 'export default 7', /makes 7, not an object/],
    ['a function that makes nothing', 'export default () => {}', /no default export/],
    [
      'a function that throws',
      'export default () => { throw new Error("no licence") }',
      /cannot be loaded: no licence/,
    ],
    ['broken code', 'export default {', /cannot be loaded: /],
    ['a package that is missing', 'import "no-such-package";', /cannot be loaded: .*no-such-package/],
  ])('is refused at the start, with what is missing: %s', async (_, code, problem) => {
    expect(await problemOf(code)).toMatch(problem);
  });

  it('is named with its path when it is not there', async () => {
    expect(await agentProblem(agentConfig({ agent: '/no/such/agent.mjs' }), {})).toMatch(
      /^\/no\/such\/agent\.mjs cannot be loaded/,
    );
  });

  it('answers with a text, or with an object that knows its cost', async () => {
    const plain = await askAgent(
      await agentOf('export default { name: "mine", answer: (task) => task.phase };'),
      APPLY,
    );
    expect(plain).toMatchObject({ text: 'apply', costUsd: null, usage: {} });
    const made = `export default async ({ model, effort }) => ({
      name: 'mine',
      async answer(task, prompt, signal) {
        return { text: [model, effort, prompt.length > 100, signal.aborted].join(), costUsd: 0.5, usage: { tokens: 3 }, raw: 'r' };
      },
    });`;
    const answer = await askAgent(await agentOf(made, { model: 'm', effort: 'max' }), APPLY);
    expect(answer).toEqual({ text: 'm,max,true,false', costUsd: 0.5, usage: { tokens: 3 }, raw: 'r' });
  });

  it.each([
    ['nothing', 'undefined'],
    ['a number', '7'],
    ['an object without a text', '{ costUsd: 1 }'],
    ['a cost that is no number', '{ text: "x", costUsd: "1" }'],
  ])('cannot answer with %s', async (_, value) => {
    const error = await failureOf(
      askAgent(await agentOf(`export default { name: 'mine', answer: () => (${value}) };`), APPLY),
    );
    expect(error).toMatchObject({ type: 'agent_failed', nonRetryable: true, message: expect.stringContaining('mine') });
  });

  it('may throw: tried again, unless it says otherwise, and when it says', async () => {
    const throwing = async (more: string) => {
      const code = `export default { name: 'mine', answer() { throw Object.assign(new Error('no reply'), ${more}); } };`;
      return await failureOf(askAgent(await agentOf(code), APPLY));
    };
    expect(await throwing('{}')).toMatchObject({ nonRetryable: false, message: 'agent mine: no reply' });
    expect(await throwing('{ retryable: false }')).toMatchObject({ nonRetryable: true });
    const wait = await throwing('{ retryAfterMs: 1500 }');
    expect(wait).toMatchObject({ nonRetryable: false, nextRetryDelay: 1500 });
    expect(isProviderWait(wait)).toBe(true);
  });

  it('tells the errors of a program that it called first', async () => {
    const code = `import { execFile } from 'node:child_process';
      import { promisify } from 'node:util';
      const said = 'echo ' + 'y'.repeat(3000) + '; echo the cause >&2; exit 3';
      export default { name: 'mine', answer: () => promisify(execFile)('sh', ['-c', said]) };`;
    const { message } = (await failureOf(askAgent(await agentOf(code), APPLY))) as Error;
    expect(message).toMatch(/^agent mine: Command failed: .*: the cause; on standard output: y+$/s);
  });

  it('does not hold the engine: neither beyond the time limit nor when the call is given up', async () => {
    const code = 'export default { name: "mine", answer: () => new Promise(() => {}) };';
    const late = await failureOf(askAgent(await agentOf(code, { agent_timeout_s: 1 }), APPLY));
    expect(late).toMatchObject({ nonRetryable: false, message: expect.stringMatching(/within 1 s/) });
    expect(spentOf(late)).toMatchObject({ unansweredCalls: 1 });
    const given = new AbortController();
    const call = failureOf(askAgent(await agentOf(code), APPLY, given.signal));
    given.abort(new Error('given up'));
    expect(await call).toMatchObject({ message: 'given up' });
  });

  it('is shown whole in docs/writing-an-agent.md, and that example works', async () => {
    const guide = readFileSync(packageFile('docs', 'writing-an-agent.md'), 'utf8');
    const [, example] = /````js my-agent\.mjs\n(.*?)````/s.exec(guide) ?? [];
    const agent = await agentOf(example!);
    expect(parsePlan((await askAgent(agent, PLAN)).text)).toMatchObject({ ok: true, value: { action: 'launch' } });
    expect((await askAgent(agent, APPLY)).text).toContain('"edits"');
  });
});

describe('the choice of an agent', () => {
  it('is the API where it can be called, else the claude command', () => {
    const none = { ANTHROPIC_CONFIG_DIR: '/no/such/folder' };
    expect(defaultAgent(none)).toBe('claude');
    expect(defaultAgent({ ...none, ANTHROPIC_API_KEY: 'k' })).toBe('anthropic');
    expect(defaultAgent({ ...none, ANTHROPIC_PROFILE: 'work' })).toBe('anthropic');
  });

  it('is the API where a profile is on disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'autoresearch-profile-'));
    onTestFinished(() => removeFolder(folder));
    await mkdir(join(folder, 'configs'));
    await writeFile(join(folder, 'configs', 'work.json'), '{}');
    expect(defaultAgent({ ANTHROPIC_CONFIG_DIR: folder })).toBe('claude');
    await writeFile(join(folder, 'active_config'), 'work\n');
    expect(defaultAgent({ ANTHROPIC_CONFIG_DIR: folder })).toBe('anthropic');
  });

  it('keeps names, and makes a module’s path absolute', () => {
    expect(moduleInConfig('codex', '/home/me')).toBe('codex');
    expect(moduleInConfig('./my-agent.mjs', '/home/me')).toBe('/home/me/my-agent.mjs');
    expect(moduleInConfig('my-agent.mjs', '/home/me')).toBe('/home/me/my-agent.mjs');
  });

  it('is refused when the agent cannot work', async () => {
    expect(await agentProblem(agentConfig({ agent: 'gpt' }), {})).toMatch(
      /^one of anthropic, claude, codex, playbook, or/,
    );
    const env = { ANTHROPIC_CONFIG_DIR: '/no/such/folder' };
    expect(await agentProblem(agentConfig({ agent: 'anthropic' }), env)).toMatch(/ANTHROPIC_API_KEY/);
    for (const AUTORESEARCH_PLAYBOOK of [undefined, '', 'model', 'rules'])
      expect(await agentProblem(agentConfig({ agent: 'playbook' }), { ...env, AUTORESEARCH_PLAYBOOK })).toBeNull();
    expect(await agentProblem(agentConfig({ agent: 'playbook' }), { AUTORESEARCH_PLAYBOOK: 'rule' })).toBe(
      'AUTORESEARCH_PLAYBOOK must be model or rules, not "rule"',
    );
    await expect(async () => createAgent(agentConfig({ agent: 'gpt' }), HOOKS)).rejects.toThrow(/agent must be one of/);
  });

  it('says whose calls have no known cost', () => {
    expect(unknownCostReason(agentConfig({ agent: 'anthropic' }))).toBeNull();
    expect(unknownCostReason(agentConfig({ agent: 'claude', model: 'whatever' }))).toBeNull();
    expect(unknownCostReason(agentConfig({ agent: 'codex' }))).toMatch(/codex.*--model/);
    const price = { as_of: '2026-11-01', input: 1, output: 8, cache_read: 0.1, cache_write: 1 };
    const named = { agent: 'codex', model: 'gpt-next' };
    expect(unknownCostReason(agentConfig(named))).toMatch(/gpt-next.*prices/);
    expect(unknownCostReason(agentConfig({ ...named, prices: { 'gpt-next': price } }))).toBeNull();
    expect(unknownCostReason(agentConfig({ agent: 'anthropic', model: 'claude-next' }))).toMatch(/claude-next.*prices/);
  });
});
