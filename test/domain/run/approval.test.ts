import { describe, expect, it } from 'vitest';
import { overviewOf } from '../../../domain/overview/overview.js';
import { missedBefore } from '../../../domain/protocol/lost-messages.js';
import { setApprovalProblem } from '../../../domain/protocol/steering-messages.js';
import { queueView, statusView } from '../../../domain/protocol/views.js';
import { awaitingApproval, nextOverdue } from '../../../domain/run/approval.js';
import type { ApprovalRules } from '../../../domain/run/approval-rules.js';
import { readState } from '../../../domain/run/carried-format.js';
import { carriedState } from '../../../domain/run/carried-state.js';
import { failure } from '../../../domain/run/failure.js';
import { NOTHING_SPENT } from '../../../domain/run/ledger.js';
import { plateauCount } from '../../../domain/schedule/planning.js';
import { nextGrants, nextStarts } from '../../../domain/schedule/scheduling.js';
import { recordOf } from '../../support/run-record.js';
import { Story } from '../run-story.js';

const PLANS: ApprovalRules = { stage: 'plans', waitMinutes: null, silence: 'drop' };
const EDITS: ApprovalRules = { ...PLANS, stage: 'edits' };

/** The seeds have run; nothing but what a test adds is open. */
function seeded(approval: ApprovalRules | null) {
  const story = new Story({ maxConcurrency: 2 }).setUp();
  story.completed('000_baseline', 100).completed('000_headspace', 900).completed('001_mtp', 90);
  return approval === null ? story : story.tell({ type: 'approval_set', approval });
}

const prepared = (nodeId: string) =>
  [
    { type: 'experiment_preparing', nodeId },
    { type: 'experiment_prepared', nodeId, commit: 'c' },
  ] as const;
const waiting = ({ state }: Story) => awaitingApproval(state).map(({ nodeId }) => nodeId);
const granted = ({ state }: Story) => nextGrants(state).map(({ nodeId }) => nodeId);

describe('plans', () => {
  it('wait before anything is made of them, and keep nothing else from running', () => {
    const story = seeded(PLANS)
      .add('002_a')
      .add('003_b')
      .add('004_own', { origin: { from: 'user', request: 'r' } });
    expect(waiting(story)).toEqual(['002_a', '003_b']);
    expect(nextStarts(story.state, 0)).toEqual(['004_own']);
    story.tell({ type: 'experiment_approved', nodeId: '003_b', by: 'person' });
    expect(waiting(story)).toEqual(['002_a']);
    expect(nextStarts(story.state, 0)).toEqual(['003_b', '004_own']);
    story.tell(...prepared('003_b'));
    expect(granted(story)).toEqual(['003_b']);
  });

  it('wait no more for anybody once the run has ended, and stand in the queue again', () => {
    const story = seeded(PLANS).add('002_a');
    const look = () =>
      overviewOf(recordOf(story.events), { nowMs: story.state.updatedAtMs, isServed: false, stalled: [] });
    expect(look()).toMatchObject({ asked: [{ node_id: '002_a' }], queue: [] });
    story.tell({ type: 'stopped', reason: 'user', detail: 'asked to stop' });
    expect(waiting(story)).toEqual([]);
    expect(look()).toMatchObject({ asked: [], queue: [{ node_id: '002_a' }] });
  });

  it('do not wait again once they were approved, though they are queued again', () => {
    const story = seeded(PLANS).add('002_a').tell({ type: 'experiment_approved', nodeId: '002_a', by: 'person' });
    story.tell(...prepared('002_a'), { type: 'experiment_requeued', nodeId: '002_a' });
    expect(waiting(story)).toEqual([]);
  });
});

describe('edits', () => {
  it('wait when their code stands, before their job', () => {
    const story = seeded(EDITS).add('002_a');
    expect(waiting(story)).toEqual([]);
    expect(nextStarts(story.state, 0)).toEqual(['002_a']);
    story.tell(...prepared('002_a'));
    expect(waiting(story)).toEqual(['002_a']);
    expect(granted(story)).toEqual([]);
    story.tell({ type: 'experiment_approved', nodeId: '002_a', by: 'person' });
    expect(granted(story)).toEqual(['002_a']);
  });
});

