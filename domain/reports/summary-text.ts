/** summary.md: where a run stands, for people. A function of the run alone: no clock, no files. */

import { isRemeasurement } from '../belief/confirmation-state.js';
import { leftOutPractices, leftOutText, untriedPractices } from '../proposals/best-practices.js';
import { endedText } from '../run/ended-counts.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { isBroken } from '../run/experiment-record.js';
import { type FailureKind, suggestedAction } from '../run/failure.js';
import { namedLimits, ofLimitText, shownLimits } from '../run/limits.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { confidenceLines } from './caveats/confidence.js';
import { unclearRateLines } from './caveats/unclear-rate.js';
import { unreachedLines } from './caveats/unreached.js';
import { changeCells } from './change-against-parent.js';
import { EXPERIMENT_COLUMNS, type ExperimentTableRow, experimentCells, experimentTable } from './experiment-table.js';
import { comparisonLines, headlineTable, headspaceSentence } from './headline.js';
import { heldFindings } from './held-claims.js';
import { document, inline, section, table } from './markdown.js';
import { plateauCountText } from './plateau-text.js';
import { prunedLines } from './pruned.js';
import { durationText, firstOf, objectiveText, timeText } from './quantity-text.js';
import { runFacts } from './run-facts.js';
import type { RunRecord } from './run-record.js';
import { spendingLines } from './spending-text.js';
import { standingsOf } from './standing.js';
import { applyLines } from './winner/winner.js';

/** Long runs: the rest stands in master_table.tsv and findings.md. */
const NEWEST_EXPERIMENTS = 200;
const NEXT_IN_QUEUE = 20;
const NEWEST_WITH_FINDINGS = 8;

export function summaryReport(record: RunRecord): string {
  const { state } = record;
  const facts = runFacts(state);
  return document([
    `# Run ${state.run}: ${state.status}`,
    '',
    ...comparisonLines(facts),
    ...unclearRateLines(state),
    statusSentence(state),
    '',
    ...headlineTable(facts),
    '',
    headspaceSentence(facts),
    ...(state.stop ? applyLines(state, facts).flatMap((line) => ['', line]) : []),
    ...section('## Confidence', confidenceLines(state, facts)),
    ...section('## Limits', limitLines(state)),
    ...section('## Spent', spendingLines(state)),
    ...section('## Running', runningLines(state)),
    ...section('## Queue', queueLines(state)),
    ...section('## Experiments', experimentLines(state)),
    ...section('## Latest findings', findingLines(record)),
    ...section('## Ended early', prunedLines(state)),
    ...section('## Failures', failureLines(state)),
    ...section('## Out of reach', unreachedLines(record)),
    ...section(
      '## Notes for the next plan',
      state.notes.map((note) => `- ${inline(note)}`),
    ),
  ]);
}

function statusSentence(state: EngineState): string {
  const counts = `${endedText(state)}, ${state.open.length} open`;
  const ended = state.stop ? ` Ended: ${state.stop.reason} (${inline(state.stop.detail)}).` : '';
  const planning = state.planningSince === null ? '' : ' A plan is being made.';
  return (
    `Started ${timeText(state.startedAtMs)}, last change ${timeText(state.updatedAtMs)} ` +
    `(${durationText((state.updatedAtMs - state.startedAtMs) / 1000)}). Experiments: ${counts}.${planning}${ended}`
  );
}

function limitLines(state: EngineState): string[] {
  const { limits } = state;
  const plateau = { rounds: plateauCount(state), patience: limits.patience, untried: untriedPractices(state) };
  const leftOut = leftOutPractices(state).map((tag) => leftOutText(`${tag} is left out`));
  const busy = openRows(state).filter(
    ({ state: now }) => now.status === 'launching' || now.status === 'running',
  ).length;
  return [
    `- Planning rounds: ${ofLimitText(state.iteration, limits.maxIterations)}`,
    `- Rounds in a row without a gain: ${plateauCountText(plateau)}`,
    `- Jobs at a time: ${ofLimitText(busy, limits.maxConcurrency)}`,
    `- Wall clock of a job: ${durationText(limits.jobTimeoutS)}`,
    ...shownLimits(namedLimits(limits)).map(({ label, value }) => `- ${label} at most: ${value}`),
    `- Best practices tried: ${[state.practicesTried.join(', ') || 'none yet', ...leftOut].join('; ')}`,
  ];
}

