/**
 * The best without a part that did not help by itself: such a part came into the best with what was stacked on it, and
 * nothing but the whole speaks for it. Built anew from what that part stands on, with all that came later.
 */
import { isMoveName, readMove } from '../../domain/proposals/moves.js';
import type { Move } from './scored-moves.js';
import type { SearchInput } from './search-input.js';
import type { Trial, Trials } from './trials.js';

/** It is asked for certainty, not for speed: behind gains that were measured, and before what is only worth a guess. */
const WORTH_OF_CERTAINTY = 0.04;
/** What means nothing without a subprocess. */
const OF_THE_SUBPROCESS = ['arena', 'buffers', 'mtp_off'];

export function withoutParts({ doubted = [], bestNodeId }: SearchInput, incumbent: Trial, { all }: Trials): Move[] {
  if (incumbent.entry.nodeId !== bestNodeId) return [];
  const byId = new Map(all.map((trial) => [trial.entry.nodeId, trial]));
  return doubted.flatMap(({ nodeId, onto, text }): Move[] => {
    const [part, from] = [byId.get(nodeId), byId.get(onto)];
    if (!part || !from || from.entry.commit === null) return [];
    const own = part.setting.structure.filter((change) => !from.setting.structure.includes(change));
    const structure = incumbent.setting.structure.filter(
      (change) => !from.setting.structure.includes(change) && !own.includes(change) && !isMoot(change, own),
    );
    // What somebody said in words, nobody but its author can make again.
    if (structure.some((change) => readMove(change) === null)) return [];
    const values = Object.entries(incumbent.setting.values).filter(
      ([id, value]) => from.setting.values[id] !== value && part.setting.values[id] !== value,
    );
    const why = `${nodeId} is ${text}: the best without it may be as fast, and shows whether it is needed.`;
    return [
      {
        ...{ values: Object.fromEntries(values), structure, gain: WORTH_OF_CERTAINTY, why },
        ...{ family: `without:${nodeId}`, isProven: true, from, without: nodeId },
      },
    ];
  });
}

function isMoot(change: string, without: readonly string[]): boolean {
  const [name = ''] = change.split(/[: ]/);
  return without.includes('mtp') && isMoveName(name) && OF_THE_SUBPROCESS.includes(name);
}
