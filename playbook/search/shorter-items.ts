/**
 * Less of each item (shorter clips, fewer frames): other work, so that it is no gain of data loading and nothing is
 * built on it. It is measured once, for the owner to decide by, and again only where the loading itself has become much
 * faster since.
 */
import type { Knob } from '../survey.js';
import type { Move } from './scored-moves.js';
import type { Situation } from './situation.js';
import type { Trial, Trials } from './trials.js';

/** Behind what is likely to make the same work faster, before what is only worth a guess; it has a place of its own. */
const WORTH_KNOWING = 0.05;
/** What is left of an item is still such an item. */
const SHORTEST = 1 / 4;
/** A cut of the best of then says enough of the best of now, unless that is this much faster. */
const MUCH_FASTER = 1.1;

export function shorterItems({ survey, setting, diagnosis, headroom }: Situation, incumbent: Trial, trials: Trials) {
  if (diagnosis.limit === 'compute') return [];
  return survey.knobs.flatMap((knob): Move[] => {
    if (knob.role !== 'item_length') return [];
    const now = setting.values[knob.id] ?? knob.value;
    const value = shortened(knob, now, headroom);
    if (value === null || isKnown(knob, incumbent, trials)) return [];
    return [
      {
        values: { [knob.id]: value },
        structure: [],
        gain: WORTH_KNOWING,
        why: `The loop waits for data: of items of ${value} in place of ${now} there is less to load. That is other work, to be compared with nothing but itself.`,
        family: `${knob.id}:shorter`,
        work: 'other_work',
      },
    ];
  });
}

/** Half, or a quarter where half would not do for the loading to keep up; null where nothing can be cut. */
function shortened({ whole = true }: Knob, now: number, headroom: number): number | null {
  const share = headroom <= 2 ? 1 / 2 : SHORTEST;
  const exact = now * share;
  const value = whole ? Math.max(1, Math.round(exact)) : Number(exact.toPrecision(3));
  return value < now ? value : null;
}

function isKnown(knob: Knob, incumbent: Trial, { all, base }: Trials): boolean {
  const speeds = new Map(all.map(({ entry, speed }) => [entry.nodeId, speed]));
  return all.some(({ entry, setting }) => {
    if (setting.values[knob.id] === base.values[knob.id]) return false;
    const before = speeds.get(String(entry.spec.stacks_on ?? ''));
    return entry.status !== 'completed' || incumbent.speed! < MUCH_FASTER * (before ?? incumbent.speed!);
  });
}

/** Experiments whose numbers are of other work tell nothing of this work's pipeline. */
export function doesOtherWork({ entry }: Pick<Trial, 'entry'>): boolean {
  return entry.spec.work === 'other_work';
}
