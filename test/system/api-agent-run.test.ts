/**
 * Whole runs with the agent that calls the API, against a loopback server: what is booked is what the server charged.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFailureKind } from '../../domain/run/failure.js';
import { packageFile } from '../../host/package-files.js';
import { untilAgentsEnded } from '../support/agents/agent-processes.js';
import { exampleAnswer } from '../support/agents/example-answers.js';
import { knobsAnswer } from '../support/agents/knobs-answers.js';
import { type Fault, MessagesServer } from '../support/agents/messages-server.js';
import { bookedUsd } from '../support/booked-money.js';
import { beforeEnd, CommandRun, exitOf, killed } from '../support/command-run.js';

const KEY = 'sk-canary-5f1d';

const environment = (server: MessagesServer) => ({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server.url });

async function nodesOf(run: CommandRun) {
  return (await run.json('engine', 'tree.json')) as {
    node_id: string;
    status: string;
    failure: { kind: string } | null;
  }[];
}

async function spentUsd(run: CommandRun): Promise<number> {
  const { stdout } = await run.command('status', run.workdir, '--json');
  const { status } = JSON.parse(stdout) as { status: { budget: { kind: string; spent: number }[] } };
  return status.budget.find(({ kind }) => kind === 'usd')?.spent ?? 0;
}

/** Path of every file below the workdir that holds the text. */
async function filesWith(run: CommandRun, text: string): Promise<string[]> {
  const entries = await readdir(run.workdir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(paths.map(async (path) => ((await readFile(path)).includes(text) ? [path] : [])));
  return found.flat();
}

describe('a run with the API agent', () => {
  it('optimises the example, books what the server charged, and keeps the key to itself', async () => {
    await using server = await MessagesServer.start({ answer: exampleAnswer });
    const python = packageFile('.tools', 'venv', 'bin', 'python');
    await using run = await CommandRun.create({
      project: packageFile('examples', 'images'),
      env: environment(server),
      flags: [
        ...['--agent', 'anthropic', '--model', 'claude-sonnet-5-5', '--python', python, '--max-concurrency', '2'],
        ...['--base-launch-command', `${python} train.py`, '--max-iterations', '2'],
      ],
    });
    const { code, output } = await exitOf(run.start(...run.firstFlags()));
    expect(code, output).toBe(0);
    const nodes = ['000_baseline', '000_headspace', '001_mtp', '002_split_load', '003_batch_32', '004_load_8'];
    expect((await nodesOf(run)).map(({ node_id, status }) => `${node_id} ${status}`)).toEqual(
      nodes.map((nodeId) => `${nodeId} completed`),
    );
    expect(server.costUsd).toBeGreaterThan(0);
    expect(bookedUsd(await run.events())).toBeCloseTo(server.costUsd, 9);
    expect(server.calls.filter(({ request }) => request.model !== 'claude-sonnet-5-5')).toEqual([]);
    expect(server.calls.some(({ usage }) => (usage?.cache_read_input_tokens ?? 0) > 0)).toBe(true);
    expect(await readFile(join(run.workdir, 'final_report.md'), 'utf8')).toContain('Splitting fetch and decode');
    expect(await filesWith(run, KEY)).toEqual([]);
  }, 480_000);

  it('completes 15 experiments while every fifth reply is garbage, empty, cut or an error', async () => {
    const soon = { 'retry-after-ms': '100' };
    const faults: Fault[] = [
      { kind: 'status', status: 429, headers: soon },
      { kind: 'garbage' },
      { kind: 'status', status: 500, headers: soon },
      { kind: 'empty' },
      { kind: 'truncated' },
      { kind: 'cut_midway' },
      { kind: 'status', status: 529, headers: soon },
      { kind: 'refusal' },
      { kind: 'cut' },
      { kind: 'not_json' },
    ];
    await using server = await MessagesServer.start({
      answer: knobsAnswer(4),
      fault: (call) => (call % 5 === 2 ? faults[Math.floor(call / 5) % faults.length]! : null),
    });
    await using run = await CommandRun.create({
      jobSeconds: 0.3,
      env: environment(server),
      flags: ['--agent', 'anthropic', '--max-concurrency', '2', '--max-iterations', '3', '--patience', '3'],
    });
    const { code, output } = await exitOf(run.start(...run.firstFlags()));
    expect(code, output).toBe(0);
    const nodes = await nodesOf(run);
    expect(nodes).toHaveLength(15);
    for (const { node_id, status, failure } of nodes) {
      const isTyped = failure !== null && isFailureKind(failure.kind) && failure.kind !== 'unexpected_exception';
      expect(status === 'completed' || (status === 'failed' && isTyped), node_id).toBe(true);
    }
    const met = new Set(server.calls.map(({ fault }) => JSON.stringify(fault)).filter((fault) => fault !== 'null'));
    expect(met.size, 'kinds of faults that the run met').toBeGreaterThanOrEqual(8);
    expect(bookedUsd(await run.events())).toBeCloseTo(server.costUsd, 9);
  }, 480_000);

  it('asks for no reply twice that had left the server when it was killed', async () => {
    await using server = await MessagesServer.start({
      answer: knobsAnswer(),
      fault: (call) => ({ 1: { kind: 'truncated' } as const, 4: { kind: 'garbage' } as const })[call] ?? null,
    });
    await using run = await CommandRun.create({
      jobSeconds: 0.3,
      env: environment(server),
      flags: ['--agent', 'anthropic', '--max-concurrency', '2', '--max-iterations', '1'],
    });
    let flags = run.firstFlags();
    for (const replies of [1, 2, 5, 8]) {
      const engine = run.start(...flags);
      await beforeEnd(engine, server.untilSent(replies));
      await killed(engine);
      await untilAgentsEnded(run.workdir);
      flags = [];
    }
    const { code, output } = await exitOf(run.start());
    expect(code, output).toBe(0);
    expect((await nodesOf(run)).map(({ status }) => status)).toEqual(Array(5).fill('completed'));
    // The one that was truncated is asked for again with more room.
    const asked = server.calls.map(({ prompt, request }) => `${request.max_tokens} ${prompt}`);
    expect(new Set(asked).size).toBe(asked.length);
    expect(await spentUsd(run)).toBeCloseTo(server.costUsd, 9);
  }, 480_000);
});
