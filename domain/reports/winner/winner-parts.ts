/**
 * What a winner is made of: the experiments that it is stacked on, as far as their changes are still in it, and itself.
 * Which of them were confirmed by themselves, and which were only measured as parts of the whole.
 */
import { speaksAgainst } from '../../belief/judgement.js';
import { keptOver } from '../../belief/weighing.js';
import { type Changes, changesKey, effectiveChanges } from '../../proposals/effective-changes.js';
import type { EngineState } from '../../run/engine-state.js';
import { BASELINE_ID, commitOf, type ExperimentRow } from '../../run/experiment-record.js';
import { VERDICT_TEXTS } from '../judgement-text.js';

interface Part {
  nodeId: string;
  /** What it stands on in the winner. */
  onto: string;
  /** What it changes of that and the winner still has: name to value, '' for what is there or not. */
  own: Changes;
  /** Kept over what it stands on; its measurements spoke against it; or nothing was decided of it alone. */
  standing: 'confirmed' | 'refuted' | 'undecided';
}

/** The oldest first, the winner last. */
export function partsOf(state: EngineState, winner: string): Part[] {
  const changes = changesOfAll(state);
  const inWinner = changes.get(winner) ?? NONE;
  const parts: Part[] = [];
  let onto = BASELINE_ID;
  for (const row of pathTo(state, winner)) {
    const before = changes.get(onto) ?? NONE;
    const own = [...(changes.get(row.nodeId) ?? NONE)].filter(
      ([name, value]) => before.get(name) !== value && inWinner.get(name) === value,
    );
    if (own.length === 0 && row.nodeId !== winner) continue;
    parts.push({ nodeId: row.nodeId, onto, own: new Map(own), standing: standingOf(state, row, onto) });
    onto = row.nodeId;
  }
  return parts;
}

const NONE: Changes = new Map();

function changesOfAll(state: EngineState): Map<string, Changes> {
  const rows = Object.values(state.experiments).sort((a, b) => a.seq - b.seq);
  return effectiveChanges(
    rows.map((row) => ({ ...row, commit: commitOf(row) })),
    state.baseCommit,
  );
}

/** Without the baseline. */
function pathTo({ experiments }: EngineState, nodeId: string): ExperimentRow[] {
  const path: ExperimentRow[] = [];
  let row = experiments[nodeId];
  while (row && row.nodeId !== BASELINE_ID && !path.includes(row)) {
    path.unshift(row);
    row = experiments[row.parentId ?? ''];
  }
  return path;
}

/** One that was kept over what was kept over its start is a gain over that as well. */
function standingOf(state: EngineState, { nodeId, judged }: ExperimentRow, onto: string): Part['standing'] {
  if (judged?.verdict !== 'keep') return speaksAgainst(judged?.verdict) ? 'refuted' : 'undecided';
  const below: string[] = [];
  for (let over = keptOver(state, nodeId); over !== null && !below.includes(over); over = keptOver(state, over))
    below.push(over);
  return below.includes(onto) ? 'confirmed' : 'undecided';
}

/** "confirmed by itself". */
function partText(state: EngineState, { nodeId, own, standing }: Part): string {
  if (standing === 'confirmed')
    return own.size > 1 ? `confirmed by itself, its ${own.size} changes together` : 'confirmed by itself';
  const judged = state.experiments[nodeId]?.judged;
  const against = judged?.against ? `, against ${judged.against}` : '';
  const how =
    standing === 'refuted'
      ? `not confirmed by itself (${VERDICT_TEXTS[judged!.verdict]}${against})`
      : 'not decided by itself';
  return `${how}; measured only as a part of the whole`;
}

/**
 * Of each part, where there are several: of a winner of one part its own verdict says it all. Nothing in a run that
 * confirms nothing.
 */
export function partTexts(state: EngineState, winner: string): Map<string, string> {
  const confirms = (state.confirmation?.rules.confirmRuns ?? 0) > 0;
  const parts = confirms ? partsOf(state, winner) : [];
  return new Map(parts.length < 2 ? [] : parts.map((part) => [part.nodeId, partText(state, part)]));
}

/** Parts of the best that nothing but the whole speaks for, and without which it has not been tried. */
interface Doubted extends Part {
  text: string;
}

export function doubtedParts(state: EngineState): Doubted[] {
  const { best } = state;
  if (best === null) return [];
  const parts = partsOf(state, best);
  const doubted = parts.filter(({ nodeId, standing }) => standing === 'refuted' && nodeId !== best);
  if (doubted.length === 0) return [];
  const changes = changesOfAll(state);
  const tried = new Set([...changes.values()].map(changesKey));
  return doubted.flatMap((part) => {
    const before = changes.get(part.onto) ?? NONE;
    const without = [...changes.get(best)!].flatMap(([name, value]): [string, string][] => {
      const old = before.get(name);
      return !part.own.has(name) ? [[name, value]] : old === undefined ? [] : [[name, old]];
    });
    return tried.has(changesKey(without)) ? [] : [{ ...part, text: partText(state, part) }];
  });
}
