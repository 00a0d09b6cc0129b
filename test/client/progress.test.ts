import { describe, expect, it } from 'vitest';
import { notificationsOf } from '../../client/run/on-event/notifications.js';
import { newWarnings, progressLine, standingLine, timedLine } from '../../client/run/progress.js';
import { LiveState } from '../../client/run/run-state.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent, EventBody } from '../../domain/run/event-types.js';
import { failure } from '../../domain/run/failure.js';
import { budgetWarnings } from '../../domain/schedule/budget.js';
import { openRunLog } from '../../workdir/event-log.js';
import { ConfirmedStory } from '../domain/confirmed-story.js';
import { Story } from '../domain/run-story.js';
import { budgetRun } from '../support/budget-run.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';

const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 19);

/** The lines of a run, and where it stands at the end. */
function told(events: readonly EngineEvent[]): { lines: string[]; standing: string } {
  const state = initialState('r1');
  const lines = events.flatMap((event) => {
    const line = progressLine(applyEvent(state, event), event);
    return line === null ? [] : [timedLine(line, event.atMs, clock)];
  });
  return { lines, standing: standingLine(state) };
}

describe('a run in lines', () => {
  it('tells seeds, plans, results, failures and the end', async () => {
    const { lines } = told(syntheticRun({ followUps: 9, failuresOfTen: 3, stopped: true }).events);
    await expect(lines.join('\n')).toMatchFileSnapshot('golden/progress.txt');
  });

  it('says what waits for a person, and tells a command of theirs', () => {
    const { events } = syntheticRun({ followUps: 2 });
    const at = events.findIndex(({ type }) => type === 'planning_started');
    const state = events.slice(0, at).reduce(applyEvent, initialState('r1'));
    const tell = (body: EventBody) => {
      const event = { seq: state.seq + 1, atMs: 0, ...body };
      applyEvent(state, event);
      const [told] = notificationsOf(state, event, [], '/w');
      return [progressLine(state, event), told?.event === 'approval' ? told.message : null];
    };
    const approval = { stage: 'plans', waitMinutes: 30, silence: 'run' } as const;
    expect(tell({ type: 'approval_set', approval })[0]).toBe(
      'proposals wait for your approval, and run without it after 30 minutes',
    );
    const added = events.flatMap((event) => (event.type === 'experiment_added' ? event.experiment : []));
    const experiment = added.find(({ origin }) => origin.from === 'plan')!;
    const [line, message] = tell({ type: 'experiment_added', experiment });
    const nodeId = state.open.at(-1)!;
    expect(message).toBe(`${nodeId}: its plan waits for your approval (\`autoresearch approve\`, or \`refuse\`)`);
    expect(line).toContain(message);
    expect(tell({ type: 'experiment_approved', nodeId, by: 'silence' })[0]).toContain('nobody answered in time');
    expect(tell({ type: 'experiment_prepared', nodeId, commit: 'c' })).toEqual([null, null]);
  });

  it.each([
    ['doubt', 'it trained 160 samples, and the baseline 240'],
    ['noEffect', 'the change had no effect: the job built its pipelines with the same threads as before'],
  ])('holds no number with %s against the baseline, and says why it does not count', (field, doubt) => {
    const { events } = syntheticRun({ followUps: 2 });
    const isFollowUp = (event: EngineEvent) => event.type === 'experiment_completed' && !/^000_/.test(event.nodeId);
    const at = events.findIndex(isFollowUp);
    const event = events[at] as Extract<EngineEvent, { type: 'experiment_completed' }>;
    const { lines } = told(events.with(at, { ...event, result: { ...event.result, [field]: doubt } }));
    const [first, second] = lines.find((line) => line.includes(`${event.nodeId}: completed`))!.split('\n');
    expect(first).toMatch(/completed, [\d.,]+ samples\/s, job of/);
    expect(second).toBe(`          not counted: ${doubt}`);
    expect(told(events).lines.find((line) => line.includes(`${event.nodeId}: completed`))).toMatch(
      /samples\/s \(.*%\)/,
    );
  });

  it('says of a source that was left as it is that nothing was put into it', () => {
    const { events } = syntheticRun({ followUps: 2 });
    const at = events.findIndex(({ type }) => type === 'setup_completed');
    const event = events[at] as Extract<EngineEvent, { type: 'setup_completed' }>;
    const { lines } = told(events.with(at, { ...event, baseCommit: event.anchorCommit }));
    expect(lines.join('\n')).toMatch(/anchor \w+, nothing was put into it$/m);
    expect(told(events).lines.join('\n')).toMatch(/anchor \w+, instrumented \w+$/m);
  });

  it('counts repeats apart from experiments in the line that says where it stands', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 200).settles({ '002_a': 200 });
    const { experiments, tally } = story.state;
    const repeats = Object.values(experiments).filter(({ origin }) => origin.from === 'repeat').length;
    expect(repeats).toBeGreaterThan(3);
    expect(told(story.events).standing).toContain(` · ${tally.completed} completed (${repeats} of them repeats) · `);
  });

  it('calls what was ended early, and what a person refused, by the words of the tables', () => {
    const story = new Story().setUp().seedsDone().planned(1, ['002_slow', '003_no']);
    story.tell({ type: 'experiment_failed', nodeId: '002_slow', failure: failure('pruned', 'after 130 steps', 0) });
    story.state.experiments['003_no']!.asked = { stage: 'plans', sinceMs: 0 };
    const refused = {
      type: 'experiment_cancelled',
      nodeId: '003_no',
      failure: failure('cancelled', 'too large', 0),
    } as const;
    const { state } = story.tell(refused);
    const [slow, no] = story.events.slice(-2).map((event) => progressLine(state, event));
    expect([slow, no]).toEqual(['002_slow: ended early, after 130 steps', '003_no: refused, too large']);
    expect(standingLine(state)).toContain('completed, 1 ended early, 1 refused');
  });

  it('says that a best is provisional, and tells whoever heard of it when it is taken back', () => {
    const rules = { weighsOdds: true, goesOnUndecided: true } as const;
    const run = () => ConfirmedStory.seeded(rules).proposes('002_a').ends('002_a', 130);
    expect(standingLine(run().state)).toContain(' · provisional best 002_a 130 samples/s');
    const { events } = run().settles({ '002_a': 99 });
    const state = initialState('r1');
    const heard = events.flatMap((event) => notificationsOf(applyEvent(state, event), event, [], '/w'));
    expect(heard.map(({ event, node_id, best }) => [event, node_id, best?.is_provisional])).toEqual([
      ['improvement', '002_a', true],
      ['unconfirmed', '002_a', false],
    ]);
    expect(heard[1]?.message).toBe('best is 000_baseline again: 002_a was not confirmed');
    expect(standingLine(state)).toContain(' · best 000_baseline ');
  });

  it('says where it stands in one line', async () => {
    const { standing } = told(syntheticRun({ followUps: 6, open: 3 }).events);
    expect(standing).toBe(
      'running · 1 running · 2 waiting · 8 completed, 1 failed · best 001_mtp 361.3 samples/s 1.08x (+8%)',
    );
  });
});

