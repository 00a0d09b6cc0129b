/** What a report says about how far its numbers can be trusted: noise, the proven gain, and what was set apart. */

import { confidenceOf, repeatRows } from '../belief/repeats.js';
import type { EngineState } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import { intervalText, VERDICT_TEXTS } from './judgement-text.js';
import { inline } from './markdown.js';
import { numberText, objectiveText } from './quantity-text.js';
import type { RunFacts } from './run-facts.js';
import { standingsOf } from './standing.js';

/** A list for Markdown; empty in a run that repeats nothing. */
export function confidenceLines(state: EngineState, facts: RunFacts): string[] {
  if (!state.confirmation) return [];
  const known = confidenceOf(state);
  const { completed } = countRepeats(state);
  return [
    known
      ? `- Noise: a single run is off by ${percent(known.noise)} (one standard deviation, from ${completed} repeats); a gain counts from ${percent(known.least)} on.`
      : '- Noise: not known; nothing was repeated.',
    ...gainLines(state, facts),
    ...markedLines(state, 'quarantine', 'not believed, and never the best'),
    ...markedLines(state, 'reject', 'looked better once, and not when repeated'),
    ...undecidedLines(state),
  ];
}

function gainLines(state: EngineState, { best, proven, left }: RunFacts): string[] {
  if (!best || !proven) return [];
  const isVerified = state.confirmation?.verified === best.row.nodeId;
  const how = isVerified ? 'measured in turn with the baseline at the end' : 'from its repeats';
  return [
    `- Gain of ${best.row.nodeId} over the baseline: ${intervalText(proven)}, ${how}.`,
    ...(proven.low > 0 ? [] : ['- **That interval includes no gain at all: the result did not show again.**']),
    ...(left ? [`- The ceiling is above it by ${intervalText(left)}.`] : []),
  ];
}

function markedLines(state: EngineState, verdict: 'quarantine' | 'reject', meaning: string): string[] {
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

export function percent(share: number): string {
  return `${numberText(Number((100 * share).toPrecision(2)))}%`;
}
