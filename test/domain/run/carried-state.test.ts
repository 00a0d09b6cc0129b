/** What an engine takes with it decides as the whole state does, and does not grow with the number of experiments. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { INCUMBENT_AGES_AFTER_JOBS } from '../../../domain/belief/improvement.js';
import { ceilingOf } from '../../../domain/belief/repeats.js';
import { untriedPractices } from '../../../domain/proposals/best-practices.js';
import { statusView } from '../../../domain/protocol/views.js';
import { applyEvent } from '../../../domain/run/apply-event.js';
import { readState } from '../../../domain/run/carried-format.js';
import { carriedState } from '../../../domain/run/carried-state.js';
import { type EngineState, initialState, noSuchExperiment } from '../../../domain/run/engine-state.js';
import { followUpNodeId } from '../../../domain/run/experiment-record.js';
import { limitReached, nextMove } from '../../../domain/schedule/planned-moves.js';
import { planningVerdict, plateauCount } from '../../../domain/schedule/planning.js';
import { settlement } from '../../../domain/schedule/settlement.js';
import { dueEvents } from '../../../domain/verdict/consequences.js';
import { chanceOf, RandomRun } from '../random-run.js';
import { Story } from '../run-story.js';

/** All that an engine asks of its state; sums that are added up in another order may differ in their last digits. */
function decisions(state: EngineState): unknown {
  const all = [
    dueEvents(state),
    nextMove(state, 3),
    planningVerdict(state),
    plateauCount(state),
    limitReached(state, 0, 3),
    statusView(state),
  ];
  return JSON.parse(JSON.stringify(all), (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(9)) : value,
  );
}

const through = (state: EngineState): EngineState => JSON.parse(JSON.stringify(carriedState(state)));

