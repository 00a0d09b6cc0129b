import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type AgentsHost, makeCallAgent } from '../../../activities/agent-calls/call-agent.js';
import type { AgentCall } from '../../../domain/protocol/agent-calls.js';
import { removeFolder } from '../../support/remove-folder.js';

let folder: string;
let calls: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoresearch-agents-'));
  onTestFinished(() => removeFolder(folder));
  calls = join(folder, 'calls.txt');
});

const CALL: AgentCall & { mayHaveBegun: boolean } = {
  run: 'demo',
  call: 'plan_001.0',
  agent: 'claude',
  model: '',
  effort: '',
  phase: 'plan',
  nodeId: null,
  prompt: 'what next?',
  timeoutMs: 30_000,
  mayHaveBegun: false,
};

/** One execution of the workflow, as the server would tell of it. */
function asked(
  input: object,
  { script = '', workflowType = 'agentCallWorkflow', host = {} as Partial<AgentsHost> } = {},
) {
  const program = { command: '/bin/sh', flags: ['-c', `echo call >> ${calls}; ${script}`] };
  const callAgent = makeCallAgent({
    agent: 'claude',
    settings: { agent_command: '', claude_flags: [], codex_flags: [] },
    folder,
    log: () => undefined,
    program,
    ...host,
  });
  const workflowExecution = { workflowId: 'autoresearch/demo/calls/plan_001.0', runId: 'one' };
  return new MockActivityEnvironment({ workflowType, workflowExecution }).run(callAgent, { ...CALL, ...input });
}

describe("a call on the agents' host", () => {
  it('gives the prompt to the program, and what it printed back', async () => {
    expect(await asked({}, { script: 'cat; echo trouble >&2; exit 3' })).toEqual({
      is: 'ended',
      stdout: 'what next?',
      stderr: 'trouble\n',
      exitCode: 3,
      timedOut: false,
      interrupted: false,
    });
  });

  it('is not made again after its worker died: what it had printed is read', async () => {
    await asked({}, { script: 'printf answer' });
    expect(await asked({ mayHaveBegun: true })).toEqual({ is: 'left', stdout: 'answer' });
    expect(await readFile(calls, 'utf8')).toBe('call\n');
  });

  it('waits for a program that its killed worker left at work', async () => {
    // The first attempt is one of this process, which goes on; the second one is asked while the program works. It
    // works from when it has its prompt: its process is on record by then.
    const [begun, go] = [join(folder, 'begun'), join(folder, 'go')];
    const first = asked(
      {},
      { script: `cat > ${folder}/prompt; printf a; : > ${begun}; while [ ! -e ${go} ]; do sleep 0.05; done; printf b` },
    );
    while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = asked({ mayHaveBegun: true });
    await writeFile(go, '');
    expect(await second).toEqual({ is: 'left', stdout: 'ab' });
    expect(await first).toMatchObject({ is: 'ended', stdout: 'ab' });
    expect(await readFile(calls, 'utf8')).toBe('call\n');
  });

  it('is lost where another host had it, and is not made unasked', async () => {
    expect(await asked({ mayHaveBegun: true })).toMatchObject({ is: 'lost' });
    expect(existsSync(calls)).toBe(false);
  });

  it.each([
    ['another agent', { agent: 'codex' }, {}, /answers for claude, and the run asks codex/],
    ['a model that is a flag', { model: '--dangerously' }, {}, /model is not right/],
    ['an agent with a path', { agent: '/tmp/evil.mjs' }, {}, /agent is not right/],
    ['another workflow', {}, { workflowType: 'engineWorkflow' }, /asks for no call of an agent/],
    [
      'a program that is not there',
      {},
      { host: { program: { command: 'no-such-agent', flags: [] } } },
      /cannot be started/,
    ],
  ])('is refused: %s', async (_, input, how, reason) => {
    expect(await asked(input, how)).toEqual({ is: 'refused', reason: expect.stringMatching(reason) });
    expect(existsSync(calls)).toBe(false);
  });
});
