import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { movesTo, type Waiting } from '../../../domain/board/queue-move.js';

/** As the engine orders it: by priority, ties by insertion. */
function inOrder(inserted: readonly Waiting[]): Waiting[] {
  return [...inserted].sort((a, b) => a.priority - b.priority);
}

const queues = fc
  .array(fc.constantFrom(-3, 0, 0, 0, 1, 2.5), { minLength: 1, maxLength: 9 })
  .map((priorities) => priorities.map((priority, index) => ({ nodeId: `n${index}`, priority })));

describe('moving in the queue', () => {
  it('puts it where it is wanted, and leaves the others in their order', () => {
    fc.assert(
      fc.property(queues, fc.nat(), fc.nat({ max: 10 }), (inserted, pick, to) => {
        const before = inOrder(inserted);
        const { nodeId } = before[pick % before.length]!;
        const moves = new Map(movesTo(before, nodeId, to).map((each) => [each.nodeId, each.priority]));
        const after = inOrder(inserted.map((each) => ({ ...each, priority: moves.get(each.nodeId) ?? each.priority })));
        const wanted = before.filter((each) => each.nodeId !== nodeId);
        wanted.splice(Math.min(to, wanted.length), 0, before.find((each) => each.nodeId === nodeId)!);
        expect(after.map((each) => each.nodeId)).toEqual(wanted.map((each) => each.nodeId));
      }),
    );
  });

  it('changes nothing where it stands there already, or is not in the queue', () => {
    const queue = [
      { nodeId: 'a', priority: 0 },
      { nodeId: 'b', priority: 0 },
    ];
    expect(movesTo(queue, 'b', 1)).toEqual([]);
    expect(movesTo(queue, 'b', 7)).toEqual([]);
    expect(movesTo(queue, 'x', 0)).toEqual([]);
    expect(movesTo(queue, 'b', 0)).toEqual([{ nodeId: 'b', priority: -1 }]);
  });
});
