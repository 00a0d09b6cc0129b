/** What becomes of errors that activities throw: what passes is tried again, and only work that fails is a failure. */
import { mkdtemp, readFile, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { guarded } from '../../../activities/guard/guarded.js';
import type { Activities } from '../../../domain/protocol/activities.js';
import { raise } from '../../../domain/protocol/thrown-failure.js';
import { engineWorkflowId } from '../../../domain/run/naming.js';
import { Workdir } from '../../../workdir/paths.js';
import type { RunContext } from '../../../workdir/run-context.js';
import { removeFolder } from '../../support/remove-folder.js';
import { syntheticConfig } from '../../support/run-events.js';

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return { ...real, statfs: vi.fn(real.statfs) };
});

const RUN = 'guarded';
const PATIENCE = { timeout: 30_000 };
const INPUT = { run: RUN, nodeId: 'n1', experiment: { nodeId: 'n1' } };

/** Tries an activity as the server does: another attempt number each time. */
async function guardOf(name: keyof Activities, act: () => Promise<unknown>) {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-guarded-'));
  onTestFinished(() => removeFolder(root));
  const context: RunContext = { workdir: new Workdir(root), config: syntheticConfig(RUN), log: () => undefined };
  const activities = guarded({ [name]: act } as unknown as Activities, context);
  const attemptAt = async (attempt: number, isLocal = false, startToCloseTimeoutMs = 60_000): Promise<unknown> => {
    const info = {
      attempt,
      startToCloseTimeoutMs,
      isLocal,
      activityId: '7',
      workflowType: 'engineWorkflow',
      workflowExecution: { workflowId: engineWorkflowId(RUN), runId: 'r' },
    };
    try {
      return await new MockActivityEnvironment(info).run(
        activities[name] as (input: unknown) => Promise<unknown>,
        INPUT,
      );
    } catch (error) {
      return error;
    }
  };
  return Object.assign(attemptAt, { root });
}

function failing(code: string): Error {
  return Object.assign(new Error(`${code}: something`), { code });
}

const isFinal = (error: unknown) => error instanceof ApplicationFailure && error.nonRetryable === true;

describe('an error that nobody expected', () => {
  it('is tried again however many attempts there were, and is a failure when it came four times', async () => {
    const attempt = await guardOf('applyPatch', async () => {
      throw failing('EMFILE');
    });
    for (const number of [40, 41, 42]) expect(isFinal(await attempt(number)), `attempt ${number}`).toBe(false);
    expect(await attempt(43)).toMatchObject({ type: 'unexpected_exception', nonRetryable: true });
  });

  it('never ends the watch of a job, which is asked more seldom meanwhile', async () => {
    const attempt = await guardOf('pollMetrics', async () => {
      throw failing('EIO');
    });
    // One after the other, as a server tries: the pauses follow from their order.
    const errors: unknown[] = [];
    for (let number = 1; number <= 12; number += 1) errors.push(await attempt(number));
    expect(errors.filter(isFinal)).toEqual([]);
    const delays = errors.map((error) => Number((error as ApplicationFailure).nextRetryDelay));
    expect(delays.slice(0, 3)).toEqual([1000, 2000, 4000]);
    expect(delays.at(-1)).toBe(60_000);
  });

  it('counts from the beginning after windows in which all went well', async () => {
    let errors = 0;
    const attempt = await guardOf('launchJob', async () => {
      errors += 1;
      if (errors % 3 !== 0) throw failing('EIO');
      return 'launched';
    });
    for (const number of [1, 2, 4, 5, 7, 8]) {
      expect(isFinal(await attempt(number))).toBe(false);
      if (number % 3 === 2) expect(await attempt(number + 1)).toBe('launched');
    }
  });
});

