import { describe, expect, it } from 'vitest';
import { overviewSections, plateauText, toComeText } from '../../../client/output/overview-text.js';
import { overviewOf } from '../../../domain/overview/overview.js';
import type { EngineEvent, EventBody } from '../../../domain/run/event-types.js';
import { SEEDS } from '../../../domain/run/experiment-record.js';
import { failure } from '../../../domain/run/failure.js';
import { type RunOptions, syntheticRun } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';
import { Story } from '../run-story.js';

function withMore(options: RunOptions, ...more: EventBody[]): EngineEvent[] {
  const { events } = syntheticRun(options);
  const last = events.at(-1)!;
  return [...events, ...more.map((body, index) => ({ seq: last.seq + 1 + index, atMs: last.atMs + index, ...body }))];
}

function seen(events: readonly EngineEvent[], { laterS = 0, isServed = true } = {}) {
  const nowMs = events.at(-1)!.atMs + 1000 * laterS;
  return overviewOf(recordOf(events), { nowMs, isServed, stalled: [] });
}

const SEED_IDS = SEEDS.map(({ nodeId }) => nodeId);
const OPEN: RunOptions = { followUps: 6, open: 4 };

describe('what runs', () => {
  it('tells how much of a job is done by how long such jobs took, and never that it is done', () => {
    const events = withMore(OPEN);
    const [before] = seen(events).under_way;
    expect(before).toMatchObject({ step: 'running', job_id: expect.stringContaining('local_') });
    const half = seen(events, { laterS: before!.expected_s! / 2 - before!.for_s }).under_way[0]!;
    expect(half.progress).toBeCloseTo(0.5);
    expect(half.left_s).toBeCloseTo(half.expected_s! / 2);
    const late = seen(events, { laterS: 10 * before!.expected_s! });
    expect(late.under_way[0]).toMatchObject({ progress: 0.99, left_s: 0 });
    expect(late.diagnostics[0]).toMatchObject({ level: 'doubt', why: expect.stringContaining('jobs like it took') });
  });

  it('stands still at the last event of a run that nobody serves, and says so', () => {
    const events = withMore(OPEN);
    const left = seen(events, { laterS: 5000, isServed: false });
    expect(left.at).toBe(new Date(events.at(-1)!.atMs).toISOString());
    expect(left.diagnostics[0]).toMatchObject({ level: 'stuck', what: 'no engine works on the run', since: left.at });
    expect(seen(events).diagnostics.map(({ what }) => what)).not.toContain('no engine works on the run');
  });
});

it('says of jobs in the queue of a cluster since when they wait and for what, a reason at a time', () => {
  const launch = (nodeId: string): EventBody[] => [
    { type: 'experiment_preparing', nodeId },
    { type: 'experiment_prepared', nodeId, commit: 'c' },
    { type: 'slot_granted', nodeId, slot: 0 },
  ];
  const story = new Story().setUp().tell(...SEED_IDS.flatMap(launch));
  const atMs = story.state.updatedAtMs;
  const reason = 'Slurm: PENDING, Resources';
  const pending = new Map([
    ['000_baseline', { reason, sinceMs: atMs }],
    ['001_mtp', { reason, sinceMs: atMs - 1000 }],
  ]);
  const look = (more: object) =>
    overviewOf(recordOf(story.events), { nowMs: atMs + 600_000, isServed: true, stalled: [], ...more });
  const told = look({ pending });
  const notes = told.diagnostics
    .filter(({ level }) => level === 'note')
    .map(({ what, since, why }) => [what, since, why]);
  const since = new Date(atMs - 1000).toISOString();
  expect(notes).toContainEqual(['000_baseline, 001_mtp in the queue', since, reason]);
  // Of the third nobody knows what it waits for.
  expect(notes.map(([what]) => what)).toContainEqual(expect.stringMatching(/^000_headspace is launching for 10 min/));
  expect(notes).toHaveLength(2);
  const { lines } = overviewSections(told).find(({ title }) => title.startsWith('running'))!;
  expect(lines.join('\n')).toMatch(/^001_mtp +waits in the queue since \d.*: Slurm: PENDING, Resources +10 min/m);
  // What was noted of a job that runs by now is history.
  story.tell({ type: 'job_launched', nodeId: '001_mtp', jobId: 'slurm_001_mtp', launchedAtMs: atMs });
  expect(look({ pending }).under_way.find(({ node_id }) => node_id === '001_mtp')).toMatchObject({ waits: null });
});

