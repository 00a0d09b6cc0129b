/** What limits on numbers allow: experiments of the search, without their repeats, and jobs of all kinds. */
import { describe, expect, it } from 'vitest';
import { type ConfirmationRules, DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { rowOf } from '../../../domain/run/engine-state.js';
import type { Limits } from '../../../domain/run/limits.js';
import { describeLimit } from '../../../domain/schedule/budget.js';
import { limitReached, nextMove } from '../../../domain/schedule/planned-moves.js';
import { planningVerdict } from '../../../domain/schedule/planning.js';
import { worths } from '../../../domain/schedule/worth.js';
import { dueEvents } from '../../../domain/verdict/consequences.js';
import { Story } from '../run-story.js';

/** A run that does what the engine would, one move after the other, until a limit ends it or nothing is to be done. */
class Played extends Story {
  readonly jobs: string[] = [];

  constructor(limits: Partial<Limits>, isLater = true, rules: Partial<ConfirmationRules> = {}) {
    super(limits);
    if (isLater) this.tell({ type: 'run_started', run: 'demo', limits: this.state.limits, passesOver: true });
    this.setUp([], { ...DEFAULT_CONFIRMATION, weighsOdds: true, ...rules });
  }

  play(speedOf: (nodeId: string) => number): this {
    while (this.step(speedOf));
    return this;
  }

  /** Whether there was a move. */
  step(speedOf: (nodeId: string) => number): boolean {
    this.due();
    const move = nextMove(this.state, 1);
    if (move === null) return false;
    const { nodeId } = move;
    if (move.do === 'start') {
      this.tell({ type: 'experiment_preparing', nodeId }, { type: 'experiment_prepared', nodeId, commit: 'c' });
      return true;
    }
    this.jobs.push(nodeId);
    this.ends(nodeId, move.slot, speedOf(nodeId));
    this.due();
    return true;
  }

  private due(): void {
    for (let due = dueEvents(this.state); due.length > 0; due = dueEvents(this.state)) this.tell(...due);
  }

  private ends(nodeId: string, slot: number, speed: number): void {
    const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: speed };
    this.tell(
      { type: 'slot_granted', nodeId, slot },
      { type: 'job_launched', nodeId, jobId: `j_${nodeId}`, launchedAtMs: 1 },
      { type: 'job_ended', nodeId, durationS: 10 },
      { type: 'experiment_completed', nodeId, result: { metrics, sources: {}, findings: [] } },
    );
    if (nodeId === '000_baseline') this.tell({ type: 'best_changed', nodeId });
  }

  limit(): string | null {
    return limitReached(this.state, 0, 1);
  }
}

const speeds = (of: Record<string, number>) => (nodeId: string) => {
  const [, node = nodeId, index = '0'] = /^(.*?)(?:_repeat_(\d+))?$/.exec(nodeId) ?? [];
  return (of[node] ?? (node === '000_headspace' ? 500 : 100)) * (1 + 0.002 * (Number(index) % 2));
};

describe('the limit of experiments', () => {
  it('of one ends the run when the repeats of the baseline have ended', () => {
    const run = new Played({ maxExperiments: 1, maxConcurrency: 1 });
    expect(run.limit()).toBeNull();
    run.play(speeds({}));
    expect(run.jobs).toEqual(['000_baseline', '000_baseline_repeat_1', '000_baseline_repeat_2']);
    expect(run.limit()).toBe('max_experiments');
  });

  it('lets what looks better be decided, though the run with cached data is kept back', () => {
    const run = new Played({ maxExperiments: 2, maxConcurrency: 1 }).add('002_own', { priority: -2000 });
    run.play(speeds({ '002_own': 150 }));
    expect(run.jobs.filter((nodeId) => !nodeId.includes('repeat'))).toEqual(['002_own', '000_baseline']);
    expect(run.state.experiments['002_own']?.judged?.verdict).toBe('keep');
    expect(run.limit()).toBe('max_experiments');
  });

  it('ends runs from before that rule where it did', () => {
    const run = new Played({ maxExperiments: 1, maxConcurrency: 1 }, false).play(speeds({}));
    expect(run.jobs).toEqual(['000_baseline']);
    expect(run.limit()).toBe('max_experiments');
  });
});

