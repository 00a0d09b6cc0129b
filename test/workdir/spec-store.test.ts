import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { SpecSchema } from '../../domain/formats/spec.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent, EventBody } from '../../domain/run/event-types.js';
import { type ExperimentIdentity, SEEDS } from '../../domain/run/experiment-record.js';
import { failure } from '../../domain/run/failure.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { specOf, writePlan, writeRequest } from '../../workdir/spec-store.js';
import { syntheticConfig } from '../support/run-events.js';
import { temporaryWorkdir } from '../support/synthetic-workdir.js';

const config = syntheticConfig();
const MTP = { ...SEEDS[2]!, changeSet: ['mtp'] };

function stateOf(bodies: EventBody[]) {
  const events = bodies.map((body, index): EngineEvent => ({ seq: index + 1, atMs: index + 1, ...body }));
  return events.reduce(applyEvent, initialState('r1'));
}

function follower(origin: ExperimentIdentity['origin'], name = 'x'): ExperimentIdentity {
  return { ...MTP, nodeId: `002_${name}`, name, kind: 'planned', origin };
}

describe('a specification is found by its origin', () => {
  test('seeds have the texts of the Python engine', async () => {
    const tree = JSON.parse(await readFile('test/fixtures/python-workdir/workdir/engine/tree.json', 'utf8')) as {
      node_id: string;
      spec: Record<string, unknown>;
    }[];
    const workdir = await temporaryWorkdir();
    for (const seed of SEEDS) {
      const spec = await specOf(workdir, config, initialState('r1'), { ...seed, changeSet: [] });
      const { commit: _, _image, ...python } = tree.find((node) => node.node_id === seed.nodeId)!.spec;
      expect(spec).toMatchObject({ ...python, launch_command: config.base_launch_command });
    }
  });

  test('a planned one stands in the plan of its round, by its place', async () => {
    const workdir = await temporaryWorkdir();
    const plan = ['a', 'b'].map((name) => SpecSchema.parse({ name, changes: [name], launch_command: name && 'go' }));
    await writePlan(workdir, 3, plan);
    await writePlan(workdir, 3, plan);
    const spec = await specOf(
      workdir,
      config,
      initialState('r1'),
      follower({ from: 'plan', iteration: 3, index: 1 }, 'b'),
    );
    expect(spec).toMatchObject({ name: 'b', changes: ['b'], launch_command: 'go' });
  });

  test('a bundle has the changes and flags of its parts, each on the best', async () => {
    const workdir = await temporaryWorkdir();
    const flags = (more: string) => `python train.py --workers 2${more}`;
    const plan = [
      { name: 'best', changes: ['decode.concurrency=4'], launch_command: flags(' --threads 4') },
      { name: 'a', changes: ['fetch.concurrency=8'], launch_command: flags(' --threads 4') },
      { name: 'b', changes: [], launch_command: 'python train.py --workers 6 --threads 4' },
    ].map((spec) => SpecSchema.parse(spec));
    await writePlan(workdir, 1, plan);
    const added = (name: string, index: number, parentId: string): EventBody => ({
      type: 'experiment_added',
      experiment: { ...follower({ from: 'plan', iteration: 1, index }, name), parentId },
    });
    const state = stateOf([added('best', 0, '000_baseline'), added('a', 1, '002_best'), added('b', 2, '002_best')]);
    const bundle = { ...follower({ from: 'bundle', of: ['002_a', '002_b'] }, 'bundle'), parentId: '002_best' };
    expect(await specOf(workdir, config, state, bundle)).toMatchObject({
      name: 'bundle',
      changes: ['fetch.concurrency=8'],
      launch_command: 'python train.py --workers 6 --threads 4',
      change_summary: 'bundle of 002_a, 002_b',
      description: expect.stringContaining('puts together the small gains of 002_a and 002_b'),
    });
  });

  test("a person's one stands in its request; without a command it has the base launch command", async () => {
    const workdir = await temporaryWorkdir();
    const edits = [{ path: 'a.py', old: 'x', new: 'y' }];
    await writeRequest(workdir, 'q1', SpecSchema.parse({ name: 'mine', edits }));
    const spec = await specOf(workdir, config, initialState('r1'), follower({ from: 'user', request: 'q1' }, 'mine'));
    expect(spec).toMatchObject({ name: 'mine', edits, launch_command: config.base_launch_command });
  });

  test('a repair has the specification of the repaired one and its failure, and so has a repair of a repair', async () => {
    const workdir = await temporaryWorkdir();
    const repair = { ...follower({ from: 'repair', of: '001_mtp', attempt: 1 }, 'mtp_startup_retry_1') };
    const again = { ...follower({ from: 'repair', of: repair.nodeId, attempt: 2 }, 'mtp_startup_retry_2') };
    const failed = failure('job_startup_failed', "can't pickle local object", 1);
    const state = stateOf([
      { type: 'experiment_added', experiment: MTP },
      { type: 'experiment_failed', nodeId: '001_mtp', failure: failed },
      { type: 'experiment_added', experiment: repair },
      { type: 'experiment_failed', nodeId: repair.nodeId, failure: { ...failed, message: 'no module named x' } },
    ]);
    const first = await specOf(workdir, config, state, repair);
    expect(first).toMatchObject({
      name: 'mtp_startup_retry_1',
      changes: ['mtp'],
      retry_of: '001_mtp',
      retry_attempt: 1,
    });
    expect(first.retry_failure).toEqual(failed);
    expect(first.description).toContain("can't pickle local object");
    const second = await specOf(workdir, config, state, again);
    expect(second).toMatchObject({ retry_of: repair.nodeId, retry_attempt: 2, best_practices_tags: ['mtp'] });
    expect(second.description).toContain('no module named x');
  });

  test('a repeat has the specification of the repeated one', async () => {
    const workdir = await temporaryWorkdir();
    const state = stateOf([{ type: 'experiment_added', experiment: MTP }]);
    const spec = await specOf(
      workdir,
      config,
      state,
      follower({ from: 'repeat', of: '001_mtp', index: 1, purpose: 'confirmation' }, 'mtp_repeat_1'),
    );
    expect(spec).toMatchObject({ name: 'mtp_repeat_1', changes: ['mtp'], repeat_of: '001_mtp' });
  });

  test('what is missing or malformed is named', async () => {
    const workdir = await temporaryWorkdir();
    const planned = follower({ from: 'plan', iteration: 1, index: 4 });
    await expect(specOf(workdir, config, initialState('r1'), planned)).rejects.toThrow(/001\.json does not exist/);
    await writePlan(workdir, 1, [SpecSchema.parse({ name: 'a' })]);
    await expect(specOf(workdir, config, initialState('r1'), planned)).rejects.toThrow(/has 1 experiments.*number 4/);
    await writeJsonAtomic(workdir.plan(1), [{ name: 'a', changes: 'not a list' }]);
    await expect(specOf(workdir, config, initialState('r1'), planned)).rejects.toThrow(/changes/);
  });
});