it('what waits for a person is neither in the queue nor under way', () => {
  const plain = seen(withMore(OPEN));
  const approval = { stage: 'plans', waitMinutes: null, silence: 'drop' } as const;
  const asked = seen(withMore(OPEN, { type: 'approval_set', approval }), { laterS: 90 });
  const queued = plain.queue.filter(({ kind }) => kind === 'planned');
  expect(queued.length).toBeGreaterThan(0);
  expect(asked.asked.map(({ node_id }) => node_id)).toEqual(expect.arrayContaining(queued.map((each) => each.node_id)));
  expect(asked.asked[0]).toMatchObject({ stage: 'plans', for_s: 90 });
  expect(asked.queue).toEqual([]);
});

it.each(['running', 'stopped'] as const)('a full disk keeps a run up that is at work: %s', (how) => {
  const end = { type: 'stopped', reason: 'max_iterations', detail: '' } as const;
  const record = recordOf(withMore(OPEN, ...(how === 'stopped' ? [end] : [])));
  const { updatedAtMs: nowMs } = record.state;
  const { diagnostics } = overviewOf(record, { nowMs, isServed: true, stalled: [], shortOfRoom: '0.2 MiB are free' });
  const full = { level: 'stuck', what: 'the disk is full', why: '0.2 MiB are free' };
  const said = expect.arrayContaining([expect.objectContaining(full)]);
  if (how === 'stopped') expect(diagnostics).not.toEqual(said);
  else expect(diagnostics[0]).toMatchObject(full);
});

describe('what is to come', () => {
  it('counts the known jobs once, and fits them into the slots', () => {
    const { to_come: next, under_way: jobs, queue } = seen(withMore(OPEN));
    expect(next!.jobs).toBe(jobs.length + queue.length);
    const one = withMore(OPEN, { type: 'limits_set', limits: { maxConcurrency: 1 } });
    expect(seen(one).to_come!.jobs_left_s!).toBeGreaterThan(next!.jobs_left_s!);
  });

  it('ends sooner without a gain than by the limit of rounds, and never after the limit of hours', () => {
    const next = seen(withMore(OPEN)).to_come!;
    expect(next.least_rounds).toBeLessThan(next.most_rounds);
    expect(next.least_s!).toBeLessThan(next.most_s!);
    const short = seen(withMore(OPEN, { type: 'limits_set', limits: { maxHours: 0.001 } })).to_come!;
    expect(short.most_s).toBe(0);
  });

  it('says how many jobs follow most likely and at most, within the limits of jobs and experiments', () => {
    const next = seen(withMore(OPEN)).to_come!;
    expect(next.jobs).toBeLessThan(next.likely_jobs);
    expect(next.likely_jobs).toBeLessThan(next.most_jobs);
    expect(next.likely_s!).toBeLessThan(next.most_s!);
    expect(toComeText({ to_come: next })).toMatch(/: most likely \d+ jobs in .*, at most \d+ jobs in .* to the end$/);
    const { jobs = 0, tally } = recordOf(withMore(OPEN)).state;
    const few = withMore(OPEN, { type: 'limits_set', limits: { maxJobs: jobs + 1 } });
    const { under_way: running, to_come: last } = seen(few);
    const granted = running.filter(({ step }) => step === 'running' || step === 'launching').length;
    expect(last).toMatchObject({ likely_jobs: granted + 1, most_jobs: granted + 1 });
    expect(last!.jobs + last!.verification_jobs).toBeLessThanOrEqual(granted + 1);
    expect(last!.jobs).toBeLessThan(next.jobs);
    expect(toComeText({ to_come: last })).toMatch(/: \d+ jobs? in about .* to the end$/);
    const begun = tally.completed + tally.failed + tally.cancelled;
    const kept = seen(withMore(OPEN, { type: 'limits_set', limits: { maxExperiments: Math.max(1, begun) } })).to_come!;
    expect(kept.most_jobs).toBeLessThan(next.most_jobs);
  });

  it('says how much of it waits for a person first', () => {
    const approval = { stage: 'plans', waitMinutes: null, silence: 'drop' } as const;
    const { to_come: next, asked } = seen(withMore(OPEN, { type: 'approval_set', approval }));
    expect(next!.asked).toBe(asked.length);
    expect(toComeText({ to_come: next })).toMatch(
      /\(about .*, \d+ of them after your approval\).*from your answer on$/,
    );
    expect(toComeText(seen(withMore(OPEN)))).not.toMatch(/approval|answer/);
  });

  it('is nothing once the run has ended, and only what runs while it drains', () => {
    expect(seen(withMore({ followUps: 3, stopped: true })).to_come).toBeNull();
    const draining = seen(withMore(OPEN, { type: 'stop_requested', mode: 'drain' })).to_come!;
    expect(draining).toMatchObject({ jobs: 2, most_rounds: 0, verification_jobs: 0 });
  });

  it('is of an interrupted run what follows once it goes on', () => {
    const running = seen(withMore(OPEN)).to_come!;
    const interrupted = seen(withMore(OPEN, { type: 'stop_requested', mode: 'interrupt' }), { isServed: false });
    expect(interrupted.to_come).toEqual(running);
  });
});

