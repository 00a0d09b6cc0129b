/** The supervisor as a person meets it, over pipes: from nothing to a running engine, an answer, and back again. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { MessagesServer } from '../support/agents/messages-server.js';
import { CommandRun } from '../support/command-run.js';

const AGENT = ['--agent', 'claude', '--agent-command', packageFile('test', 'fixtures', 'agents', 'scripted-claude.py')];
const REST = ['--platform', 'local', '--calibration-runs', '0', '--confirm-runs', '0', '--verify-runs', '0'];

/** Types a line when what is expected has been printed. */
class Talk {
  private said = '';
  private at = 0;

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
  }

  /** What was said since the last call, up to the end of what is waited for. */
  async until(expected: RegExp): Promise<string> {
    for (;;) {
      const found = expected.exec(this.said.slice(this.at));
      if (found) {
        const end = this.at + found.index + found[0].length;
        const heard = this.said.slice(this.at, end);
        this.at = end;
        return heard;
      }
      if (this.child.exitCode !== null) throw new Error(`it ended before ${expected}: ${this.said.slice(this.at)}`);
      await sleep(20);
    }
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async answerTo(question: RegExp, line: string): Promise<void> {
    await this.until(question);
    this.type(line);
  }

  async ended(): Promise<number | null> {
    this.child.stdin?.end();
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

function supervise(run: CommandRun, ...flags: string[]): Talk {
  return new Talk(run.talk('supervise', ...flags));
}

async function begin(run: CommandRun, talk: Talk): Promise<void> {
  await talk.answerTo(/pipeline script: $/, join(run.source, 'nothing.py'));
  await talk.answerTo(/an existing Python script\npipeline script: $/, join(run.source, 'train.py'));
  await talk.answerTo(/source directory .* \[.*\]: $/, run.source);
  await talk.answerTo(/launch command .*: $/, 'python3 nothing.py');
  await talk.answerTo(/build command .* \[none\]: $/, '');
  await talk.answerTo(/try the launch command .*\? .* \[Y\/n\] $/, 'y');
  await talk.answerTo(/it failed \(exit code 2\):\n.*nothing\.py.*\nanother launch command .*: $/s, 'python3 train.py');
  await talk.answerTo(/try the launch command .* \[Y\/n\] $/, 'y');
  const shown = await talk.until(/start the engine in the background\? \[Y\/n\] $/);
  expect(shown).toContain("--base-launch-command 'python3 train.py'");
  talk.type('');
  await talk.until(/the engine works in the background \(process \d+/);
}

describe('supervise', () => {
  it('asks, tries, starts, tells of results, answers by rules, and comes back to an engine that went on', async () => {
    await using run = await CommandRun.create({ jobSeconds: 0.5 });
    const talk = supervise(run, run.workdir, ...AGENT, ...REST, '--supervisor', 'rules', '--max-iterations', '1');
    await begin(run, talk);
    await talk.until(/000_baseline: completed, /);
    talk.type('how is it going?');
    await talk.until(/It is running, /);
    talk.type('note: mind the disk');
    await talk.answerTo(/Tell the planner: text mind the disk; do it\? \[Y\/n\] $/, 'y');
    await talk.until(/note: mind the disk/);
    // So that the engine is still there, whatever the machine is busy with.
    talk.type('pause');
    await talk.answerTo(/Pause: do it\? \[Y\/n\] $/, 'y');
    await talk.until(/paused: no new job starts/);
    talk.type('quit');
    await talk.until(/come back with: autoresearch supervise /);
    expect(await talk.ended()).toBe(0);
    const back = supervise(run, run.workdir);
    await back.until(/the engine works on it \(process \d+/);
    await back.until(/"quit" leaves/);
    back.type('/go on');
    await back.answerTo(/Resume: do it\? \[Y\/n\] $/, 'y');
    await back.until(/stopped \(max_iterations\)/);
    back.type('/what would you do with more budget?');
    await back.until(/The run ended by max_iterations: .*"set max_iterations to 2"/);
    expect(await back.ended()).toBe(0);
  }, 180_000);

  it('answers with a model that looks for itself, and stops when it is told to', async () => {
    await using server = await MessagesServer.start({
      answer: (prompt, { messages }) => {
        const last = JSON.stringify(messages.at(-1));
        if (last.includes('tool_result')) return last.includes('draining') ? 'It drains now.' : 'The baseline runs.';
        const tool = prompt.includes('stop')
          ? { name: 'stop', input: { how: 'after_running' } }
          : { name: 'status', input: {} };
        return { text: 'One moment.', tool };
      },
    });
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-loopback' };
    await using run = await CommandRun.create({ jobSeconds: 1, env });
    const flags = [...AGENT, ...REST, '--supervisor', 'anthropic', '--supervisor-budget', '0.5'];
    const talk = supervise(run, run.workdir, ...flags);
    await begin(run, talk);
    await talk.until(/000_baseline: job \S+ runs/);
    talk.type('how is it going?');
    await talk.until(
      /One moment\.\n {2}\(looks at: status \{\}\)\nThe baseline runs\.\n {2}\[spent 0\.\d+ of 0\.5 US dollars\]/,
    );
    talk.type('stop after the running ones');
    await talk.answerTo(/Stop the run: after the running experiments have ended; do it\? \[Y\/n\] $/, 'y');
    await talk.until(/It drains now\./);
    await talk.until(/stopped \(user\)/);
    expect(await talk.ended()).toBe(0);
    expect(server.calls.every(({ apiKey }) => apiKey === 'sk-loopback')).toBe(true);
  }, 180_000);

  it('starts nothing for a person who leaves before', async () => {
    await using run = await CommandRun.create();
    const talk = supervise(run, run.workdir, ...AGENT);
    await talk.until(/pipeline script: $/);
    expect(await talk.ended()).toBe(130);
    expect((await run.command('status', run.workdir)).stderr).toContain('there is no run here');
  });
});