describe('the limit of jobs', () => {
  it.each([1, 2, 4, 5, 7])('of %d is that of all jobs, repeats included', (maxJobs) => {
    const run = new Played({ maxJobs, maxConcurrency: 2 }).add('002_own').play(speeds({ '002_own': 150 }));
    expect(run.jobs).toHaveLength(Math.min(maxJobs, run.jobs.length));
    expect(run.state.jobs).toBe(run.jobs.length);
    if (run.jobs.length < maxJobs) return;
    const { reason } = { reason: run.limit(), ...planningVerdict(run.state) };
    expect(reason).toBe('max_jobs');
    expect(describeLimit(run.state, 'max_jobs')).toBe(`${maxJobs} of at most ${maxJobs} jobs were started`);
  });

  it('prepares nothing that could have no job, and goes on when it is raised', () => {
    const run = new Played({ maxJobs: 2, maxConcurrency: 1 }).add('002_own').play(speeds({}));
    const left = Object.values(run.state.experiments).filter(({ state }) => state.status === 'ready');
    expect(left).toEqual([]);
    run.tell({ type: 'limits_set', limits: { maxJobs: 3 } }).play(speeds({}));
    expect(run.jobs).toHaveLength(3);
    run.tell({ type: 'limits_set', limits: { maxJobs: null } }).play(speeds({}));
    expect(run.limit()).toBeNull();
  });

  it.each([
    ['is decided before them', { keepsJobsToDecide: true }, ['002_a', '003_b', '002_a_repeat_1'], 'keep'],
    ['is left undecided by runs from before that rule', {}, ['002_a', '003_b', '004_c'], 'provisional'],
  ] as const)('a provisional best %s, where others are prepared', (_, rules, jobs, verdict) => {
    const run = new Played({ maxJobs: 8, maxConcurrency: 1 }, true, { goesOnUndecided: true, ...rules });
    run.play(speeds({}));
    for (const nodeId of ['002_a', '003_b', '004_c']) {
      run.add(nodeId, { kind: 'planned' });
      run.tell({ type: 'experiment_preparing', nodeId }, { type: 'experiment_prepared', nodeId, commit: 'c' });
    }
    run.play(speeds({ '002_a': 200 }));
    expect(run.jobs.slice(5)).toEqual(jobs);
    expect(run.state.experiments['002_a']?.judged?.verdict).toBe(verdict);
    expect(run.limit()).toBe('max_jobs');
  });

  it('are not planned for while they are kept for the repeats of a provisional best', () => {
    const rules = { goesOnUndecided: true, keepsJobsToDecide: true } as const;
    const run = new Played({ maxJobs: 7, maxConcurrency: 1 }, true, rules).play(speeds({})).add('002_a');
    while (run.jobs.length < 6) run.step(speeds({ '002_a': 200 }));
    expect(run.state.best).toBe('002_a');
    expect(planningVerdict(run.state).do).toBe('wait');
    run.add('003_b', { kind: 'planned' });
    expect(worths(run.state)(rowOf(run.state, '003_b')).reason).toMatch(/kept for the repeats/);
    run.play(speeds({ '002_a': 200 }));
    expect(run.jobs.at(-1)).toBe('002_a_repeat_1');
  });

  it('leaves a plan unasked for whose experiments could have no job', () => {
    const run = new Played({ maxJobs: 5, maxConcurrency: 1 }).play(speeds({}));
    expect(run.jobs).toHaveLength(5);
    expect(planningVerdict(run.state)).toMatchObject({ do: 'end', reason: 'max_jobs' });
  });

  it.each([
    [9, 4],
    [8, 2],
    [6, 0],
  ])('of %d verifies by as many pairs as are left', (maxJobs, verifications) => {
    const run = new Played({ maxJobs, maxConcurrency: 1, maxIterations: 1 }).play(speeds({ '001_mtp': 90 }));
    const before = run.jobs.length;
    run.planned(1, []).tell({ type: 'best_changed', nodeId: '001_mtp' });
    run.play(speeds({ '001_mtp': 90 }));
    expect([before, run.jobs.length - before]).toEqual([5, verifications]);
  });
});
