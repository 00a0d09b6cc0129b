/**
 * report.md: what a run tried, what came of it, and how to take the winner over. Deterministic: made from the run's
 * events and specifications, without an agent.
 */

import { isUndecided as isOpen } from '../belief/judgement.js';
import type { RunConfig } from '../formats/config.js';
import { memoryOf } from '../proposals/tried-experiments.js';
import { isSetApart } from '../proposals/work-effect.js';
import { endedText } from '../run/ended-counts.js';
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID, commitOf, type ExperimentRow, HEADSPACE_ID, isBroken } from '../run/experiment-record.js';
import { type FailureKind, suggestedAction } from '../run/failure.js';
import { confidenceLines } from './caveats/confidence.js';
import { unclearRateLines } from './caveats/unclear-rate.js';
import { unreachedLines } from './caveats/unreached.js';
import { changeCells } from './change-against-parent.js';
import { type ExperimentTableRow, experimentTable } from './experiment-table.js';
import { comparisonLines, headlineTable, headspaceSentence } from './headline.js';
import { heldFindings } from './held-claims.js';
import { intervalText } from './judgement-text.js';
import { document, fence, inline, section } from './markdown.js';
import { prunedLines } from './pruned.js';
import { durationText, objectiveText, speedupText } from './quantity-text.js';
import { type RunFacts, runFacts } from './run-facts.js';
import type { RunRecord } from './run-record.js';
import { searchMemoryLines } from './search-memory-lines.js';
import { spendingLines } from './spending-text.js';
import { isWorthNaming, standingsOf } from './standing.js';
import { experimentTableLines } from './summary-text.js';
import { type Specs, winnerLines } from './winner/winner.js';

export function runReport(record: RunRecord, specs: Specs, config: RunConfig): string {
  const { state } = record;
  const facts = runFacts(state);
  const rows = experimentTable(state);
  const tried = rows.filter((row) => row.nodeId !== BASELINE_ID && row.nodeId !== HEADSPACE_ID);
  const completed = tried.filter((row) => row.status === 'completed');
  const standing = standingsOf(state);
  const isGain = ({ nodeId, gain, verdict }: ExperimentTableRow) => {
    const start = standing(state.experiments[nodeId]?.parentId ?? BASELINE_ID).gain;
    return isWorthNaming({ gain, start, verdict }, confirms(state));
  };
  // It looked better, and the run ended, or has not come, before its repeats told; or its number is above the best's.
  const isUndecided = ({ verdict, isAboveBest }: ExperimentTableRow) =>
    isOpen(verdict ?? undefined) || verdict === 'superseded' || (isAboveBest && verdict !== 'keep');
  const isApart = ({ nodeId }: ExperimentTableRow) => isSetApart(state.experiments[nodeId]!);
  const gains = completed
    .filter(isGain)
    .sort((a, b) => Number(b.isBest) - Number(a.isBest) || (b.gain ?? 0) - (a.gain ?? 0));
  return document([
    `# Report of run ${state.run}`,
    '',
    ...comparisonLines(facts),
    ...unclearRateLines(state),
    outcome(state, facts),
    '',
    ...headlineTable(facts),
    ...section('## Remaining headspace', [headspaceSentence(facts)]),
    ...section('## Confidence', confidenceLines(state, facts)),
    ...section('## How to apply the winner', winnerLines(state, facts, specs, config)),
    ...section('## What worked', experimentEntries(record, specs, gains)),
    ...section(
      '## What did not help',
      experimentEntries(
        record,
        specs,
        completed.filter((row) => !isGain(row) && !isUndecided(row) && !isApart(row)),
      ),
    ),
    ...section('## What is not decided', experimentEntries(record, specs, completed.filter(isUndecided))),
    ...section('## Other work, kept apart', otherWorkLines(state, completed.filter(isApart))),
    ...section('## What was learnt of each dimension', searchMemoryLines(memoryOf(state, config.base_launch_command))),
    ...section('## What was ended early', prunedLines(state)),
    ...section('## What failed', failedEntries(state)),
    ...section('## What was refused or cancelled', cancelledEntries(state)),
    ...section('## What could not be tried', unreachedLines(record)),
    ...section('## Planning rounds', planLines(record)),
    ...section('## What was spent', spendingLines(state)),
    ...section('## All experiments', experimentTableLines(state, rows)),
    '',
    'The evidence of each experiment stands in its folder under runs/, all numbers in master_table.tsv.',
  ]);
}

function confirms(state: EngineState): boolean {
  return (state.confirmation?.rules.confirmRuns ?? 0) > 0;
}

function outcome(state: EngineState, facts: RunFacts): string {
  const took = durationText((state.updatedAtMs - state.startedAtMs) / 1000);
  const why = state.stop
    ? `The run ended after ${took} (${state.stop.reason}: ${inline(state.stop.detail)}).`
    : `The run has not ended (${state.status}, ${took} after its start): this is how far it has come.`;
  const rounds = `${state.iteration} planning ${state.iteration === 1 ? 'round' : 'rounds'}`;
  const counts = `Experiments, in ${rounds}: ${endedText(state)}.`;
  return `${why} ${counts} ${bestSentence(facts)}`;
}

