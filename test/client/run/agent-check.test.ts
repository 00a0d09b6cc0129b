/** An agent that cannot be asked is found before anything is done; a start that came to nothing locks nothing. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { prepareRun } from '../../../client/run/prepare-run.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { packageFile } from '../../../host/package-files.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { autoresearch, fingerprint, project } from '../command-line.js';

/** A Temporal server that nobody runs: what is not refused before fails here. */
const NOBODY = '127.0.0.1:9';

/** A shell with a Python and nothing else, and no credentials. */
async function bareShell(folder: string, env: Record<string, string> = {}): Promise<void> {
  onTestFinished(() => void vi.unstubAllEnvs());
  const bare = { PATH: join(folder, 'bin'), ANTHROPIC_API_KEY: '', ANTHROPIC_AUTH_TOKEN: '', ANTHROPIC_PROFILE: '' };
  await mkdir(join(folder, 'bin'), { recursive: true });
  const python = '#!/bin/sh\nexec /usr/bin/env PATH="$REAL_PATH" python3 "$@"\n';
  await writeFile(join(folder, 'bin', 'python3'), python, { mode: 0o755 });
  const all = {
    ...bare,
    ANTHROPIC_FEDERATION_RULE_ID: '',
    ANTHROPIC_CONFIG_DIR: folder,
    REAL_PATH: process.env.PATH ?? '',
    ...env,
  };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
}

/** An API that knows one key. */
async function api(known: string): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.headers['x-api-key'] === known ? 200 : 401;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an agent that cannot be asked', () => {
  it.each([
    ['the default', [], {}, /^error: --agent: "claude": there is no command claude on PATH; install it, /],
    ['codex', ['--agent', 'codex'], {}, /^error: --agent: "codex": there is no command codex on PATH; install it, /],
    [
      'a command by its name',
      ['--agent-command', 'my-claude'],
      {},
      /^error: --agent-command: "my-claude": there is no command my-claude on PATH; /,
    ],
    [
      'a command by its path',
      ['--agent-command', '/no/such/agent'],
      {},
      /^error: --agent-command: "\/no\/such\/agent": there is no such program; /,
    ],
    [
      'a file that is no program',
      ['--agent', 'codex', '--agent-command', packageFile('LICENSE')],
      {},
      /^error: --agent-command: ".*LICENSE": this is no program that you may run; /,
    ],
    ['no key', ['--agent', 'anthropic'], {}, /^error: --agent: "anthropic": there is no ANTHROPIC_API_KEY/],
    [
      'a key that is not valid',
      [],
      { ANTHROPIC_API_KEY: 'old' },
      /^error: --agent: "anthropic": the Messages API refuses the key \(status 401\); /,
    ],
  ])('%s: refused with what to do, and nothing is written', async (_, flags, env, says) => {
    const at = await project();
    const server = await api('valid');
    await bareShell(at.folder, { ANTHROPIC_BASE_URL: server, ...env });
    const before = await fingerprint(at.folder);
    for (const command of ['run', 'start']) {
      const said = await autoresearch(command, at.workdir, ...at.flags, ...flags);
      expect(said).toMatchObject({ code: 2, out: '' });
      expect(said.err).toMatch(says);
      expect(said.err).toContain('--agent playbook');
    }
    expect(await fingerprint(at.folder)).toEqual(before);
  });

  it.each([
    ['a key that is taken', { ANTHROPIC_API_KEY: 'valid' }],
    ['an API that nobody reaches now', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }],
  ])('is not %s', async (_, env) => {
    const at = await project();
    await bareShell(at.folder, { ANTHROPIC_BASE_URL: await api('valid'), ...env });
    const given = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python train.py' };
    expect((await prepareRun(at.workdir, given)).config.agent).toBe('anthropic');
  });

  it('is found when a run goes on, too, and by a worker that would serve it', async () => {
    const { at, command } = await begun((events) => events);
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('TEMPORAL_ADDRESS', NOBODY);
    await chmod(command, 0o600);
    const before = await fingerprint(at.folder);
    for (const serves of ['run', 'worker']) {
      const said = await autoresearch(serves, at.workdir);
      expect(said, serves).toMatchObject({ code: 2, out: '' });
      expect(said.err).toMatch(/config\.json: agent_command: ".*my-claude": this is no program that you may run; /);
    }
    expect(await fingerprint(at.folder)).toEqual(before);
  });
});