describe('results and findings', () => {
  it('stand with the newest first, and repeats with what they repeat', () => {
    const { results, findings } = seen(withMore({ followUps: 9, failuresOfTen: 3 }));
    expect(results.map(({ node_id }) => node_id)).toEqual([...results.map(({ node_id }) => node_id)].sort().reverse());
    expect(results.filter(({ is_best }) => is_best)).toHaveLength(1);
    expect(findings[0]!.node_id).toBe(results.find(({ failure_kind }) => failure_kind === null)!.node_id);
  });
});

describe('diagnostics', () => {
  it('say that a run has no last reports, until an engine makes them', () => {
    const { events } = syntheticRun({ followUps: 3, stopped: true });
    const { seq, atMs } = events.at(-1)!;
    const made: EngineEvent = { seq: seq + 1, atMs, type: 'reported' };
    const told = (all: readonly EngineEvent[], isServed: boolean) =>
      seen(all, { isServed }).diagnostics.map(({ what }) => what);
    const missing = 'the run has no last reports';
    expect(told(events, false)).toContain(missing);
    expect(told(events, true)).not.toContain(missing);
    expect(told([...events, made], false)).not.toContain(missing);
    const again: EngineEvent[] = [made, { seq: seq + 2, atMs, type: 'resumed' }];
    expect(told([...events, ...again], false)).not.toContain(missing);
  });

  it('say of failures which, since when, why and what to do, one line for each kind', () => {
    const events = withMore({ followUps: 9, failuresOfTen: 5 });
    const failing = seen(events).diagnostics.filter(({ level }) => level === 'failing');
    expect(failing.length).toBeGreaterThan(0);
    for (const each of failing) {
      expect(each.what).toMatch(/^\d{3}_.* failed \(\w+\)$/);
      expect(each.why).toBe('RuntimeError: stage "decode" | exit code 1');
      expect(Date.parse(each.since!)).toBeGreaterThan(0);
      expect(each.advice).not.toBe('');
    }
  });

  it('tell of plans that fail or are refused whole, and of a pause', () => {
    const broken = failure('planning_failed', 'no answer\nat all', 5);
    const failed = withMore(
      OPEN,
      { type: 'planning_started', iteration: 5 },
      { type: 'planning_failed', iteration: 5, failure: broken },
      { type: 'planning_started', iteration: 6 },
      { type: 'planning_failed', iteration: 6, failure: broken },
      { type: 'paused' },
    );
    const told = seen(failed).diagnostics;
    expect(told.find(({ what }) => what.includes('plans failed'))).toMatchObject({
      what: 'the last 2 plans failed',
      why: 'planning_failed: no answer',
    });
    expect(told.find(({ what }) => what === 'paused')).toMatchObject({ level: 'note' });
  });
});

describe('what is out of reach', () => {
  const plan = (iteration: number, unreached?: string[]): EventBody[] => [
    { type: 'planning_started', iteration },
    {
      type: 'plan_received',
      iteration,
      action: 'launch',
      reasoning: '',
      accepted: [],
      refused: [],
      notApplicable: [],
      ...(unreached ? { unreached } : {}),
    },
  ];

  it('is what the newest plan says, also after one that failed', () => {
    const sentence = '`decode` runs 2 at a time: where the 2 comes from could not be seen.';
    const broken = failure('planning_failed', 'no answer', 5);
    const events = withMore(OPEN, ...plan(5, [sentence]), { type: 'planning_failed', iteration: 6, failure: broken });
    expect(seen(events).unreached).toEqual([sentence]);
    expect(seen(withMore(OPEN, ...plan(5, [sentence]), ...plan(6))).unreached).toEqual([]);
  });
});

it('names no practice as untried that an experiment is about to try, and says what keeps patience waiting', () => {
  const told = (story: Story) => overviewOf(recordOf(story.events), { nowMs: 0, isServed: true, stalled: [] });
  const story = new Story({ patience: 1 }).setUp(['mtp', 'concurrency_tuning']);
  story.completed('000_baseline', 100).tell({ type: 'best_changed', nodeId: '000_baseline' });
  story.completed('000_headspace', 500);
  expect(told(story).to_come?.untried).toEqual(['concurrency_tuning']);
  story.completed('001_mtp', 90).planned(1, ['002_a']).completed('002_a', 90);
  const { plateau, rounds } = told(story);
  expect(plateauText({ plateau, rounds })).toMatch(/^plateau 1 of 1 once .*concurrency_tuning (is|are) tried, round/);
});
