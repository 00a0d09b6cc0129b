/** `diff` against a real repository, and `doctor` on this host. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DiskPart, partsOf } from '../../../client/doctor/disk-use.js';
import type { Check } from '../../../client/doctor/finding.js';
import { python, spdlFinding } from '../../../client/doctor/python-check.js';
import { prepareRun } from '../../../client/run/prepare-run.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { openSourceControl } from '../../../source/control/open.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticConfig, syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { autoresearch, project } from '../command-line.js';

describe('diff', () => {
  it.each([
    ['git', true],
    ['no repository', false],
  ])('shows what the best changes, against the base and against the user’s code (%s)', async (_, inGit) => {
    const at = await project();
    if (inGit) {
      const git = (...args: string[]) => execFileSync('git', args, { cwd: at.source });
      git('init', '--quiet');
      git('add', '--all');
      git('-c', 'user.name=t', '-c', 'user.email=t@t.invalid', 'commit', '--quiet', '--message', 'start');
    }
    const options = { sourceDir: at.source, pipelineScript: at.script, baseLaunchCommand: 'python train.py' };
    const { workdir, config } = await prepareRun(at.workdir, { ...options, agent: 'playbook' });
    const source = await openSourceControl({ workdir, config });
    const anchorCommit = await source.anchor();
    const edit = (name: string, parent: string, text: string) =>
      source.commitEdits(name, parent, new Map([['train.py', text]]), name);
    const baseCommit = await edit('base', anchorCommit, 'print("timed")\nprint("training")\n');
    const commit = await edit('001_mtp', baseCommit, 'print("timed")\nprint("training faster")\n');
    await openRunLog(workdir).append(eventsWith({ anchorCommit, baseCommit, mtp: commit }));

    const plain = await autoresearch('diff', at.workdir);
    expect(plain).toMatchObject({ code: 0, err: '' });
    expect(plain.out).toContain('-print("training")\n+print("training faster")\n');
    expect(plain.out).not.toContain('+print("timed")');
    const anchored = await autoresearch('diff', at.workdir, '001_mtp', '--anchor', '--json');
    expect(JSON.parse(anchored.out)).toMatchObject({ node_id: '001_mtp', from: anchorCommit, to: commit });
    expect(JSON.parse(anchored.out).diff).toContain('+print("timed")');
    const none = await autoresearch('diff', at.workdir, '000_baseline');
    expect(none.out).toMatch(/^# 000_baseline \(.*\) has the code of /);
    expect(await readFile(at.script, 'utf8')).toBe('print("training")\n');
  });
});

/** The seeds of a synthetic run, with commits that exist; 001_mtp is the best. */
function eventsWith(commits: { anchorCommit: string; baseCommit: string; mtp: string }): EngineEvent[] {
  const { anchorCommit, baseCommit, mtp } = commits;
  return syntheticRun({ followUps: 0 }).events.map((event) => {
    if (event.type === 'setup_completed') return { ...event, anchorCommit, baseCommit };
    if (event.type !== 'experiment_prepared') return event;
    return { ...event, commit: event.nodeId === '001_mtp' ? mtp : baseCommit };
  });
}

