/**
 * Questions to the API agent that are cut, refused and interrupted: no reply that arrived is asked for again, or booked
 * twice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Ask, makeAsk } from '../../../activities/agent-calls/ask.js';
import { paidCalls } from '../../../activities/agent-calls/paid-calls.js';
import { isProviderWait } from '../../../agents/agent-failure.js';
import { parseRewrite } from '../../../agents/parse-reply.js';
import { NOTHING_SPENT, type Spent } from '../../../domain/run/ledger.js';
import { packageFile } from '../../../host/package-files.js';
import { Workdir } from '../../../workdir/paths.js';
import { untilAgentsEnded } from '../../support/agents/agent-processes.js';
import { APPLY, agentConfig, failureOf } from '../../support/agents/agent-tasks.js';
import { knobsAnswer } from '../../support/agents/knobs-answers.js';
import { type Fault, MessagesServer } from '../../support/agents/messages-server.js';
import { removeFolder } from '../../support/remove-folder.js';

const ROOM = [16_000, 64_000];
const WAIT: Fault = { kind: 'status', status: 429, headers: { 'retry-after': '1' } };

async function serverWith(...faults: (Fault | null)[]) {
  return await MessagesServer.start({ answer: knobsAnswer(), fault: (call) => faults[call] ?? null });
}

async function newWorkdir(): Promise<Workdir> {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-calls-'));
  onTestFinished(() => removeFolder(root));
  return new Workdir(root);
}

const credentials = (server: MessagesServer) => ({ ANTHROPIC_API_KEY: 'sk-test', ANTHROPIC_BASE_URL: server.url });
const CONFIG = agentConfig({ agent: 'anthropic' });
/** The room that each request to the server asked for. */
const rooms = (server: MessagesServer) => server.calls.map(({ request }) => request.max_tokens);

const read = (text: string) => parseRewrite(text, 'train.py');
const question = { task: APPLY, read, failure: 'code_change_failed' } as const;

/** Asks as a try of one activity; the workdir is all that tries share. */
function asker(server: MessagesServer, workdir: Workdir) {
  for (const [name, value] of Object.entries(credentials(server))) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return async <T>(activityId: string, act: (ask: Ask) => Promise<T>): Promise<T> =>
    await new MockActivityEnvironment({ activityId }).run(
      async () => await act(makeAsk({ workdir, config: CONFIG, log: () => undefined })),
    );
}

async function expectBooked(ask: Ask, server: MessagesServer): Promise<void> {
  expect((await ask.spentOn(APPLY.key)).usd).toBeCloseTo(server.costUsd, 9);
}

describe('an answer that is cut or refused by the model', () => {
  it.each<[Fault['kind']]>([['truncated'], ['refusal']])(
    '%s: is booked and logged, and asked for once more',
    async (kind) => {
      await using server = await serverWith({ kind } as Fault);
      const workdir = await newWorkdir();
      await asker(server, workdir)('1', async (ask) => {
        const { spent } = await ask(question);
        expect(rooms(server)).toEqual(ROOM);
        expect(spent.usd).toBeCloseTo(server.costUsd, 9);
      });
      const logs = await readdir(workdir.logs);
      const raws = logs.filter((name) => name.endsWith('_raw.json'));
      const costs = await Promise.all(
        raws.map(async (name) => JSON.parse(await readFile(join(workdir.logs, name), 'utf8'))),
      );
      expect(costs.map(({ total_cost_usd }) => total_cost_usd).sort()).toEqual(
        server.calls.map(({ costUsd }) => costUsd).sort(),
      );
    },
  );

  it('goes on with the second request after a wait', async () => {
    await using server = await serverWith({ kind: 'truncated' }, WAIT);
    const inActivity = asker(server, await newWorkdir());
    await inActivity('1', async (ask) => {
      expect(isProviderWait(await failureOf(ask(question)))).toBe(true);
      await expectBooked(ask, server);
    });
    await inActivity('1', async (ask) => {
      await ask(question);
      expect(rooms(server)).toEqual([...ROOM, 64_000]);
      await expectBooked(ask, server);
    });
  });

  it('twice: a failure that stays one for its activity, and that another one asks about anew', async () => {
    await using server = await serverWith({ kind: 'truncated' }, { kind: 'refusal' });
    const inActivity = asker(server, await newWorkdir());
    for (const _ of ['as it happens', 'after an interruption']) {
      await inActivity('1', async (ask) => {
        const error = await failureOf(ask(question));
        expect(error).toMatchObject({ type: 'agent_failed', nonRetryable: true });
        expect((error as ApplicationFailure).message).toContain('max_tokens, then refusal');
        await expectBooked(ask, server);
      });
      expect(rooms(server)).toEqual(ROOM);
    }
    await inActivity('2', async (ask) => {
      await ask(question);
      expect(rooms(server)).toEqual([...ROOM, 16_000]);
      await expectBooked(ask, server);
    });
  });
});

