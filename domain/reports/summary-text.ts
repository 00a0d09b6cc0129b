/** summary.md: where a run stands, for people. A function of the run alone: no clock, no files. */

import { isRemeasurement } from '../belief/confirmation-state.js';
import type { Spec } from '../formats/spec.js';
import { type EngineState, openRows, tallyShown } from '../run/engine-state.js';
import { type ExperimentRow, isBroken } from '../run/experiment-record.js';
import { type FailureKind, suggestedAction } from '../run/failure.js';
import { namedLimits, shownLimits } from '../run/limits.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { changeWords } from './change-words.js';
import { confidenceLines } from './confidence.js';
import { EXPERIMENT_COLUMNS, type ExperimentTableRow, experimentCells, experimentTable } from './experiment-table.js';
import { comparisonLines, headlineTable, headspaceSentence } from './headline.js';
import { heldFindings } from './held-claims.js';
import { document, inline, oneLine, section, table } from './markdown.js';
import { prunedLines } from './pruned.js';
import { durationText, objectiveText, timeText } from './quantity-text.js';
import { runFacts } from './run-facts.js';
import type { RunRecord } from './run-record.js';
import { spendingLines } from './spending-text.js';
import { standingsOf } from './standing.js';
import { unreachedLines } from './unreached.js';

export type Specs = ReadonlyMap<string, Spec>;

/** Long runs: the rest stands in master_table.tsv and findings.md. */
const NEWEST_EXPERIMENTS = 200;
const NEXT_IN_QUEUE = 20;
const NEWEST_WITH_FINDINGS = 8;

export function summaryReport(record: RunRecord, specs: Specs): string {
  const { state } = record;
  const facts = runFacts(state);
  return document([
    `# Run ${state.run}: ${state.status}`,
    '',
    ...comparisonLines(facts),
    statusSentence(state),
    '',
    ...headlineTable(facts),
    '',
    headspaceSentence(facts),
    ...section('## Confidence', confidenceLines(state, facts)),
    ...section('## Limits', limitLines(state)),
    ...section('## Spent', spendingLines(state)),
    ...section('## Running', runningLines(state)),
    ...section('## Queue', queueLines(state, specs)),
    ...section('## Experiments', experimentLines(state, specs)),
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
  const { completed, failed, pruned, duplicates, cancelled } = tallyShown(state);
  const counts = [
    `${completed} completed${repeatsText(state)}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(pruned > 0 ? [`${pruned} pruned`] : []),
    ...(duplicates > 0 ? [`${duplicates} duplicate`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    `${state.open.length} open`,
  ].join(', ');
  const ended = state.stop ? ` Ended: ${state.stop.reason} (${inline(state.stop.detail)}).` : '';
  const planning = state.planningSince === null ? '' : ' A plan is being made.';
  return (
    `Started ${timeText(state.startedAtMs)}, last change ${timeText(state.updatedAtMs)} ` +
    `(${durationText((state.updatedAtMs - state.startedAtMs) / 1000)}). Experiments: ${counts}.${planning}${ended}`
  );
}

function limitLines(state: EngineState): string[] {
  const { limits } = state;
  const busy = openRows(state).filter(
    ({ state: now }) => now.status === 'launching' || now.status === 'running',
  ).length;
  return [
    `- Planning rounds: ${state.iteration} of ${limits.maxIterations}`,
    `- Rounds in a row without a gain: ${plateauCount(state)} of ${limits.patience}`,
    `- Jobs at a time: ${busy} of ${limits.maxConcurrency}`,
    `- Wall clock of a job: ${durationText(limits.jobTimeoutS)}`,
    ...shownLimits(namedLimits(limits)).map(({ label, value }) => `- ${label} at most: ${value}`),
    `- Best practices tried: ${state.practicesTried.join(', ') || 'none yet'}`,
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

function queueLines(state: EngineState, specs: Specs): string[] {
  const queued = inRunOrder(openRows(state).filter((row) => row.state.status === 'queued'));
  const more = queued.length - NEXT_IN_QUEUE;
  return [
    ...queued
      .slice(0, NEXT_IN_QUEUE)
      .map((row) => `- ${row.nodeId} (priority ${row.priority}): ${inline(change(row, specs))}`),
    ...(more > 0 ? [`- and ${more} more (engine/queue.json)`] : []),
  ];
}

function experimentLines(state: EngineState, specs: Specs): string[] {
  const rows = experimentTable(state);
  const hidden = Math.max(0, rows.length - NEWEST_EXPERIMENTS);
  return [
    ...experimentTableLines(state, specs, rows.slice(hidden)),
    ...(hidden > 0 ? ['', `The first ${hidden} experiments stand in master_table.tsv.`] : []),
  ];
}

/** " (41 of them repeats)": tables show what repeats say with what they repeat. '' where there are none. */
export function repeatsText({ experiments }: EngineState): string {
  const repeats = Object.values(experiments).filter((row) => row.state.status === 'completed' && isRemeasurement(row));
  return repeats.length === 0 ? '' : ` (${repeats.length} of them repeats)`;
}

/** Experiments with what each changes, and what the star means; nothing where there are none. */
export function experimentTableLines(state: EngineState, specs: Specs, rows: readonly ExperimentTableRow[]): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [...experimentCells(row), change(state.experiments[row.nodeId]!, specs)]);
  const notes = [
    ...(rows.some((row) => row.isBest) ? ['\\* the best so far'] : []),
    ...(rows.some((row) => row.repeats > 0)
      ? ['The result is that of all runs that count; step, data ready and job are of the first run.']
      : []),
  ];
  return [...table([...EXPERIMENT_COLUMNS, 'change'], cells), ...notes.flatMap((note) => ['', note])];
}

/** What an experiment changes, in a few words. */
export function change(row: ExperimentRow, specs: Specs): string {
  return oneLine(changeWords(specs.get(row.nodeId), row), 80);
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
