/**
 * What a person may put into the pull request of an experiment: what it changes, why, and how far its numbers are
 * believed.
 */
import { measuredRuns } from '../belief/repeats.js';
import type { Spec } from '../formats/spec.js';
import { untriedPractices } from '../proposals/best-practices.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';
import { changeWords } from './change-words.js';
import { headspaceSentence } from './headline.js';
import { intervalText, VERDICT_TEXTS } from './judgement-text.js';
import { fence, section, table } from './markdown.js';
import { objectiveText, speedupText } from './quantity-text.js';
import { runFacts } from './run-facts.js';
import { type Standing, standingsOf } from './standing.js';

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

/** Runs beside other work count only where there are no others, and those that a winner was chosen by never. */
function runsText(state: EngineState, nodeId: string, counted: number): string {
  const measured = measuredRuns(state, nodeId);
  return measured > counted ? `${counted} that count, of ${measured}` : String(counted);
}

/** `launch`: how the experiment is launched where that differs from the run's own command; else null. */
export function pullRequest(
  state: EngineState,
  nodeId: string,
  changes: readonly StackedChange[],
  launch: string | null,
): PullRequest {
  const standing = standingsOf(state);
  const { objective: own, gain, runs } = standing(nodeId);
  const before = standing(BASELINE_ID);
  const [what, why] = [
    changes.map(({ spec }) => changeWords(spec, { changeSet: spec.changes, name: spec.name })),
    changes.flatMap(({ spec }) => spec.hypothesis || []),
  ];
  const title = `Load data faster: ${what.join('; ') || nodeId}`;
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
        ['', 'result', 'runs', 'vs before'],
        [
          ['before', objectiveText(before.objective), runsText(state, BASELINE_ID, before.runs), '-'],
          ['after', objectiveText(own), runsText(state, nodeId, runs), speedupText(gain)],
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
    const none = proven.low > 0 ? [] : ['That interval includes no gain at all: the result did not show again.'];
    return [`Gain over the code before: ${intervalText(proven)}, ${how}.`, ...none];
  }
  const judged = row?.judged?.gain;
  return [
    judged && row.judged?.against !== null
      ? `Gain over ${row.judged?.against}, which it was compared with: ${intervalText(judged)}.`
      : 'Each was measured once: how far single runs differ is not known, and neither is whether this is a gain.',
    ...(verdict === 'reject' || verdict === 'quarantine'
      ? [`The run holds it for ${VERDICT_TEXTS[verdict]}: ${row?.judged?.reason}.`]
      : []),
  ];
}

function notTried(state: EngineState): string[] {
  const practices = untriedPractices(state);
  const queued = openRows(state).filter((row) => row.state.status === 'queued').length;
  return [
    `- ${headspaceSentence(runFacts(state))}`,
    ...(practices.length > 0 ? [`- Known ways that were not tried: ${practices.join(', ')}.`] : []),
    ...(queued > 0 ? [`- ${queued} experiments were planned and not run.`] : []),
  ];
}