function runningLines(state: EngineState): string[] {
  return openRows(state)
    .filter((row) => row.state.status !== 'queued')
    .map(({ nodeId, state: now }) => {
      const hasJob = now.status === 'running' || now.status === 'analyzing';
      const job = hasJob ? `, job ${inline(now.jobId)}, launched ${timeText(now.launchedAtMs)}` : '';
      return `- ${nodeId}: ${now.status}${job}`;
    });
}

function queueLines(state: EngineState): string[] {
  const queued = inRunOrder(
    state,
    openRows(state).filter((row) => row.state.status === 'queued'),
  );
  const more = queued.length - NEXT_IN_QUEUE;
  const change = changeCells(state);
  return [
    ...queued
      .slice(0, NEXT_IN_QUEUE)
      .map((row) => `- ${row.nodeId} (priority ${row.priority}): ${inline(change(row))}`),
    ...(more > 0 ? [`- and ${more} more (engine/queue.json)`] : []),
  ];
}

function experimentLines(state: EngineState): string[] {
  const rows = experimentTable(state);
  const hidden = Math.max(0, rows.length - NEWEST_EXPERIMENTS);
  return [
    ...experimentTableLines(state, rows.slice(hidden)),
    ...(hidden > 0 ? ['', `The first ${hidden} experiments stand in master_table.tsv.`] : []),
  ];
}

/** Experiments with what each changes, and what the star means; nothing where there are none. */
export function experimentTableLines(state: EngineState, rows: readonly ExperimentTableRow[]): string[] {
  if (rows.length === 0) return [];
  const change = changeCells(state);
  const cells = rows.map((row) => [...experimentCells(row), change(state.experiments[row.nodeId]!)]);
  const notes = [
    ...aboveBestNotes(state, rows),
    ...(rows.some((row) => row.isBest) ? ['\\* the best so far'] : []),
    ...(rows.some((row) => row.runs > 1)
      ? [
          'The result is the likely speed by all runs that count, not their plain mean; step, data ready and job are of the first run.',
        ]
      : []),
  ];
  return [...table([...EXPERIMENT_COLUMNS, 'change'], cells), ...notes.flatMap((note) => ['', note])];
}

const ABOVE_BEST_NAMED = 5;

/** Why what measured more than the best is not the best. */
function aboveBestNotes(state: EngineState, rows: readonly ExperimentTableRow[]): string[] {
  const names = rows.filter((row) => row.isAboveBest).map(({ nodeId }) => nodeId);
  if (names.length === 0) return [];
  return [
    `${firstOf(names, ABOVE_BEST_NAMED)} measured more than ${state.best}, the best, by no more than runs of the same code differ: that is not shown to be faster.`,
  ];
}

function findingLines(record: RunRecord): string[] {
  const { ended, findings, state } = record;
  // What repeats find is how they were disturbed: it stands in findings.md.
  const newest = ended
    .filter(({ nodeId }) => findings.get(nodeId)?.length && !isRemeasurement(state.experiments[nodeId]!))
    .slice(-NEWEST_WITH_FINDINGS);
  const standing = standingsOf(state);
  return newest.reverse().flatMap(({ nodeId }) => {
    const result = objectiveText(standing(nodeId).objective);
    return [`- **${nodeId}** (${result})`, ...heldFindings(record, nodeId).map((text) => `  - ${inline(text)}`)];
  });
}

function failureLines(state: EngineState): string[] {
  const byKind = new Map<FailureKind, string[]>();
  const add = (kind: FailureKind, line: string) => byKind.set(kind, [...(byKind.get(kind) ?? []), line]);
  for (const failure of state.setupFailures) add(failure.kind, `setup: ${inline(failure.message)}`);
  for (const row of Object.values(state.experiments)) {
    const { nodeId, state: now } = row;
    if (now.status === 'failed' && isBroken(row)) add(now.failure.kind, `${nodeId}: ${inline(now.failure.message)}`);
  }
  return [...byKind].flatMap(([kind, lines]) => [
    `- **${kind}** (${lines.length}): ${suggestedAction(kind)}`,
    ...lines.slice(-5).map((line) => `  - ${line}`),
    ...(lines.length > 5 ? [`  - and ${lines.length - 5} before these`] : []),
  ]);
}
