/**
 * The real `claude` command against the loopback server: what it costs is what is booked, and its errors are
 * understood.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { isProviderWait, spentOf } from '../../agents/agent-failure.js';
import { createClaudeAgent } from '../../agents/claude-agent.js';
import { parseAnalysis, parsePlan, parseRewrite } from '../../agents/parse-reply.js';
import { commandAssistant } from '../../client/supervise/assistants/command-assistant.js';
import { Purse } from '../../client/supervise/assistants/purse.js';
import { openConversation } from '../../client/supervise/conversation.js';
import { packageFile } from '../../host/package-files.js';
import { openRunLog } from '../../workdir/event-log.js';
import { ANALYZE, APPLY, agentConfig, askAgent, failureOf, PLAN } from '../support/agents/agent-tasks.js';
import { exampleAnswer } from '../support/agents/example-answers.js';
import { knobsAnswer } from '../support/agents/knobs-answers.js';
import { type Fault, MessagesServer } from '../support/agents/messages-server.js';
import { bookedUsd } from '../support/booked-money.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';
import { agentOf, endsWhatKillLeft, exampleRun, type Started, temporary, within } from './real-command.js';

const CLAUDE = packageFile('.tools', 'claude', 'node_modules', '.bin', 'claude');

/** Its own home, no traffic but to the loopback server, and no repetitions of its own: they take minutes. */
async function environment(server: MessagesServer): Promise<Record<string, string>> {
  return {
    HOME: await temporary(),
    ANTHROPIC_BASE_URL: server.url,
    ANTHROPIC_API_KEY: 'sk-loopback',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    IS_SANDBOX: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
  };
}

async function claudeFor(server: MessagesServer) {
  within(await environment(server));
  const config = agentConfig({ agent_command: CLAUDE, agent_timeout_s: 60 });
  return agentOf('claude', (hooks) => createClaudeAgent(config, hooks));
}

const started = async (server: MessagesServer): Promise<Started> => ({
  env: await environment(server),
  flags: ['--agent', 'claude', '--agent-command', CLAUDE, '--max-concurrency', '1'],
});

describe('one call', () => {
  it('answers every kind of task, at the cost that the server counts', async () => {
    await using server = await MessagesServer.start({ answer: knobsAnswer() });
    const agent = await claudeFor(server);
    const answers = [await askAgent(agent, APPLY), await askAgent(agent, PLAN), await askAgent(agent, ANALYZE)];
    expect(parseRewrite(answers[0]!.text, 'train.py').ok).toBe(true);
    expect(parsePlan(answers[1]!.text).ok).toBe(true);
    expect(parseAnalysis(answers[2]!.text).ok).toBe(true);
    expect(answers.reduce((sum, { costUsd }) => sum + costUsd!, 0)).toBeCloseTo(server.costUsd, 9);
  });

  it.each<[Fault, object]>([
    [
      { kind: 'status', status: 401 },
      { nonRetryable: true, message: expect.stringMatching(/401/) },
    ],
    [
      { kind: 'status', status: 429 },
      { nonRetryable: false, nextRetryDelay: 60_000 },
    ],
    [
      { kind: 'status', status: 529 },
      { nonRetryable: false, nextRetryDelay: 30_000 },
    ],
    [{ kind: 'status', status: 500 }, { nonRetryable: false }],
    [{ kind: 'cut' }, { nonRetryable: false }],
    [{ kind: 'refusal' }, { nonRetryable: true }],
  ])('fails in a way that is understood: %j', async (fault, expected) => {
    await using server = await MessagesServer.start({ answer: knobsAnswer(), fault: () => fault });
    const error = await failureOf(askAgent(await claudeFor(server), APPLY));
    expect(error).toMatchObject({ type: 'agent_failed', ...expected });
    expect(isProviderWait(error)).toBe('nextRetryDelay' in expected);
    expect(spentOf(error)?.costUsd).toBeCloseTo(server.costUsd, 9);
  });
});

/** Else it looks tools up by words first, and the scripted model would have to do so as well. */
const ALL_TOOLS_AT_ONCE = { ENABLE_TOOL_SEARCH: 'false' };