describe('an answer that our rules refuse', () => {
  it('twice: a failure that stays one for its activity, and that another one asks about anew', async () => {
    await using server = await serverWith({ kind: 'garbage' }, { kind: 'garbage' });
    const inActivity = asker(server, await newWorkdir());
    for (const _ of ['as it happens', 'after an interruption']) {
      await inActivity('1', async (ask) => {
        expect(await failureOf(ask(question))).toMatchObject({ type: 'code_change_failed', nonRetryable: true });
        await expectBooked(ask, server);
      });
      expect(server.calls).toHaveLength(2);
    }
    await inActivity('2', async (ask) => {
      expect(read((await ask(question)).text).ok).toBe(true);
      expect(server.calls).toHaveLength(3);
      await expectBooked(ask, server);
    });
  });
});

describe('an agent that fails', () => {
  it('is given up after six failures, each of them booked', async () => {
    await using server = await serverWith(...Array<Fault>(6).fill({ kind: 'cut_midway' }));
    const inActivity = asker(server, await newWorkdir());
    for (let failures = 1; failures <= 7; failures += 1) {
      await inActivity('1', async (ask) => {
        expect(await failureOf(ask(question))).toMatchObject({ nonRetryable: failures >= 6 });
        await expectBooked(ask, server);
      });
      expect(server.calls).toHaveLength(Math.min(failures, 6));
    }
  });
});

/** Engines in processes of their own, one after the other on one workdir. */
class Engines implements AsyncDisposable {
  private readonly started: ChildProcess[] = [];
  private constructor(
    private readonly server: MessagesServer,
    private readonly workdir: Workdir,
    private readonly given: string,
  ) {}

  static async on(server: MessagesServer): Promise<Engines> {
    const workdir = await newWorkdir();
    const given = workdir.at('given.json');
    await writeFile(given, JSON.stringify({ config: CONFIG, task: APPLY }));
    return new Engines(server, workdir, given);
  }

  start(): ChildProcess {
    const program = packageFile('test', 'fixtures', 'agents', 'asking-engine.mjs');
    const child = spawn(process.execPath, [program, packageFile('.'), this.workdir.root, this.given], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...credentials(this.server) },
    });
    this.started.push(child);
    return child;
  }

  /** SIGKILL, and then no reply of theirs is on its way any more. */
  async kill(child: ChildProcess): Promise<void> {
    if (child.exitCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await untilAgentsEnded(this.workdir.root);
  }

  async answer(): Promise<{ text: string; spent: Spent }> {
    return JSON.parse(await textOf(this.start().stdout!)) as { text: string; spent: Spent };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.started) child.kill('SIGKILL');
  }
}

