/** The MCP server as a process of its own, with the SDK's client on the other end, on the workdir of a recorded run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageFile } from '../../../host/package-files.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

const MAIN = packageFile('dist', 'client', 'main.js');

async function served() {
  const run = syntheticRun({ followUps: 9, open: 3, failuresOfTen: 4 });
  const { workdir } = await syntheticWorkdir(run);
  await openRunLog(workdir).append(run.events);
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, 'mcp', workdir.root],
    stderr: 'pipe',
  });
  // A line on standard output that is no message is an error of the transport.
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  await client.connect(transport);
  onTestFinished(() => client.close());
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { content, isError = false } = await client.callTool({ name, arguments: args });
    return { text: (content as { text: string }[]).map(({ text }) => text).join(''), isError };
  };
  return { client, call, workdir, errors };
}

describe('autoresearch mcp', () => {
  it('lists every tool with its schema, and says of each whether it changes anything', async () => {
    const { client } = await served();
    const { tools } = await client.listTools();
    const reading = tools.filter(({ annotations }) => annotations?.readOnlyHint).map(({ name }) => name);
    expect(reading).toEqual([
      'status',
      'summary',
      'experiment',
      'tree',
      'queue',
      'waiting',
      'diff',
      'list_files',
      'read_file',
    ]);
    const changing = tools.filter(({ annotations }) => annotations?.destructiveHint).map(({ name }) => name);
    expect(changing).toEqual([
      ...[
        'add',
        'prioritize',
        'remove',
        'cancel',
        'set_limits',
        'note',
        'approve',
        'refuse',
        'set_approval',
        'pause',
        'resume',
        'stop',
        'report',
      ],
    ]);
    expect(tools.find(({ name }) => name === 'prioritize')!.inputSchema).toMatchObject({
      required: ['node', 'priority'],
      properties: { priority: { type: 'number' } },
    });
    expect(client.getInstructions()).toContain('ask the person before each');
  });

  it('answers from the workdir alone', async () => {
    const { call, workdir, errors } = await served();
    expect((await call('status')).text).toContain('no engine works on the run');
    expect((await call('summary')).text).toContain('# Run r1');
    expect((await call('tree')).text).toMatch(/^000_baseline \| completed \| 334.5 samples\/s \| -\n {2}\d{3}_/m);
    expect((await call('queue')).text).toContain('planned');
    const failed = await call('experiment', { node: '004' });
    expect(failed.text).toMatch(
      /^004_\S+ \(planned\): failed\n.*\nfailure: build_failed: RuntimeError.*\n.*\nto do: Read /ms,
    );
    expect((await call('read_file', { where: 'workdir', path: 'engine/events.jsonl' })).text).toContain(
      '"run_started"',
    );
    expect((await call('list_files', { where: 'workdir' })).text).toContain('engine/');
    expect(workdir.root).not.toBe('');
    expect(errors).toEqual([]);
  });

  it('says what is wrong with a request, and of a run that nobody serves that nothing was changed', async () => {
    const { call } = await served();
    expect(await call('experiment', { node: '0' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('one of'),
    });
    expect(await call('read_file', { where: 'source', path: '../x' })).toMatchObject({ isError: true });
    expect(await call('prioritize', { node: '004' })).toMatchObject({ isError: true });
    expect(await call('pause')).toMatchObject({
      isError: true,
      text: expect.stringContaining('no engine works on it'),
    });
    const kept = await call('note', { text: 'mind the disk' });
    expect(kept).toMatchObject({ isError: false, text: expect.stringContaining('kept, as no engine works on it now') });
    expect((await call('set_limits', { patience: 5 })).isError).toBe(false);
  });

  it('ends with its client, and refuses a workdir without a run', async () => {
    const { workdir } = await served();
    const child = spawn(process.execPath, [MAIN, 'mcp', workdir.root], { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    child.stdin.end();
    expect((await ended)[0]).toBe(0);
    const refused = spawn(process.execPath, [MAIN, 'mcp', `${workdir.root}/nothing`], { stdio: 'ignore' });
    expect((await once(refused, 'exit'))[0]).toBe(2);
  });
});