describe('as the supervisor of a run', () => {
  /** Asks the command once, whose model wants that tool, and returns what it was told of it. */
  async function told(tool: string, allowed: string): Promise<string> {
    const run = syntheticRun({ followUps: 9, open: 3 });
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events);
    await using server = await MessagesServer.start({
      answer: (_, { messages, tools = [] }) => {
        const isTold = JSON.stringify(messages).includes('tool_result');
        const isOffered = tools.some((each) => 'name' in each && each.name === tool);
        return isTold || !isOffered ? 'So it is.' : { text: '', tool: { name: tool, input: {} } };
      },
    });
    const mcpServers = {
      autoresearch: {
        command: process.execPath,
        args: [packageFile('dist', 'client', 'main.js'), 'mcp', workdir.root],
      },
    };
    const flags = [
      '--print',
      '--strict-mcp-config',
      '--mcp-config',
      JSON.stringify({ mcpServers }),
      '--allowedTools',
      allowed,
    ];
    const { stdout } = await execa(CLAUDE, flags, {
      input: 'how is it going?',
      env: { ...(await environment(server)), ...ALL_TOOLS_AT_ONCE },
      cwd: workdir.root,
    });
    expect(stdout).toBe('So it is.');
    return server.calls
      .map(({ request }) => /"type":"tool_result".*/.exec(JSON.stringify(request.messages))?.[0] ?? '')
      .join('\n');
  }

  it('answers in a conversation with tools of ours and none of its own, at the cost that the server counts', async () => {
    const run = syntheticRun({ followUps: 9, open: 3 });
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events);
    await using server = await MessagesServer.start({
      answer: (prompt) =>
        prompt.includes('Answer of status')
          ? 'It goes well.'
          : 'I look.\n```json\n{"tool": "status", "input": {}}\n```',
    });
    within(await environment(server));
    const output = new PassThrough();
    const conversation = openConversation({ input: new PassThrough(), output });
    const purse = new Purse(1);
    const model = { kind: 'claude', command: CLAUDE, model: '', timeoutMs: 60_000 } as const;
    await commandAssistant({ workdir: workdir.root, conversation }, purse, model).answer('how is it going?');
    const said = String(output.read());
    expect(said).toMatch(
      /^I look\.\n {2}\(looks at: status \{\}\)\nIt goes well\.\n {2}\[spent 0\.\d+ of 1 US dollars\]\n$/,
    );
    expect(server.calls.flatMap(({ request }) => request.tools ?? [])).toEqual([]);
    expect(purse.refusal(1 - server.costUsd + 1e-9)).not.toBeNull();
    expect(purse.refusal(1 - server.costUsd - 1e-9)).toBeNull();
  });

  it('reads the run through the MCP server', async () => {
    expect(await told('mcp__autoresearch__status', 'mcp__autoresearch__status')).toContain(
      'no engine works on the run',
    );
  });

  it('does not get to change it where its person has not agreed', async () => {
    expect(await told('mcp__autoresearch__pause', 'mcp__autoresearch__status')).toMatch(/permission/i);
  });
});

describe('a whole run', () => {
  it('of the example books what the command says that it cost, which is what the server counts', async () => {
    await using server = await MessagesServer.start({ answer: exampleAnswer });
    const { statuses, read } = await exampleRun(await started(server), async (run) => {
      const logs = join(run.workdir, 'logs');
      const raws = (await readdir(logs)).filter((name) => name.endsWith('_raw.json'));
      const replies = raws.map(async (name) => JSON.parse(await readFile(join(logs, name), 'utf8')));
      return { replies: await Promise.all(replies), events: await run.events() };
    });
    expect(statuses).toEqual(Array(6).fill('completed'));
    const { replies, events } = read;
    const ownCount = replies.reduce((sum: number, { raw }) => sum + raw.total_cost_usd, 0);
    expect(ownCount).toBeGreaterThan(0);
    expect(bookedUsd(events)).toBeCloseTo(ownCount, 9);
    expect(ownCount).toBeCloseTo(server.costUsd, 9);
  }, 300_000);

  it('leaves no command behind after kill -9 of the engine', async () => {
    let isSilent = true;
    await using server = await MessagesServer.start({
      answer: knobsAnswer(),
      fault: () => (isSilent ? { kind: 'slow' } : null),
    });
    await endsWhatKillLeft(await started(server), server.calls, () => {
      isSilent = false;
    });
  }, 300_000);
});