describe('a playbook whose search nobody knows', () => {
  it('is refused before a run begins, goes on, or is served by a worker: its jobs would end without an analysis', async () => {
    const at = await project();
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('AUTORESEARCH_PLAYBOOK', 'rule');
    const before = await fingerprint(at.folder);
    const says = /agent: "playbook": AUTORESEARCH_PLAYBOOK must be model or rules, not "rule"/;
    for (const command of ['run', 'start']) {
      const said = await autoresearch(command, at.workdir, ...at.flags, '--agent', 'playbook');
      expect(said).toMatchObject({ code: 2, out: '' });
      expect(said.err).toMatch(says);
    }
    expect(await fingerprint(at.folder)).toEqual(before);

    vi.stubEnv('AUTORESEARCH_PLAYBOOK', 'rules');
    const given = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python3 train.py' };
    const { workdir, config } = await prepareRun(at.workdir, { ...given, agent: 'playbook' });
    await openRunLog(workdir).append(syntheticRun({ followUps: 1, run: config.run_id }).events);
    vi.stubEnv('AUTORESEARCH_PLAYBOOK', 'rule');
    const written = await fingerprint(at.folder);
    vi.stubEnv('TEMPORAL_ADDRESS', NOBODY);
    for (const command of ['run', 'start', 'worker']) {
      const said = await autoresearch(command, at.workdir);
      expect(said, command).toMatchObject({ code: 2, out: '' });
      expect(said.err, command).toMatch(says);
    }
    expect(await fingerprint(at.folder)).toEqual(written);
  });
});

/** A run whose agent is a command of its own, and what its log tells. */
async function begun(told: (events: EngineEvent[]) => EngineEvent[]) {
  const at = await project();
  const command = join(at.folder, 'my-claude');
  await writeFile(command, '#!/bin/sh\n', { mode: 0o755 });
  const given = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python3 train.py' };
  const { workdir, config } = await prepareRun(at.workdir, { ...given, agent: 'claude', agentCommand: command });
  await openRunLog(workdir).append(told(syntheticRun({ followUps: 1, run: config.run_id }).events));
  return { at, command, config };
}

const beforeJobs = (events: EngineEvent[]) =>
  events.slice(
    0,
    events.findIndex(({ type }) => type === 'slot_granted'),
  );
const untilSetUpFailed = (events: EngineEvent[]) => events.slice(0, 1);
const nothing = () => [];

describe('a run without a single job', () => {
  const others = { agent: 'playbook', baseLaunchCommand: 'python3 other.py', skipInstrument: true, agentTimeout: '30' };
  const taken = {
    agent: 'playbook',
    base_launch_command: 'python3 other.py',
    skip_instrument: true,
    agent_timeout_s: 30,
  };

  it.each([
    ['that wrote nothing but its configuration', nothing],
    ['whose set-up failed', untilSetUpFailed],
    ['that was set up', beforeJobs],
  ])('%s takes another agent and other settings', async (_, told) => {
    const { at, config } = await begun(told);
    const { config: next, isNew } = await prepareRun(at.workdir, { ...others, maxIterations: '4' });
    expect(isNew).toBe(false);
    expect(next).toMatchObject({ ...taken, run_id: config.run_id, created_at: config.created_at });
    expect(next.stopping_criteria).toEqual({ max_iterations: 4, patience: 3 });
    expect((await prepareRun(at.workdir, {})).config).toEqual(next);
  });

  it('keeps the source from its first event on, and takes another before', async () => {
    const { at: set } = await begun(beforeJobs);
    const other = join(set.source, 'other.py');
    await writeFile(other, '');
    await expect(prepareRun(set.workdir, { pipelineScript: other })).rejects.toThrow(
      /--pipeline-script: .*: this run was started with/,
    );
    const { at: bare } = await begun(nothing);
    const mine = join(bare.source, 'mine.py');
    await writeFile(mine, '');
    expect((await prepareRun(bare.workdir, { pipelineScript: mine })).config.pipeline_script).toBe(mine);
    const absent = { pipelineScript: join(bare.source, 'none.py') };
    await expect(prepareRun(bare.workdir, absent)).rejects.toThrow(/--pipeline-script: .*an existing Python script/);
  });

  it('is none once a job was launched', async () => {
    const { at } = await begun((events) => events);
    for (const given of [{ agent: 'playbook' }, { baseLaunchCommand: 'python3 other.py' }, { agentTimeout: '30' }]) {
      await expect(prepareRun(at.workdir, given)).rejects.toThrow(/: this run was started with/);
    }
  });
});