describe('an engine that was reset asks while its former run still does', () => {
  it('and takes the answer that comes, or asks itself where that was given up', async () => {
    await using server = await serverWith();
    for (const [name, value] of Object.entries(credentials(server))) vi.stubEnv(name, value);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    for (const isGivenUp of [false, true]) {
      const [before, former] = [server.calls.length, new MockActivityEnvironment({ activityId: '1' })];
      const ask = makeAsk({ workdir: await newWorkdir(), config: CONFIG, log: () => undefined });
      const first = former.run(async () => await ask(question)) as Promise<unknown>;
      const second = new MockActivityEnvironment({ activityId: '2' }).run(async () => await ask(question));
      if (isGivenUp) former.cancel();
      expect((await Promise.allSettled([first, second])).map(({ status }) => status)).toEqual([
        isGivenUp ? 'rejected' : 'fulfilled',
        'fulfilled',
      ]);
      expect(server.calls.length - before).toBe(1);
    }
  });
});

describe('after kill -9 of the engine', () => {
  it.each([0, 5, 20, 50, 150, 400])(
    '%i ms after the reply had left the server: it is not asked for again',
    async (laterMs) => {
      await using server = await serverWith();
      await using engines = await Engines.on(server);
      const first = engines.start();
      await server.untilSent(1);
      await sleep(laterMs);
      await engines.kill(first);
      const { text, spent } = await engines.answer();
      expect(read(text).ok).toBe(true);
      expect(server.calls).toHaveLength(1);
      expect(spent.usd).toBeCloseTo(server.costUsd, 9);
    },
  );

  it.each<[Fault['kind']]>([['truncated'], ['refusal']])(
    'a reply that was cut (%s) is booked, and only the second request is made',
    async (kind) => {
      await using server = await serverWith({ kind } as Fault);
      await using engines = await Engines.on(server);
      const first = engines.start();
      await server.untilSent(1);
      await engines.kill(first);
      const { text, spent } = await engines.answer();
      expect(read(text).ok).toBe(true);
      expect(rooms(server)).toEqual(ROOM);
      expect(spent.usd).toBeCloseTo(server.costUsd, 9);
    },
  );

  it('while the second request is under way: only that one is made again', async () => {
    await using server = await serverWith({ kind: 'truncated' }, { kind: 'slow' });
    await using engines = await Engines.on(server);
    const first = engines.start();
    await server.untilAsked(2);
    first.kill('SIGKILL');
    const { text, spent } = await engines.answer();
    expect(read(text).ok).toBe(true);
    expect(rooms(server)).toEqual([...ROOM, 64_000]);
    expect(spent.usd).toBeCloseTo(server.costUsd, 9);
  });

  it.each([1, 2])(
    'after reply %i of an answer that our rules refuse first: neither is asked for again',
    async (replies) => {
      await using server = await serverWith({ kind: 'garbage' });
      await using engines = await Engines.on(server);
      const first = engines.start();
      await server.untilSent(replies);
      await engines.kill(first);
      const { text, spent } = await engines.answer();
      expect(read(text).ok).toBe(true);
      expect(server.calls).toHaveLength(2);
      expect(spent.usd).toBeCloseTo(server.costUsd, 9);
    },
  );
});

describe('what the calls for an experiment have cost, asked by an engine that ends it', () => {
  it('is what is written down, and one call of unknown price while an answer is on its way', async () => {
    await using server = await serverWith({ kind: 'garbage' });
    const workdir = await newWorkdir();
    const nodeId = APPLY.nodeId!;
    expect((await paidCalls(workdir, nodeId)).apply).toEqual(NOTHING_SPENT);
    await asker(server, workdir)('1', (ask) => ask(question));
    const { apply, analyze } = await paidCalls(workdir, nodeId);
    expect(apply.usd).toBeCloseTo(server.costUsd, 9);
    expect({ apply: apply.unpriced, analyze }).toEqual({ apply: 0, analyze: NOTHING_SPENT });
    await writeFile(workdir.at('engine', 'calls', `analyze_${nodeId}.0.reply`), 'event: message_start');
    expect((await paidCalls(workdir, nodeId)).analyze).toEqual({ usd: 0, tokens: 0, unpriced: 1 });
  });
});
