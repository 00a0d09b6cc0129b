/** What a report says about how far its numbers can be trusted: noise, the proven gain, and what was set apart. */

import type { Drift } from '../../belief/confirmation-state.js';
import type { GainInterval, Verdict } from '../../belief/judgement.js';
import { confidenceOf, repeatRows } from '../../belief/repeats.js';
import type { EngineState } from '../../run/engine-state.js';
import type { ExperimentRow } from '../../run/experiment-record.js';
import { intervalText, leftText, VERDICT_TEXTS } from '../judgement-text.js';
import { inline } from '../markdown.js';
import { objectiveText, percent } from '../quantity-text.js';
import type { RunFacts } from '../run-facts.js';
import { standingsOf } from '../standing.js';
import { busyMachineText, takenAsTheyAre } from './busy-machine.js';

/** A list for Markdown; empty in a run that repeats nothing. */
export function confidenceLines(state: EngineState, facts: RunFacts): string[] {
  if (!state.confirmation) return [];
  const known = confidenceOf(state);
  const { completed } = countRepeats(state);
  const busy = busyMachineText(state);
  return [
    ...(busy === null ? [] : [`- **${busy}**`]),
    ...takenAsTheyAre(state),
    known
      ? `- Noise: a single run is off by ${percent(known.noise)} (one standard deviation, from ${completed} repeats); a gain counts from ${percent(known.least)} on.`
      : `- Noise: not known; ${completed > 0 ? 'nothing that loads its data was measured twice' : 'nothing was repeated'}.`,
    ...(state.confirmation.drifts ?? []).map((drift) => `- Drift: ${driftText(drift)}.`),
    ...gainLines(state, facts),
    ...markedLines(state, 'quarantine', 'not believed, and never the best'),
    ...markedLines(state, 'reject', 'looked better at first, and its repeats did not bear it out'),
    ...markedLines(state, 'refuted', 'was the provisional best until its repeats contradicted it'),
    ...markedLines(state, 'superseded', 'whether it is a gain decides nothing any more'),
    ...undecidedLines(state),
  ];
}

/** What is told of a drift of the machine. */
export function driftText({ nodeId, by }: Pick<Drift, 'nodeId' | 'by'>): string {
  const how = `${percent(Math.abs(Math.expm1(by)))} ${by > 0 ? 'faster' : 'slower'}`;
  return `the machine is ${how} than before, as two sentinels of ${nodeId} agree: what was measured before counts as if it ran now, and what is not decided is measured again`;
}

/** What an interval that includes no gain means; nothing where it does not. */
export function noGainText({ low, gain }: GainInterval): string[] {
  if (low > 0) return [];
  const why = gain > 0 ? 'the runs are too few, or differ too much, to prove one' : 'the result did not show again';
  return [`That interval includes no gain at all: ${why}.`];
}

function gainLines(state: EngineState, { best, proven, left }: RunFacts): string[] {
  if (!best || !proven) return [];
  const isVerified = state.confirmation?.verified === best.row.nodeId;
  const how = isVerified ? 'measured in turn with the baseline at the end' : 'from its repeats';
  return [
    `- Gain of ${best.row.nodeId} over the baseline: ${intervalText(proven)}, ${how}.`,
    ...noGainText(proven).map((text) => `- **${text}**`),
    ...(left ? [`- Left to the ceiling: ${leftText(left)}.`] : []),
  ];
}

function markedLines(state: EngineState, verdict: Verdict, meaning: string): string[] {
  return Object.values(state.experiments)
    .filter(({ judged }) => judged?.verdict === verdict)
    .map(
      (row) =>
        `- ${row.nodeId} is ${VERDICT_TEXTS[verdict]} (${meaning}): ${inline(row.judged!.reason)}${gainOf(row)}.`,
    );
}

function undecidedLines(state: EngineState): string[] {
  const standing = standingsOf(state);
  return (state.confirmation?.candidates ?? []).map(
    (nodeId) =>
      `- ${nodeId} (${objectiveText(standing(nodeId).objective)}) is not decided: what it measured was not confirmed.`,
  );
}

function gainOf({ judged }: ExperimentRow): string {
  return judged?.gain ? `, ${intervalText(judged.gain)}` : '';
}

function countRepeats(state: EngineState): { completed: number } {
  const all = Object.keys(state.confirmation?.repeats ?? {}).flatMap((nodeId) => repeatRows(state, nodeId));
  return { completed: all.filter((row) => row.state.status === 'completed').length };
}