it('nobody is asked any more about a job that runs, though the engine was put back to before the yes', () => {
  const story = seeded({ ...EDITS, waitMinutes: 30 }).add('002_a');
  story.tell(...prepared('002_a'));
  const told = { nodeId: '002_a', commit: 'c', slot: 0, spent: NOTHING_SPENT };
  story.tell(...missedBefore(story.state, told), {
    type: 'job_launched',
    nodeId: '002_a',
    jobId: 'j',
    launchedAtMs: 1,
  });
  expect(story.state.experiments['002_a']?.state.status).toBe('running');
  expect(waiting(story)).toEqual([]);
  expect(nextOverdue(story.state)).toBeNull();
});

describe('rules that change while the run is on', () => {
  it.each<[string, ApprovalRules | null, string[], ApprovalRules | null, string[]]>([
    ['switched on ask about what is queued', null, [], PLANS, ['002_a']],
    ['switched on ask about code that stands', null, [], EDITS, ['003_b']],
    ['switched off let all of it go on', PLANS, ['002_a', '003_b'], null, []],
    ['that ask for edits let plans go on', PLANS, ['002_a', '003_b'], EDITS, ['003_b']],
    ['that ask for plans keep code that waits', EDITS, ['003_b'], PLANS, ['002_a', '003_b']],
    ['that say the same change nothing', PLANS, ['002_a', '003_b'], { ...PLANS, waitMinutes: 5 }, ['002_a', '003_b']],
  ])('%s', (_, before, first, after, then) => {
    const story = seeded(before)
      .add('002_a')
      .add('003_b')
      .tell(...prepared('003_b'));
    expect(waiting(story)).toEqual(first);
    story.tell({ type: 'approval_set', approval: after });
    expect(waiting(story)).toEqual(then);
  });
});

describe('a proposal that nobody answers', () => {
  it('is overdue after its time, the oldest first, and only while the run runs', () => {
    const story = seeded({ ...PLANS, waitMinutes: 30, silence: 'run' })
      .add('002_a')
      .add('003_b');
    const sinceMs = story.events.at(-2)!.atMs;
    expect(nextOverdue(story.state)).toEqual({ nodeId: '002_a', atMs: sinceMs + 30 * 60_000, silence: 'run' });
    story.tell({ type: 'experiment_approved', nodeId: '002_a', by: 'silence' });
    expect(nextOverdue(story.state)?.nodeId).toBe('003_b');
    expect(nextOverdue(story.tell({ type: 'paused' }).state)).toBeNull();
    expect(nextOverdue(seeded(PLANS).add('002_a').state)).toBeNull();
  });
});

it('what nobody approved says nothing of what there is to gain', () => {
  const story = seeded(PLANS).tell({ type: 'planning_started', iteration: 1 }).add('002_a');
  const plan = { action: 'launch' as const, reasoning: '', refused: [], notApplicable: [] };
  story.tell({ type: 'plan_received', iteration: 1, accepted: ['002_a'], ...plan });
  const record = failure('cancelled', 'a person refused it', 0);
  expect(plateauCount(story.tell({ type: 'experiment_cancelled', nodeId: '002_a', failure: record }).state)).toBe(0);
});

it('is in the views, and is carried with the state', () => {
  const { state } = seeded(PLANS).add('002_a');
  const asked = { stage: 'plans', since: expect.stringMatching(/^1970/) };
  expect(queueView(state)).toMatchObject([{ node_id: '002_a', asked }]);
  const approval = { approve: 'plans', wait_minutes: null, silence: 'drop' };
  expect(statusView(state)).toMatchObject({ approval, asked: [{ node_id: '002_a', asked }] });
  const carried = JSON.parse(JSON.stringify(carriedState(state)));
  expect(readState(carried)).toEqual({ ok: true, value: carried });
  expect(awaitingApproval(carried)).toHaveLength(1);
});

it.each([
  [{ approve: 'plans' }, null],
  [{ approve: 'none', wait_minutes: null }, null],
  [{ approve: 'edits', wait_minutes: 0.5, silence: 'run' }, null],
  [{ approve: 'all' }, 'approve must be one of plans, edits, none, not "all"'],
  [{}, 'approve must be one of'],
  [null, 'approve must be one of'],
  [{ approve: 'plans', wait_minutes: 0 }, 'wait_minutes must be a number above 0'],
  [{ approve: 'plans', silence: 'go' }, 'silence must be one of run, drop, not "go"'],
])('the message %j', (message, problem) => {
  const said = setApprovalProblem(message);
  if (problem === null) expect(said).toBeNull();
  else expect(said).toContain(problem);
});
