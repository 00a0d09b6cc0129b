/**
 * What a person may put into the pull request of an experiment: what it changes, why, and how far its numbers are
 * believed.
 */
import { measuredRuns } from '../belief/repeats.js';
import type { Spec } from '../formats/spec.js';
import { leftOutPractices, leftOutText, untriedPractices } from '../proposals/best-practices.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';
import { noGainText } from './caveats/confidence.js';
import { changeWords } from './change-words.js';
import { runsText } from './experiment-table.js';
import { headspaceSentence } from './headline.js';
import { intervalText, VERDICT_TEXTS } from './judgement-text.js';
import { fence, section, table } from './markdown.js';
import { objectiveText, speedupText } from './quantity-text.js';
import { runFacts } from './run-facts.js';
import { type Standing, standingsOf } from './standing.js';
import { toldChanges } from './winner/folded-changes.js';
import { partsOf, partTexts } from './winner/winner-parts.js';

export interface PullRequest {
  title: string;
  /** Markdown. */
  body: string;
}

/** One change of those that are taken over, the oldest first. */
export interface StackedChange {
  nodeId: string;
  spec: Spec;
}

const TITLE_LENGTH = 100;

/** `launch`: how the experiment is launched where that differs from the run's own command; else null. */
export function pullRequest(
  state: EngineState,
  nodeId: string,
  changes: readonly StackedChange[],
  launch: string | null,
): PullRequest {
  const standing = standingsOf(state);
  const { objective: own, gain } = standing(nodeId);
  const before = standing(BASELINE_ID);
  const runs = (id: string) => runsText({ runs: measuredRuns(state, id), counted: standing(id).runs });
  const parts = new Map(partsOf(state, nodeId).map((part) => [part.nodeId, part.standing]));
  const alone = partTexts(state, nodeId);
  const wordsOf = (spec: Spec) => changeWords(spec, { changeSet: spec.changes, name: spec.name });
  const told = toldChanges(
    changes.map((each) => ({ nodeId: each.nodeId, words: wordsOf(each.spec) })),
    alone,
  );
  // What was measured and did not help by itself is no reason, and no name, for the whole.
  const names = (each: { nodeId: string }) => each.nodeId === nodeId || parts.get(each.nodeId) !== 'refuted';
  const what = told.map((each) => {
    const text = alone.get(each.nodeId);
    return text === undefined ? each.words : `${each.words} (${text})`;
  });
  const why = [...new Set(changes.filter(names).flatMap(({ spec }) => spec.hypothesis || []))];
  const title = `Load data faster: ${
    told
      .filter(names)
      .map(({ words }) => words)
      .join('; ') || nodeId
  }`;
  const lines = [
    ...section('## What', [
      ...what.map((text) => `- ${text}`),
      ...(launch === null ? [] : ['', 'It is launched with:', '', ...fence(launch, 'sh')]),
    ]),
    ...section(
      '## Why',
      why.map((text) => `- ${text}`),
    ),
    ...section('## Measured', [
      ...table(
        ['', 'result', 'runs that count', 'vs before'],
        [
          ['before', objectiveText(before.objective), runs(BASELINE_ID), '-'],
          ['after', objectiveText(own), runs(nodeId), speedupText(gain)],
        ],
      ),
      '',
      ...beliefLines(state, nodeId, standing(nodeId)),
    ]),
    ...section('## Not tried', notTried(state)),
  ];
  return {
    title: title.length > TITLE_LENGTH ? `${title.slice(0, TITLE_LENGTH - 1)}…` : title,
    body: lines.join('\n').trim(),
  };
}

/** What the numbers are worth; a gain without repeats is never told as a fact. */
function beliefLines(state: EngineState, nodeId: string, { proven, verdict }: Standing): string[] {
  const row = state.experiments[nodeId];
  if (proven !== null) {
    const how = state.confirmation?.verified === nodeId ? 'measured in turn with the code before' : 'from repeats';
    return [
      `Gain over the code before: ${intervalText(proven)}, ${how}.`,
      ...noGainText(proven),
      ...openLines(verdict),
    ];
  }
  const judged = row?.judged?.gain;
  return [
    judged && row.judged?.against !== null
      ? `Gain over ${row.judged?.against}, which it was compared with: ${intervalText(judged)}.`
      : undecidedText(state, nodeId),
    ...(verdict === 'reject' || verdict === 'quarantine' || verdict === 'refuted' || verdict === 'superseded'
      ? [`The run holds it for ${VERDICT_TEXTS[verdict]}: ${row?.judged?.reason}.`]
      : openLines(verdict)),
  ];
}

function undecidedText(state: EngineState, nodeId: string): string {
  if (measuredRuns(state, nodeId) > 1) return 'Its repeats did not decide whether this is a gain.';
  return measuredRuns(state, BASELINE_ID) > 1
    ? 'It was measured once, and one run decides nothing: whether this is a gain is not known.'
    : 'Each was measured once: how far single runs differ is not known, and neither is whether this is a gain.';
}

function openLines(verdict: Standing['verdict']): string[] {
  return verdict === 'provisional'
    ? ['It is the provisional best of its run: its repeats have not confirmed it yet.']
    : [];
}

function notTried(state: EngineState): string[] {
  const practices = [...untriedPractices(state), ...leftOutPractices(state).map(leftOutText)];
  const queued = openRows(state).filter((row) => row.state.status === 'queued').length;
  return [
    `- ${headspaceSentence(runFacts(state))}`,
    ...(practices.length > 0 ? [`- Known ways that were not tried: ${practices.join(', ')}.`] : []),
    ...(queued > 0 ? [`- ${queued} experiments were planned and not run.`] : []),
  ];
}
