/** `diff` against a real repository, and `doctor` on this host. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openRunLog } from '../../activities/run-log.js';
import { openSourceControl } from '../../activities/source-control/open.js';
import type { Check } from '../../client/commands/doctor.js';
import { prepareRun } from '../../client/prepare-run.js';
import type { EngineEvent } from '../../domain/events.js';
import { syntheticRun } from '../support/run-events.js';
import { autoresearch, project } from './command-line.js';

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
    const { workdir, config } = await prepareRun(at.workdir, options);
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
    expect(checks.map(({ name }) => name)).toEqual(['node', 'git', 'temporal', 'python', 'agent']);
    for (const { state, advice } of checks) if (state === 'problem') expect(advice).not.toBe('');
    expect(code).toBe(checks.some(({ state }) => state === 'problem') ? 1 : 0);
    const text = await autoresearch('doctor');
    expect(text.out).toContain(`ok       node      Node ${process.versions.node}`);
  });

  it('names what a run lacks: the agent command, the engine, the interpreter', async () => {
    const at = await project();
    await prepareRun(at.workdir, {
      sourceDir: at.source,
      pipelineScript: at.script,
      baseLaunchCommand: 'python train.py',
      agentCommand: '/no/such/agent',
      python: '/no/such/python',
    });
    const { code, out } = await autoresearch('doctor', at.workdir, '--json');
    const checks = Object.fromEntries((JSON.parse(out) as Check[]).map((check) => [check.name, check]));
    expect(code).toBe(1);
    expect(checks.agent).toMatchObject({ state: 'problem', found: expect.stringContaining('/no/such/agent') });
    expect(checks.python).toMatchObject({ state: 'problem' });
    expect(checks.engine).toMatchObject({ state: 'note', found: 'not started' });
    expect(checks.server).toMatchObject({ state: 'note' });
    expect(checks.workdir).toMatchObject({ state: 'ok', found: expect.stringContaining(at.workdir) });
  });
});
