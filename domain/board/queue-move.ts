/** Which priorities put a waiting experiment where a person moves it to in the queue. */

export interface Waiting {
  nodeId: string;
  /** Lower runs first; ties keep the order in which they were added. */
  priority: number;
}

/**
 * `queue` is in run order. What to change so that `nodeId` stands at place `to` (from 0) and all others keep their
 * order: its own priority last, before it those of others that are alike with their neighbour. Empty where it stands
 * there already, or is not in the queue.
 */
export function movesTo(queue: readonly Waiting[], nodeId: string, to: number): Waiting[] {
  const from = queue.findIndex((each) => each.nodeId === nodeId);
  const place = Math.max(0, Math.min(to, queue.length - 1));
  if (from < 0 || from === place) return [];
  const others = queue.filter((each) => each.nodeId !== nodeId);
  const before = others[place - 1];
  const after = others[place];
  if (before === undefined) return [{ nodeId, priority: after!.priority - 1 }];
  if (after === undefined) return [{ nodeId, priority: before.priority + 1 }];
  if (before.priority < after.priority) return [{ nodeId, priority: (before.priority + after.priority) / 2 }];
  // There is no number between two that are alike: those before it move forward together.
  const alike = others.slice(0, place).filter(({ priority }) => priority === after.priority);
  const lower = others.findLast(({ priority }) => priority < after.priority)?.priority ?? after.priority - 3;
  const step = (after.priority - lower) / 3;
  return [
    ...alike.map((each) => ({ nodeId: each.nodeId, priority: lower + step })),
    { nodeId, priority: lower + 2 * step },
  ];
}
