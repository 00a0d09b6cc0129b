import { describe, expect, test } from 'vitest';
import { CheckpointSchema } from '../../../domain/formats/files.js';
import { applyEvent } from '../../../domain/run/apply-event.js';
import { type EngineState, initialState } from '../../../domain/run/engine-state.js';
import type { EventBody } from '../../../domain/run/event-types.js';
import { queueEdits } from '../../../domain/schedule/queue-edits.js';

function state(...bodies: EventBody[]): EngineState {
  return bodies.reduce((now, body) => applyEvent(now, { seq: now.seq + 1, atMs: 1, ...body }), initialState('r'));
}

const added = (nodeId: string, priority = 0): EventBody => ({
  type: 'experiment_added',
  experiment: {
    nodeId,
    name: nodeId,
    kind: 'planned',
    origin: { from: 'plan', iteration: 1, index: 0 },
    parentId: null,
    startCommit: null,
    priority,
    changeSet: [],
    tags: [],
  },
});
const THREE = [added('a'), added('b'), added('c', 3)];
const started = (nodeId: string): EventBody[] => [
  { type: 'experiment_preparing', nodeId },
  { type: 'experiment_prepared', nodeId, commit: 'x' },
  { type: 'slot_granted', nodeId, slot: 0 },
];

const work = (id: string, priority = 0, node: object = {}) => ({
  id,
  priority,
  kind: 'experiment',
  payload: { node: { node_id: id, ...node } },
});
const file = (queued: unknown[], written?: Record<string, number>, running: unknown[] = []) =>
  CheckpointSchema.parse({ status: 'interrupted', queued, running, ...(written && { queue_as_written: written }) });
const WRITTEN = { a: 0, b: 0, c: 3 };

describe('edits of the queue in checkpoint.json', () => {
  test.each([
    ['nothing', file([work('a'), work('b'), work('c', 3)], WRITTEN), state(...THREE), []],
    ['another order of the same', file([work('c', 3), work('b'), work('a')], WRITTEN), state(...THREE), []],
    [
      'a priority',
      file([work('a'), work('b', -5), work('c', 3)], WRITTEN),
      state(...THREE),
      [{ do: 'reprioritize', nodeId: 'b', priority: -5 }],
    ],
    ['a removal', file([work('a'), work('c', 3)], WRITTEN), state(...THREE), [{ do: 'remove', nodeId: 'b' }]],
    [
      'a removal of one in preparation',
      file([work('a'), work('c', 3)], WRITTEN),
      state(...THREE, { type: 'experiment_preparing', nodeId: 'b' }),
      [{ do: 'remove', nodeId: 'b' }],
    ],
    [
      'a removal that comes too late',
      file([work('a'), work('c', 3)], WRITTEN),
      state(...THREE, ...started('b')),
      [{ do: 'nothing', nodeId: 'b', reason: 'it has started' }],
    ],
    [
      'an edit that was honoured before',
      file([work('a', 9), work('c', 3)], WRITTEN),
      state(
        ...THREE,
        { type: 'experiment_removed', nodeId: 'b' },
        { type: 'experiment_reprioritized', nodeId: 'a', priority: 9 },
      ),
      [],
    ],
    // A file that lags behind the log is no edit.
    [
      'nothing since one started',
      file([work('a'), work('b'), work('c', 3)], WRITTEN),
      state(...THREE, ...started('a')),
      [],
    ],
    ['nothing since one was added', file([work('a'), work('b')], { a: 0, b: 0 }), state(...THREE), []],
    [
      'nothing since a priority was set',
      file([work('a'), work('b'), work('c', 3)], WRITTEN),
      state(...THREE, { type: 'experiment_reprioritized', nodeId: 'c', priority: -1 }),
      [],
    ],
    // Written by hand, or by the Python engine: held against the log.
    ['nothing, without the copy', file([work('b'), work('c', 3)], undefined, [work('a')]), state(...THREE), []],
    [
      'all, without the copy',
      file([work('c', 1)]),
      state(...THREE),
      [
        { do: 'remove', nodeId: 'a' },
        { do: 'remove', nodeId: 'b' },
        { do: 'reprioritize', nodeId: 'c', priority: 1 },
      ],
    ],
  ])('%s', (_, edited, now, expected) => {
    expect(queueEdits(edited, now)).toEqual(expected);
  });

  test('an entry of its own is added with its specification', () => {
    const mine = work('009_mine', 1, { spec: { name: 'mine' } });
    const edits = queueEdits(file([work('a'), work('b'), work('c', 3), mine], WRITTEN), state(...THREE));
    expect(edits).toEqual([{ do: 'add', work: mine }]);
  });

  test.each([
    ['queued.1.id', { queued: [work('a'), work('a')], running: [] }],
    ['queued.0.payload', { queued: [{ id: 'a', priority: 0, kind: 'experiment' }], running: [] }],
    ['queued.0.priority', { queued: [work('a', Number.NaN)], running: [] }],
    ['status', { status: 'gone', queued: [], running: [] }],
  ])('a malformed file is known by its field: %s', (field, value) => {
    const { error } = CheckpointSchema.safeParse({ status: 'interrupted', ...value });
    expect(error?.issues[0]?.path.join('.')).toBe(field);
  });
});