describe('an engine that carries its state on', () => {
  /** Asking for every decision costs more than making them: what differs at one step still does some steps later. */
  const LOOK_EVERY = 5;

  it.each([1, 2])('decides as one that knows all (run %i)', (seed) => {
    const chance = chanceOf(1000 + seed);
    let carried = initialState('demo');
    const run = new RandomRun(chanceOf(seed), (event) => applyEvent(carried, structuredClone(event)));
    for (let step = 0; step < 450; step += 1) {
      run.step();
      const isCarriedNow = chance() < 0.03;
      if (isCarriedNow) {
        carried = through(carried);
        expect(readState(carried)).toEqual({ ok: true, value: carried });
        expect(through(carried), 'carried twice').toEqual(carried);
      }
      expect(nextMove(carried, 3), `after step ${step}`).toEqual(nextMove(run.state, 3));
      if (isCarriedNow || step % LOOK_EVERY === 0)
        expect(decisions(carried), `after step ${step}`).toEqual(decisions(run.state));
    }
    const left = Object.keys(run.state.experiments).length - Object.keys(carried.experiments).length;
    expect(left, 'rows were left behind').toBeGreaterThan(20);
  });

  it('takes no more with it after hundreds of experiments', () => {
    const events: Parameters<typeof applyEvent>[1][] = [];
    const run = new RandomRun(chanceOf(7), (event) => events.push(event));
    const bytes = () => {
      const text = JSON.stringify(carriedState(run.state));
      return { plain: text.length, sent: gzipSync(text).length };
    };
    const ended = () => run.state.tally.completed + run.state.tally.failed;
    while (ended() < 100) run.step();
    const early = bytes();
    while (ended() < 300) run.step();
    const late = bytes();
    expect(late.sent).toBeLessThan(2 * early.sent);
    expect(late.sent).toBeLessThan(64 * 1024);
  });

  /** So many experiments end that the rows of those before are left behind. */
  function others(story: Story, count = 60): Story {
    for (let index = 0; index < count; index += 1) story.add(`9${index}_other`).completed(`9${index}_other`, 50);
    return story;
  }

  it('knows what bounds an experiment whose parents it has left behind', () => {
    const story = new Story().setUp().seedsDone();
    story.add('002_batch', { tags: ['batch_size_tuning'] }).completed('002_batch', 110);
    story.add('003_on_it', { parentId: '002_batch' }).completed('003_on_it', 120);
    story.tell({ type: 'best_changed', nodeId: '003_on_it' });
    const carried = carriedState(others(story).state);
    expect(carried.experiments['002_batch'], 'left behind').toBeUndefined();
    expect(ceilingOf(carried, '003_on_it')).toBe(ceilingOf(story.state, '003_on_it'));
    expect(ceilingOf(carried, '003_on_it')).toBeNull();
  });

  it('believes what a proposal says of a parent that it has left behind', () => {
    const story = new Story().setUp().seedsDone();
    story.add('002_batch', { tags: ['batch_size_tuning'] }).completed('002_batch', 110);
    const carried = carriedState(others(story).state);
    const event = { seq: carried.seq + 1, atMs: 1, type: 'experiment_added' } as const;
    const experiment = {
      ...story.state.experiments['002_batch']!,
      nodeId: '099_on_it',
      parentId: '002_batch',
      tags: [],
    };
    applyEvent(carried, { ...event, experiment: { ...experiment, ceiling: null } });
    expect(ceilingOf(carried, '099_on_it')).toBeNull();
  });

  it('keeps what an open repeat and an open repair are of', () => {
    const story = new Story().setUp([], DEFAULT_CONFIRMATION).seedsDone().add('002_a').failed('002_a');
    story.add('003_again', { kind: 'repair', origin: { from: 'repair', of: '002_a', attempt: 1 } });
    const origin = { from: 'repeat', of: '001_mtp', index: 1, purpose: 'confirmation' } as const;
    story.add('001_mtp_repeat_1', { kind: 'repeat', origin });
    const { experiments, confirmation } = carriedState(others(story).state);
    for (const nodeId of ['001_mtp', '002_a']) expect(experiments[nodeId]).toBe(story.state.experiments[nodeId]);
    expect(confirmation?.repeats['001_mtp']).toEqual(['001_mtp_repeat_1']);
  });

  it('tells how many jobs ended since a result, as far as that counts', () => {
    const carried = carriedState(others(new Story().setUp().seedsDone()).state);
    const last = carried.experiments['000_baseline']?.endedSeq ?? 0;
    const since = Object.values(carried.experiments).filter((row) => (row.endedSeq ?? 0) > last);
    expect(since.length).toBeGreaterThanOrEqual(INCUMBENT_AGES_AFTER_JOBS);
  });

  it('keeps no bookings, rounds, tags and practices that nothing asks for any more', () => {
    const story = new Story().setUp(['mtp']).seedsDone();
    const money = (iteration: number) => settlement('plan', { usd: 1, tokens: 1, unpriced: 0 }, String(iteration));
    for (let iteration = 1; iteration <= 200; iteration += 1) {
      const nodeId = followUpNodeId(story.state.nextCounter, 'x');
      const reserve = { [`plan_${iteration}`]: { usd: 1, tokens: 1, jobHours: 0 } };
      story.tell({ type: 'planning_started', iteration, money: { reserve } });
      story.add(nodeId, { tags: [`tag ${iteration}`], origin: { from: 'plan', iteration, index: 0 } });
      const reply = { action: 'launch', reasoning: '', refused: [], notApplicable: [`never ${iteration}`] } as const;
      const lists = { refused: [...reply.refused], notApplicable: [...reply.notApplicable] };
      story.tell({ type: 'plan_received', iteration, ...reply, ...lists, accepted: [nodeId], money: money(iteration) });
      story.completed(nodeId, 50);
    }
    const carried = carriedState(story.state);
    expect(plateauCount(carried)).toBe(200);
    expect(carried.rounds.length).toBeLessThan(10);
    expect([carried.roundOf, carried.practicesTried, carried.practicesNotApplicable]).toEqual([{}, ['mtp'], []]);
    expect(Object.keys(carried.ledger.booked)).toEqual(['plan_200']);
    expect(carried.ledger.spent).toEqual(story.state.ledger.spent);
    expect(noSuchExperiment(carried, '002_x')).toContain('it has ended long ago');
    expect(noSuchExperiment(story.state, 'nobody')).toMatch(/^node_id "nobody": there is no such experiment; /);
  });

  it('keeps which practices a person has left out', () => {
    const story = new Story().setUp(['mtp']);
    story.tell({ type: 'experiment_removed', nodeId: '001_mtp', byPerson: true });
    const read = readState(through(story.state));
    expect(read.ok && [read.value.practicesLeftOut, untriedPractices(read.value)]).toEqual([['mtp'], []]);
  });

  it('changes nothing of what it is given', () => {
    const run = new RandomRun(chanceOf(3), () => undefined);
    for (let step = 0; step < 400; step += 1) run.step();
    const before = structuredClone(run.state);
    carriedState(run.state);
    expect(run.state).toEqual(before);
  });
});