describe('doctor', () => {
  it('checks the host, and says what to do about each problem', async () => {
    const { code, out } = await autoresearch('doctor', '--json');
    const checks = JSON.parse(out) as Check[];
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'git',
      'temporal',
      'python',
      'agent',
      'ports',
      'GPUs',
      'clusters',
    ]);
    expect(checks.find(({ name }) => name === 'ports')).toMatchObject({ state: 'ok' });
    for (const { state, advice } of checks) if (state === 'problem') expect(advice).not.toBe('');
    expect(code).toBe(checks.some(({ state }) => state === 'problem') ? 1 : 0);
    const text = await autoresearch('doctor');
    expect(text.out).toContain(`ok       node      Node ${process.versions.node}`);
  });

  it.each([
    ['3.12.4', { version: '0.8.0', trouble: null }, 'ok', 'SPDL 0.8.0', ''],
    ['3.12.4', { version: null, trouble: 'PackageNotFoundError: spdl' }, 'problem', 'without SPDL', 'pip install spdl'],
    [
      '3.10.9',
      { version: null, trouble: 'PackageNotFoundError: spdl' },
      'problem',
      'without SPDL',
      'take Python 3.11 or newer',
    ],
    [
      '3.10.9',
      { version: '0.8.0', trouble: "ImportError: cannot import name 'Self' from 'typing'" },
      'problem',
      "SPDL 0.8.0 that does not import (ImportError: cannot import name 'Self' from 'typing')",
      'SPDL 0.8 does not import on Python 3.10: take Python 3.11 or newer',
    ],
    ['3.10.9', { version: '0.8.0', trouble: null }, 'ok', 'SPDL 0.8.0', ''],
    ['3.12.4', { version: '0.8.0', trouble: 'OSError: libfoo' }, 'problem', '(OSError: libfoo)', '--force-reinstall'],
  ])('of Python %s with %j: %s', (python, probe, state, found, advice) => {
    expect(spdlFinding('/py', python, probe)).toEqual({
      state,
      found: expect.stringContaining(found),
      advice: advice === '' ? '' : expect.stringContaining(advice),
    });
  });

  it('without a workdir tells of what this shell calls Python, as jobs would have it', async () => {
    const root = dirname((await project()).source);
    const fake =
      '#!/bin/sh\ncase "$2" in *version_info*) echo 3.12.1;; *spdl*) exit 1;; *) echo Python 3.12.1;; esac\n';
    await writeFile(join(root, 'python'), fake, { mode: 0o700 });
    vi.stubEnv('PATH', `${root}:${process.env.PATH}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await python(null)).toEqual({
      state: 'note',
      found: 'python, Python 3.12.1, without SPDL',
      advice: expect.stringMatching(/environment of your training.*--python.*python -m pip install spdl/),
    });
  });

  it.each([
    ['playbook', '', 'ok', 'playbook: needs no network'],
    ['anthropic', 'key', 'ok', 'anthropic: there are credentials'],
    ['anthropic', '', 'problem', 'anthropic: there is no ANTHROPIC_API_KEY'],
    ['/no/agent.mjs', '', 'problem', 'cannot be loaded'],
    ['./mine.mjs', '', 'ok', 'mine.mjs: the module loads'],
  ])('of agent %s with the key %j: %s', async (agent, key, state, found) => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 0 }));
    for (const [name, value] of [
      ['ANTHROPIC_API_KEY', key],
      ['ANTHROPIC_CONFIG_DIR', workdir.root],
      ['ANTHROPIC_AUTH_TOKEN', ''],
      ['ANTHROPIC_PROFILE', ''],
    ] as const)
      vi.stubEnv(name, value);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await writeFile(workdir.at('mine.mjs'), 'export default { name: "mine", answer: () => "" };\n');
    const name = agent === './mine.mjs' ? workdir.at('mine.mjs') : agent;
    await writeJsonAtomic(workdir.config, { ...syntheticConfig(), agent: name, python: '/no/such/python' });
    const { out } = await autoresearch('doctor', workdir.root, '--json');
    const check = (JSON.parse(out) as Check[]).find(({ name }) => name === 'agent');
    expect(check).toMatchObject({ state, found: expect.stringContaining(found) });
  });

  it('asks for no agent on this host where it is called on another', async () => {
    const { workdir } = await project();
    const elsewhere = { agent: 'claude', agent_command: '/no/such/agent', agent_queue: 'research' };
    await mkdir(workdir, { recursive: true });
    await writeJsonAtomic(join(workdir, 'config.json'), { ...syntheticConfig(), ...elsewhere });
    const { out } = await autoresearch('doctor', workdir, '--json');
    const check = (JSON.parse(out) as Check[]).find(({ name }) => name === 'agent');
    expect(check).toMatchObject({ state: 'ok', found: expect.stringContaining("the agents' queue research") });
  });

  it('takes an agent command that may be run and tells no version', async () => {
    const { workdir, folder } = await project();
    const command = join(folder, 'my-agent');
    await writeFile(command, '#!/bin/sh\nexit 2\n', { mode: 0o755 });
    await mkdir(workdir, { recursive: true });
    const own = { agent: 'claude', agent_command: command };
    await writeJsonAtomic(join(workdir, 'config.json'), { ...syntheticConfig(), ...own });
    const { out } = await autoresearch('doctor', workdir, '--json');
    const check = (JSON.parse(out) as Check[]).find(({ name }) => name === 'agent');
    expect(check).toMatchObject({ state: 'ok', found: `${command}: it may be run, and tells no version` });
  });

  it('names what a run lacks: the agent command, the engine, the interpreter', async () => {
    const at = await project();
    const { workdir, config } = await prepareRun(at.workdir, {
      sourceDir: at.source,
      pipelineScript: at.script,
      baseLaunchCommand: 'python train.py',
      agent: 'playbook',
    });
    // The command was there when the run began.
    const gone = { agent_command: '/no/such/agent', python: '/no/such/python', launch_environment: null };
    await writeJsonAtomic(workdir.config, { ...config, agent: 'claude', ...gone });
    const { code, out } = await autoresearch('doctor', at.workdir, '--json');
    const checks = Object.fromEntries((JSON.parse(out) as Check[]).map((check) => [check.name, check]));
    expect(code).toBe(1);
    expect(checks.agent).toMatchObject({ state: 'problem', found: expect.stringContaining('/no/such/agent') });
    const found = expect.stringContaining('"/no/such/python" is not a Python');
    expect(checks.python).toMatchObject({ state: 'problem', found });
    expect(checks.engine).toMatchObject({ state: 'note', found: 'not begun' });
    expect(checks.server).toMatchObject({ state: 'note' });
    expect(checks.disk).toMatchObject({ state: 'ok', found: expect.stringContaining(at.workdir) });
  });

  it('tells how much disk each part of a workdir takes', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 0 }));
    const size = 3_000_000;
    const files = ['trees/001_mtp/data.bin', 'local_jobs/j/stdout.log', 'engine/temporal.db', 'engine/temporal.db-wal'];
    for (const path of [...files, 'mine/notes.bin']) {
      await mkdir(dirname(workdir.at(path)), { recursive: true });
      await writeFile(workdir.at(path), randomBytes(size));
    }
    const parts = await partsOf(workdir);
    const about = (part: DiskPart) => Math.round((parts.get(part) ?? 0) / size);
    expect({ trees: about('trees'), jobs: about('jobs'), database: about('database') }).toEqual({
      trees: 1,
      jobs: 1,
      database: 2,
    });
    expect({ engine: about('engine'), other: about('other') }).toEqual({ engine: 0, other: 1 });
    const { out } = await autoresearch('doctor', workdir.root, '--json');
    const disk = (JSON.parse(out) as Check[]).find(({ name }) => name === 'disk');
    expect(disk?.found).toMatch(/15 MB used \(database 6 MB(, (trees|jobs|other) 3 MB){3}(, .*)?\), .* free/);
  });
});