describe('budget warnings', () => {
  it('are told once each, when a mark is crossed, and anew for another limit', () => {
    const { events } = budgetRun();
    const last = events.at(-1)!;
    const more: EngineEvent = { seq: last.seq + 1, atMs: 0, type: 'limits_set', limits: { budgetUsd: 1.2 } };
    const state = initialState('r1');
    const told = [...events, more].flatMap((event) => {
      const before = budgetWarnings(state);
      applyEvent(state, event);
      const lines = newWarnings(before, budgetWarnings(state));
      return lines.length === 0 ? [] : [[event.type === 'note_added' ? event.text : event.type, ...lines]];
    });
    expect(told).toEqual([
      [
        'third',
        'warning: 50% of the budget of 2 US dollars is spent',
        'warning: 80% of the budget of 1000000 tokens is spent',
      ],
      ['limits_set', 'warning: 80% of the budget of 1.2 US dollars is spent'],
    ]);
  });

  it('come with the event that crosses the mark, from a log that grows', async () => {
    const run = budgetRun();
    const { workdir } = await syntheticWorkdir(run);
    const live = new LiveState(workdir, run.config);
    const lines: string[] = [];
    for (const part of [run.events.slice(0, -2), run.events.slice(-2)]) {
      await openRunLog(workdir).append(part);
      await live.catchUp((event, warnings) => lines.push(...warnings.map((each) => `${event.type}: ${each}`)));
    }
    expect(lines).toEqual([
      'note_added: warning: 50% of the budget of 2 US dollars is spent',
      'note_added: warning: 80% of the budget of 1000000 tokens is spent',
    ]);
  });
});

const NODE = '000_baseline';
const FAILED = failure('build_failed', 'make: *** no rule\nsecond line', 0);

const STEERED: [EventBody, string][] = [
  [
    { type: 'setup_failed', failure: failure('setup_source_failed', 'unreadable', 0) },
    'setup failed: setup_source_failed: unreadable. Check --source-dir',
  ],
  [
    { type: 'experiment_failed', nodeId: NODE, failure: FAILED },
    '000_baseline: failed, build_failed: make: *** no rule. Read logs/last_build_error.txt',
  ],
  [
    { type: 'experiment_cancelled', nodeId: NODE, failure: failure('cancelled', 'cancelled by a person', 0) },
    '000_baseline: cancelled, cancelled by a person',
  ],
  [{ type: 'experiment_reprioritized', nodeId: NODE, priority: -5 }, '000_baseline: priority is now -5'],
  [{ type: 'experiment_removed', nodeId: NODE }, '000_baseline: removed from the queue'],
  [{ type: 'limits_set', limits: { patience: 5, maxConcurrency: 2 } }, 'limits: patience 5, maxConcurrency 2'],
  [{ type: 'limits_set', limits: { budgetUsd: 2.5, maxHours: null } }, 'limits: budgetUsd 2.5, maxHours none'],
  [{ type: 'note_added', text: 'mind the cache\nand more' }, 'note: mind the cache'],
  [{ type: 'paused' }, 'paused: no new job starts'],
  [{ type: 'resumed' }, 'resumed'],
  [{ type: 'returned' }, 'the engine is back; the run is running'],
  [{ type: 'stop_requested', mode: 'interrupt' }, 'interrupted: running jobs go on'],
  [{ type: 'stop_requested', mode: 'drain' }, 'draining: nothing new starts'],
  [{ type: 'stop_requested', mode: 'cancel_jobs' }, 'cancelling the running jobs'],
  [
    { type: 'planning_failed', iteration: 3, failure: failure('planning_failed', 'no answer', 0) },
    'planning round 3 failed: planning_failed: no answer',
  ],
  [{ type: 'stopped', reason: 'user', detail: 'stopped by a person' }, 'stopped (user): stopped by a person'],
];

describe('what people and failures do', () => {
  it.each(STEERED)('%j', (body, expected) => {
    const before = syntheticRun({ followUps: 0 }).events.slice(0, 5);
    const event: EngineEvent = { seq: 6, atMs: 0, ...body };
    const { lines } = told([...before, event]);
    expect(lines.at(-1)).toContain(`00:00:00  ${expected}`);
    expect(lines.at(-1)).not.toContain('\n');
  });
});