function bestSentence({ best, gain, proven, isProvisional }: RunFacts): string {
  if (!best) return 'Nothing was measured.';
  if (best.row.nodeId === BASELINE_ID) return 'No experiment beat the baseline.';
  const against = proven ? intervalText(proven) : speedupText(gain);
  const [word, open] = isProvisional ? ['provisional best', '; its repeats have not confirmed it yet'] : ['best', ''];
  return `The ${word} is **${best.row.nodeId}** with ${objectiveText(best.objective)}, ${against} against the baseline${open}.`;
}

function experimentEntries(record: RunRecord, specs: Specs, rows: readonly ExperimentTableRow[]): string[] {
  const about = changeCells(record.state);
  return rows.flatMap((row) => {
    const now = record.state.experiments[row.nodeId]!.state;
    const metrics = now.status === 'completed' ? now.metrics : null;
    const hypothesis = specs.get(row.nodeId)?.hypothesis;
    const findings = heldFindings(record, row.nodeId).slice(0, 4);
    return [
      `- **${row.nodeId}**: ${objectiveText(row.objective)}, ${speedupText(row.gain)}: ${inline(about(record.state.experiments[row.nodeId]!))}`,
      ...(row.isAboveBest ? [`  - ${aboveBestText(record.state, row)}`] : []),
      ...(hypothesis ? [`  - Hypothesis: ${inline(hypothesis)}`] : []),
      ...(metrics?.bottleneck_stage ? [`  - Bottleneck: ${inline(metrics.bottleneck_stage)}`] : []),
      ...findings.map((text) => `  - ${inline(text)}`),
    ];
  });
}

/** Compared with nothing: not how data is loaded differs, but what. */
function otherWorkLines(state: EngineState, rows: readonly ExperimentTableRow[]): string[] {
  const about = changeCells(state);
  return rows.map(
    ({ nodeId, objective }) =>
      `- **${nodeId}**: ${objectiveText(objective)}: ${inline(about(state.experiments[nodeId]!))}`,
  );
}

/** Its own reason may be of a time when the best stood elsewhere. */
function aboveBestText({ best, experiments }: EngineState, { nodeId, runs }: ExperimentTableRow): string {
  const { judged } = experiments[nodeId]!;
  const when = judged?.against === best && judged.reason !== '' ? ` (${inline(judged.reason)})` : '';
  const how = runs === 1 ? 'a single run' : `${runs} runs`;
  return `Measured more than the best in ${how}, by no more than runs of the same code differ: not shown to be faster${when}`;
}

function failedEntries(state: EngineState): string[] {
  const setup = state.setupFailures.map(({ kind, message }) => [
    `- **${kind}**: ${suggestedAction(kind)}`,
    `  - setup: ${inline(message)}`,
  ]);
  const about = changeCells(state);
  const byKind = new Map<FailureKind, ExperimentRow[]>();
  for (const row of Object.values(state.experiments)) {
    if (!isBroken(row)) continue;
    const { kind } = (row.state as Extract<typeof row.state, { failure: unknown }>).failure;
    byKind.set(kind, [...(byKind.get(kind) ?? []), row]);
  }
  const experiments = [...byKind].map(([kind, rows]) => [
    `- **${kind}**: ${suggestedAction(kind)}`,
    ...rows.map((row) => {
      const message = 'failure' in row.state ? inline(row.state.failure.message) : '';
      const commit = commitOf(row);
      return `  - ${row.nodeId} (${inline(about(row))}): ${message}${commit ? ` [${commit.slice(0, 12)}]` : ''}`;
    }),
  ]);
  return [...setup, ...experiments].flat();
}

function cancelledEntries(state: EngineState): string[] {
  const about = changeCells(state);
  return Object.values(state.experiments).flatMap((row) =>
    row.state.status === 'cancelled'
      ? [`- ${row.nodeId} (${inline(about(row))}): ${inline(row.state.failure.message)}`]
      : [],
  );
}

function planLines(record: RunRecord): string[] {
  return record.plans.flatMap((plan, index) => [
    ...(index === 0 ? [] : ['']),
    `### Round ${plan.iteration}: ${plan.action}`,
    ...(plan.reasoning ? ['', ...fence(plan.reasoning.trim(), 'text')] : []),
    ...(plan.accepted.length > 0 ? ['', `Queued: ${plan.accepted.join(', ')}.`] : []),
    ...(plan.refused.length > 0 ? [''] : []),
    ...plan.refused.map(({ name, reason }) => `- refused ${inline(name)}: ${inline(reason)}`),
    ...(plan.failure ? ['', `${plan.failure.kind}: ${inline(plan.failure.message)}`] : []),
  ]);
}