describe('a scheduler that does not take a job now', () => {
  it('is asked again without end, at pauses that grow to minutes', async () => {
    const attempt = await guardOf('launchJob', async () => {
      throw Object.assign(new Error('Unable to contact slurm controller'), { name: 'SchedulerBusy' });
    });
    const errors = await Promise.all(Array.from({ length: 60 }, (_, index) => attempt(index + 1)));
    expect(errors.filter(isFinal)).toEqual([]);
    const delays = errors.map((error) => Number((error as ApplicationFailure).nextRetryDelay));
    for (const [index, longest] of [4000, 8000, 16_000].entries()) {
      expect(delays[index]).toBeGreaterThanOrEqual(longest / 2);
      expect(delays[index]).toBeLessThanOrEqual(longest);
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(300_000);
    expect(Math.min(...delays.slice(10))).toBeGreaterThanOrEqual(150_000);
    // Those that were refused together come back one by one.
    expect(new Set(delays.slice(10)).size).toBeGreaterThan(10);
    expect(errors[0]).toMatchObject({ type: 'scheduler_busy', message: expect.stringContaining('slurm controller') });
  });
});

describe('a full disk', () => {
  it.each([
    ['an error of our own', () => failing('ENOSPC')],
    ['a quota', () => failing('EDQUOT')],
    [
      'what git says',
      () => new Error('git write-tree failed (128): error: unable to write file: No space left on device'),
    ],
    ['a cause', () => new Error('the answer could not be kept', { cause: failing('ENOSPC') })],
  ])('is waited for without end: %s', async (_, error) => {
    const attempt = await guardOf('analyze', async () => {
      throw error();
    });
    for (let number = 1; number <= 10; number++) {
      const thrown = await attempt(number);
      expect(thrown).toMatchObject({ type: 'disk_full', nextRetryDelay: 10_000 });
      expect(isFinal(thrown)).toBe(false);
    }
    // Inside a workflow task the policy's own pause holds.
    expect(await attempt(1, true)).toMatchObject({ type: 'disk_full', nextRetryDelay: undefined });
  });

  it('keeps work from beginning, a paid call above all, and lets exports and watches through', async () => {
    const real = await statfs(tmpdir());
    vi.mocked(statfs).mockResolvedValue({ ...real, blocks: 1000, bsize: 4096, bavail: 100 } as never);
    onTestFinished(() => void vi.mocked(statfs).mockReset());
    const called: string[] = [];
    const names = [
      'setup',
      'instrument',
      'applyPatch',
      'buildImage',
      'launchJob',
      'analyze',
      'plan',
      'report',
    ] as const;
    for (const name of [...names, 'exportWorkdir', 'pollMetrics', 'releaseTree', 'cancelJob'] as const) {
      const attempt = await guardOf(name, async () => called.push(name));
      await attempt(1);
    }
    expect(called).toEqual(['exportWorkdir', 'pollMetrics', 'releaseTree', 'cancelJob']);
  });

  it('explains a failure that says nothing of it, also when there is room again', async () => {
    const real = await statfs(tmpdir());
    onTestFinished(() => void vi.mocked(statfs).mockReset());
    const full = { ...real, blocks: 1000, bsize: 4096, bavail: 0 } as never;
    const said = 'git read-tree failed (128): error: unable to write file train.py';
    const attempt = await guardOf('setup', async () => {
      const looks = vi.mocked(statfs).mockResolvedValue(full).mock.calls.length;
      await vi.waitUntil(() => vi.mocked(statfs).mock.calls.length > looks, PATIENCE);
      vi.mocked(statfs).mockReset();
      raise('setup_source_failed', said);
    });
    expect(await attempt(1)).toMatchObject({ type: 'disk_full' });
    // What needs no room fails for its own reasons.
    const other = await guardOf('acceptExperiment', async () => {
      vi.mocked(statfs).mockResolvedValue(full);
      raise('setup_source_failed', said);
    });
    expect(await other(1)).toMatchObject({ type: 'setup_source_failed' });
  });

  it('is told apart from work that failed and names one of its own', async () => {
    const build = async () => raise('build_failed', 'docker: write /layer: no space left on device');
    const attempt = await guardOf('buildImage', build);
    expect(await attempt(1)).toMatchObject({ type: 'build_failed', nonRetryable: true });
  });
});

it('writes what it met into the log of the run', async () => {
  const lines: string[] = [];
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-guarded-'));
  onTestFinished(() => removeFolder(root));
  const log = (message: string) => void lines.push(message);
  const act = async () => await writeFile(join(root, 'no', 'such', 'folder'), '');
  const activities = guarded({ plan: act } as unknown as Activities, {
    workdir: new Workdir(root),
    config: syntheticConfig(RUN),
    log,
  });
  const info = {
    attempt: 9,
    workflowType: 'engineWorkflow',
    workflowExecution: { workflowId: engineWorkflowId(RUN), runId: 'r' },
  };
  await expect(new MockActivityEnvironment(info).run(activities.plan as never, INPUT as never)).rejects.toThrow(
    'ENOENT',
  );
  expect(lines).toEqual(['plan failed (error 1, attempt 9)']);
});

describe('an activity of a worker that has the workdir no more', () => {
  async function leaving(isLocal: boolean, served: () => boolean) {
    const root = await mkdtemp(join(tmpdir(), 'autoresearch-guarded-'));
    onTestFinished(() => removeFolder(root));
    const act = vi.fn(async () => undefined);
    const activities = guarded({ exportWorkdir: act } as unknown as Activities, {
      workdir: new Workdir(root),
      config: syntheticConfig(RUN),
      log: () => undefined,
      isServedHere: async () => served(),
    });
    const workflowExecution = { workflowId: engineWorkflowId(RUN), runId: 'r' };
    const environment = new MockActivityEnvironment({ isLocal, workflowType: 'engineWorkflow', workflowExecution });
    const asked = environment.run(activities.exportWorkdir as never, INPUT as never);
    return { act, environment, asked };
  }

  it('is left to the next worker', async () => {
    const { act, asked } = await leaving(false, () => false);
    await expect(asked).rejects.toMatchObject({ type: 'not_served_here', nonRetryable: false });
    expect(act).not.toHaveBeenCalled();
  });

  it('has no result where the workdir went meanwhile', async () => {
    const answers = [true, false];
    const { act, asked } = await leaving(false, () => answers.shift() ?? false);
    await expect(asked).rejects.toMatchObject({ type: 'not_served_here' });
    expect(act).toHaveBeenCalledOnce();
  });

  it('waits for the end of its worker within a task of the workflow', async () => {
    const { act, environment, asked } = await leaving(true, () => false);
    environment.cancel('WORKER_SHUTDOWN');
    await expect(asked).rejects.toBeInstanceOf(CancelledFailure);
    expect(act).not.toHaveBeenCalled();
  });
});

describe('an activity that hangs', () => {
  it('is a failure when it reached its time limit four times, and may be asked for again then', async () => {
    let hangs = true;
    let begun = 0;
    const attempt = await guardOf('setup', async () => {
      begun += 1;
      if (hangs) await new Promise(() => undefined);
      return 'ended';
    });
    const limitMs = 20;
    for (const number of [1, 2, 3, 4]) {
      // The server gives it up at its limit; it itself never ends.
      void attempt(number, false, limitMs);
      await vi.waitUntil(() => begun === number, PATIENCE);
      await new Promise((resolve) => setTimeout(resolve, 2 * limitMs));
    }
    const end = await attempt(5, false, limitMs);
    expect(end).toMatchObject({ type: 'unexpected_exception', nonRetryable: true });
    expect((end as Error).message).toContain('setup did not end within 0.02 s, 4 times');
    hangs = false;
    expect(await attempt(6, false, limitMs)).toBe('ended');
  });

  it('has not hung when it is only asked for again before its limit', async () => {
    const attempt = await guardOf('setup', () => new Promise(() => undefined));
    for (let number = 1; number < 8; number += 1) void attempt(number);
    const last = await Promise.race([attempt(8), new Promise((resolve) => setTimeout(resolve, 50, 'works on'))]);
    expect(last).toBe('works on');
  });
});

describe('work of which its worker dies', () => {
  /** Each attempt leaves its mark as a process that was killed does. */
  async function deadly(name: keyof Activities) {
    let runs = 0;
    let text = '';
    const attempt = await guardOf(name, async () => {
      runs += 1;
      text = await readFile(mark, 'utf8').catch(() => '');
    });
    const mark = join(attempt.root, 'engine', 'attempts', 'r_7.json');
    return {
      runs: () => runs,
      async die(number: number) {
        const end = await attempt(number);
        if (text !== '') await writeFile(mark, text.replace(/"process_start": ?"/, '$&another '));
        return end;
      },
      attempt,
    };
  }

  it('is a failure that says so after ten workers in a row', async () => {
    const { die, attempt, runs } = await deadly('buildImage');
    for (let number = 1; number <= 10; number += 1) expect(await die(number)).toBeUndefined();
    const end = await attempt(11);
    expect(end).toMatchObject({ type: 'unexpected_exception', nonRetryable: true });
    expect((end as Error).message).toContain('10 workers in a row died while buildImage was under way');
    expect(runs()).toBe(10);
    // Who asks anew begins anew.
    expect(await attempt(12)).toBeUndefined();
  });

  it('is asked again without end where it only watches', async () => {
    const { die } = await deadly('pollMetrics');
    for (let number = 1; number <= 12; number += 1) expect(isFinal(await die(number))).toBe(false);
  });
});
