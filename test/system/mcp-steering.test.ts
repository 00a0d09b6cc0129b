/** A running engine, steered by a client of the Model Context Protocol through the server that the command is. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, it, onTestFinished } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { beforeEnd, CommandRun, exitOf } from '../support/command-run.js';

it('pauses a run, adds to it, reorders its queue and lets it end, each acknowledged by the engine', async () => {
  await using run = await CommandRun.create({ jobSeconds: 1 });
  const child = run.start(...run.firstFlags());
  const ended = exitOf(child);
  await beforeEnd(
    child,
    run.untilEvent(({ type }) => type === 'job_launched'),
  );
  const client = new Client({ name: 'test', version: '1' });
  onTestFinished(() => client.close());
  const args = [packageFile('dist', 'client', 'main.js'), 'mcp', run.workdir];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
  const call = async (name: string, input: Record<string, unknown> = {}) => {
    const { content, isError } = await client.callTool({ name, arguments: input });
    const text = (content as { text: string }[]).map((each) => each.text).join('');
    expect(isError ?? false, text).toBe(false);
    return text;
  };
  await call('pause');
  await run.untilEvent(({ type }) => type === 'paused');
  const mine = { name: 'mine', description: 'set concurrency 5, batch size 32', changes: ['concurrency=5'] };
  expect(await call('add', mine)).toMatch(/^\d{3}_mine: queued/);
  await call('prioritize', { node: 'mine', priority: -5000 });
  expect(await call('queue')).toMatch(/^1 +\d{3}_mine +-5000/m);
  expect(await call('status')).toContain('NOTE paused');
  await call('set_limits', { patience: 7 });
  await call('stop', { how: 'after_running' });
  const { code, output } = await ended;
  expect(code, output).toBe(0);
  const types = (await run.events()).map(({ type }) => type);
  expect(types).toEqual(
    expect.arrayContaining(['experiment_reprioritized', 'limits_set', 'stop_requested', 'stopped']),
  );
  expect(await run.json('config.json')).toMatchObject({ stopping_criteria: { patience: 7 } });
}, 120_000);
