/** The assistants on the workdir of a recorded run: what is asked of a model, what it may do, and what that costs. */
import { chmod, writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { anthropicAssistant } from '../../../client/supervise/assistants/anthropic-assistant.js';
import { commandAssistant } from '../../../client/supervise/assistants/command-assistant.js';
import { Purse } from '../../../client/supervise/assistants/purse.js';
import { rulesAssistant } from '../../../client/supervise/assistants/rules-assistant.js';
import { openConversation } from '../../../client/supervise/conversation.js';
import type { Desk } from '../../../client/supervise/desk.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { type MessagesScript, MessagesServer } from '../../support/agents/messages-server.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

async function desk(typed = '') {
  const run = syntheticRun({ followUps: 9, open: 3, failuresOfTen: 4 });
  const { workdir } = await syntheticWorkdir(run);
  await openRunLog(workdir).append(run.events);
  const [input, output] = [new PassThrough(), new PassThrough()];
  let written = '';
  output.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const conversation = openConversation({ input, output });
  input.write(typed);
  const made: Desk = { workdir: workdir.root, conversation };
  return { desk: made, workdir, said: () => written };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('by rules', () => {
  it.each<[string, RegExp]>([
    ['how is it going?', /It is running, but no engine serves it, .* the best is 001_mtp 361.3 samples\/s: \+8%/],
    ['why did 004 fail?', /^004_\S+ failed \(build_failed\): RuntimeError.*\nWhat to do: Read logs/ms],
    ['why did 003 fail?', /^003_\S+ did not fail: it is completed and measured .* vs the baseline/m],
    ['why did it fail', /^\d{3}_\S+ failed \(/m],
    [
      'what would you do with more budget?',
      /Perfect data loading .*\nFirst the \d queued: .*\nThen what was never tried|patience/,
    ],
    ['queue', /node +priority +status/],
    ['show 099', /099.*no experiment of this run/],
    ['remove 007', /^node: .*007.*\n$/],
    ['stop', /^workdir: .*no engine works on it/],
    ['try batch size -5', /^batch size -5: a number above 0/],
    ['why did 000 fail', /^000_\S+ did not fail|one of 000_baseline, 000_headspace/m],
    ['colourless green ideas', /I did not understand that/],
  ])('answers %s', async (line, expected) => {
    const { desk: at, said } = await desk();
    expect(await rulesAssistant(at).answer(line)).toBe('stay');
    expect(said()).toMatch(expected);
  });

  it('changes nothing without a yes, and with one only that', async () => {
    const { desk: no, said: saidNo } = await desk('n\n');
    await rulesAssistant(no).answer('tell the planner that the disk is slow');
    expect(saidNo()).toMatch(/n\nnothing was changed\n$/);
    const { desk: yes, said } = await desk('y\n');
    await rulesAssistant(yes).answer('tell the planner that the disk is slow');
    expect(said()).toMatch(
      /Tell the planner: text the disk is slow; do it\? \[Y\/n\] y\nkept, as no engine works on it now/,
    );
    expect(await rulesAssistant(yes).answer('quit')).toBe('leave');
  });
});

describe('by the Messages API', () => {
  async function asked(script: MessagesScript, { typed = '', limit = 1 as number | null } = {}) {
    const server = await MessagesServer.start(script);
    vi.stubEnv('ANTHROPIC_BASE_URL', server.url);
    vi.stubEnv('ANTHROPIC_API_KEY', 'sk-loopback');
    const place = await desk(typed);
    const purse = new Purse(limit);
    return { ...place, server, purse, assistant: anthropicAssistant(place.desk, purse, { model: '', prices: {} }) };
  }

  it('looks by its tools, streams what it says, and shows what it cost, which is what the server counts', async () => {
    const { assistant, server, said, purse } = await asked({
      answer: (_, { messages }) =>
        messages.length === 1
          ? { text: 'Let me look.', tool: { name: 'experiment', input: { node: '004' } } }
          : 'It failed in its build.',
    });
    await using _ = server;
    await assistant.answer('why did 004 fail?');
    expect(said()).toMatch(
      /^Let me look\.\n {2}\(looks at: experiment \{"node":"004"\}\)\nIt failed in its build\.\n {2}\[spent 0\.0\d+ of 1 US dollars\]\n$/,
    );
    const [first, second] = server.calls;
    expect(first!.request.stream).toBe(true);
    expect(JSON.stringify(second!.request.messages.at(-1))).toContain('build_failed: RuntimeError');
    expect(purse.spentText()).toBe(
      new Purse(1).spentText().replace(/^0/, String(Number(server.costUsd.toPrecision(4)))),
    );
    await assistant.answer('thanks');
    expect(server.calls.at(-1)!.request.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
  });

  it('changes nothing that the person does not agree to, whatever the model asks for', async () => {
    const script: MessagesScript = {
      answer: (_, { messages }) =>
        messages.length === 1 ? { text: '', tool: { name: 'note', input: { text: 'use threads' } } } : 'Done.',
    };
    const no = await asked(script, { typed: 'n\n' });
    await using _ = no.server;
    await no.assistant.answer('what do you think?');
    expect(JSON.stringify(no.server.calls[1]!.request.messages.at(-1))).toMatch(/"is_error":true.*|the person said no/);
    expect(no.said()).toContain('Tell the planner: text use threads; do it? [Y/n] n');
    const yes = await asked(script, { typed: 'y\n' });
    await using __ = yes.server;
    await yes.assistant.answer('tell it to use threads');
    expect(yes.said()).toContain('kept, as no engine works on it now');
  });

  it('makes no call that may cost more than is left, and tells what came of one that failed', async () => {
    const poor = await asked({ answer: () => 'Hello.' }, { limit: 0.001 });
    await using _ = poor.server;
    await poor.assistant.answer('hello');
    expect(poor.said()).toMatch(
      /no answer: this call may cost 0\.\d+ US dollars, and 0\.001 of the supervisor's 0\.001 are left/,
    );
    expect(poor.server.calls).toEqual([]);
    const refused = await asked({
      answer: () => '',
      fault: () => ({ kind: 'status', status: 401, message: 'no such key' }),
    });
    await using __ = refused.server;
    await refused.assistant.answer('hello');
    expect(refused.said()).toMatch(/no answer: 401 .*no such key/);
  });

  it('goes round no circle for ever', async () => {
    const { assistant, server, said } = await asked({
      answer: () => ({ text: '', tool: { name: 'queue', input: {} } }),
    });
    await using _ = server;
    await assistant.answer('what is next?');
    expect(server.calls).toHaveLength(16);
    expect(said()).toContain('[spent ');
  });
});

describe('by a command', () => {
  async function scripted(kind: 'claude' | 'codex', body: string, typed = '') {
    const place = await desk(typed);
    const command = place.workdir.at('model.py');
    await writeFile(command, `#!/usr/bin/env python3\nimport json, os, sys\nprompt = sys.stdin.read()\n${body}`);
    await chmod(command, 0o755);
    const purse = new Purse(1);
    const assistant = commandAssistant(place.desk, purse, { kind, command, model: '', timeoutMs: 30_000 });
    return { ...place, purse, assistant };
  }
  const CLAUDE = `
text = 'It failed in its build.' if 'Answer of experiment' in prompt else 'Let me look.\\n\`\`\`json\\n{"tool": "experiment", "input": {"node": "004"}}\\n\`\`\`'
assert '--tools' in sys.argv and os.listdir('.') == ['answer'] and 'build_failed: RuntimeError' in prompt or 'Let me look' not in prompt
print(json.dumps({"result": text, "is_error": False, "total_cost_usd": 0.25, "usage": {}}))
`;

  it('answers as with a model of the API, at what the command says that it cost', async () => {
    const { assistant, said } = await scripted('claude', CLAUDE);
    await assistant.answer('why did 004 fail?');
    expect(said()).toBe(
      'Let me look.\n  (looks at: experiment {"node":"004"})\nIt failed in its build.\n  [spent 0.5 of 1 US dollars]\n',
    );
  });

  it('asks before a change, and knows that codex tells no price', async () => {
    const body = `text = 'Very well.' if 'Answer of note' in prompt else '\`\`\`json\\n{"tool": "note", "input": {"text": "use threads"}}\\n\`\`\`'
assert 'sandbox_mode="read-only"' in sys.argv
print(json.dumps({"type": "item.completed", "item": {"type": "agent_message", "text": text}}))
print(json.dumps({"type": "turn.completed", "usage": {"input_tokens": 9, "output_tokens": 2}}))
`;
    const { assistant, said } = await scripted('codex', body, 'y\n');
    await assistant.answer('tell it to use threads');
    expect(said()).toMatch(
      /do it\? \[Y\/n\] y\n {2}kept, .*\nVery well\.\n {2}\[spent 0 of 1 US dollars, and 2 calls of unknown price\]/,
    );
  });

  it('tells how it failed', async () => {
    const { assistant, said } = await scripted('codex', 'sys.stderr.write("not logged in")\nsys.exit(4)\n');
    await assistant.answer('hello');
    expect(said()).toMatch(/no answer: \S+model\.py failed \(exit code 4\): not logged in/);
  });
});
