/** A run in one look, as sections of lines: `status` shows all of them whole, a live view as much as there is room. */

import type { Diagnostic } from '../../domain/overview/diagnostic.js';
import type { Overview, ShownResult } from '../../domain/overview/overview.js';
import type { ToCome } from '../../domain/overview/to-come.js';
import type { UnderWay } from '../../domain/overview/under-way.js';
import { runsText } from '../../domain/reports/experiment-table.js';
import { intervalText, outcomeText } from '../../domain/reports/judgement-text.js';
import { plateauCountText } from '../../domain/reports/plateau-text.js';
import { durationText, gainText, isoTimeText, objectiveText } from '../../domain/reports/quantity-text.js';
import { ofLimitText } from '../../domain/run/limits.js';
import { columns } from './columns.js';

export interface Section {
  /** Of a table its head, whose first column bears the section's name. */
  title: string;
  lines: string[];
  /** Of sections for which there is no room the one with the least goes first. */
  weight: number;
}

/** Empty ones are left out. */
export function overviewSections(overview: Overview): Section[] {
  return [
    diagnosticsSection(overview.diagnostics),
    table(9, ['running', 'step', 'for', 'progress', 'left'], overview.under_way.map(underWayCells)),
    table(
      8,
      ['waits for your approval', 'of', 'for', 'change'],
      overview.asked.map(({ node_id, stage, for_s, change }) => [
        node_id,
        stage === 'plans' ? 'its plan' : 'its code',
        durationText(Math.floor(for_s)),
        change,
      ]),
    ),
    table(5, ['queue', 'priority', 'kind', 'change', 'why'], overview.queue.map(queueCells)),
    table(
      8,
      ['last results', 'result', 'vs baseline', 'verdict', 'runs', 'job', 'change'],
      overview.results.map(resultCells),
    ),
    table(
      6,
      ['under confirmation', 'result', 'against', 'gain if real', 'repeats', 'why'],
      overview.candidates.map(({ node_id, objective, against, gain, repeats_done, repeats_open, why }) => [
        node_id,
        objectiveText(objective),
        against ?? '-',
        gain ? intervalText(gain) : '-',
        `${repeats_done} done, ${repeats_open} open`,
        why,
      ]),
    ),
    {
      title: 'last findings',
      lines: overview.findings.flatMap(({ node_id, texts }) => texts.map((text) => `${node_id}: ${text}`)),
      weight: 4,
    },
    { title: 'out of reach', lines: overview.unreached, weight: 2 },
  ].filter(({ lines }) => lines.length > 0);
}

/** What is still to come, in one line; null once the run has ended. */
export function toComeText({ to_come: next }: Pick<Overview, 'to_come'>): string | null {
  if (next === null) return null;
  const jobs = next.jobs === 1 ? '1 job' : `${next.jobs} jobs`;
  const known = next.jobs === 0 ? 'no job is known' : `${jobs}${aboutText(next)}`;
  const rounds = next.most_rounds === 0 ? [] : [roundsText(next)];
  const verification = next.verification_jobs === 0 ? [] : [`${next.verification_jobs} that verify the winner`];
  return [known, ...rounds, ...verification].join(', then ') + endText(next);
}

function roundsText({ least_rounds: least, most_rounds: most, untried }: ToCome): string {
  const count = least === most ? `${most}` : `${least} to ${most}`;
  const practices = untried.length === 0 ? '' : ` (untried: ${untried.join(', ')})`;
  return `${count} planning ${most === 1 ? 'round' : 'rounds'}${practices}`;
}

/** How long a person takes to answer, nobody knows. */
function endText(next: ToCome): string {
  const { likely_jobs: likely, likely_s: likelyS, most_jobs: most, most_s: mostS, asked } = next;
  const amount = (jobs: number, seconds: number | null, about = '') =>
    `${jobs === 1 ? '1 job' : `${jobs} jobs`}${seconds === null ? '' : ` in ${about}${roughly(seconds)}`}`;
  const ends =
    likely === most && likelyS === mostS
      ? `${amount(most, mostS, 'about ')} to the end`
      : `most likely ${amount(likely, likelyS)}, at most ${amount(most, mostS)} to the end`;
  return asked === 0 ? `: ${ends}` : `: ${ends}, from your answer on`;
}

function roughly(seconds: number): string {
  return seconds < 60 ? durationText(Math.round(seconds)) : durationText(60 * Math.round(seconds / 60));
}

function aboutText({ jobs_left_s: seconds, asked }: ToCome): string {
  const parts = [
    ...(seconds === null ? [] : [`about ${durationText(Math.round(seconds))}`]),
    ...(asked === 0 ? [] : [`${asked} of them after your approval`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** "best 001_mtp 361.3 samples/s, +8% (95% interval …)". */
export function bestText({
  best,
  baseline,
  gain,
  is_provisional,
}: Pick<Overview, 'best' | 'baseline' | 'gain' | 'is_provisional'>): string {
  if (!best) return 'nothing is measured yet';
  if (best.node_id === baseline?.node_id) return `baseline ${objectiveText(baseline.objective)}; nothing beats it yet`;
  const over = baseline ? ` over the baseline (${objectiveText(baseline.objective)})` : '';
  const gained = gain ? `${intervalText(gain)}${over}` : `${gainText(best.gain)}${over}`;
  const open = gain ? '' : is_provisional ? ', not confirmed yet' : ', not verified';
  return `${is_provisional ? 'provisional best' : 'best'} ${best.node_id} ${objectiveText(best.objective)}: ${gained}${open}`;
}

export function plateauText({ plateau, rounds }: Pick<Overview, 'plateau' | 'rounds'>): string {
  return `plateau ${plateauCountText(plateau)}, round ${ofLimitText(rounds.begun, rounds.most)}`;
}

function resultText(result: ShownResult): string {
  const { failure_kind: failureKind, is_refused: isRefused, duplicate_of: duplicateOf, status, verdict } = result;
  const isAboveBest = result.is_above_best === true;
  return outcomeText({ status, failureKind, isRefused, duplicateOf, verdict, isAboveBest });
}

export function diagnosticLines({ level, what, since, why, advice }: Diagnostic): string[] {
  const from = since === null ? '' : ` (since ${isoTimeText(since)})`;
  return [`${level.toUpperCase()} ${what}${from}: ${why}`, `  to do: ${advice}`];
}

function diagnosticsSection(diagnostics: readonly Diagnostic[]): Section {
  return { title: 'diagnostics', lines: diagnostics.flatMap(diagnosticLines), weight: 7 };
}

function resultCells(result: ShownResult): string[] {
  const { node_id, is_best, objective, gain, runs, counted, duration_s, change } = result;
  return [
    is_best ? `${node_id} *` : node_id,
    objectiveText(objective),
    gain === null || gain === 1 ? '-' : gainText(gain),
    resultText(result),
    runs === 0 ? '-' : runsText({ runs, counted }),
    durationText(duration_s),
    change,
  ];
}

function queueCells({ node_id, priority, kind, change, why }: Overview['queue'][number]): string[] {
  return [node_id, String(priority), kind, change, why];
}

const STEPS = {
  preparing: 'is prepared',
  ready: 'waits for a slot',
  launching: 'pending',
  running: 'runs',
  analyzing: 'is analysed',
} as const satisfies Record<UnderWay['step'], string>;

const BAR_CELLS = 10;

function underWayCells({ node_id, step, for_s, progress, left_s, expected_s, waits }: UnderWay): string[] {
  const left =
    left_s === null ? '-' : left_s > 0 ? durationText(Math.ceil(left_s)) : `over ${durationText(expected_s)}`;
  const doing = waits === null ? STEPS[step] : waitText(waits);
  return [node_id, doing, durationText(Math.floor(for_s)), progress === null ? '-' : bar(progress), left];
}

/** "waits in the queue since 2026-01-01 10:00: Slurm: PENDING, Resources". */
export function waitText({ since, reason }: NonNullable<UnderWay['waits']>): string {
  return `waits in the queue since ${isoTimeText(since)}: ${reason}`;
}

function bar(share: number): string {
  const done = Math.floor(share * BAR_CELLS);
  return `${'#'.repeat(done)}${'.'.repeat(BAR_CELLS - done)} ${Math.floor(100 * share)}%`;
}

function table(weight: number, head: string[], rows: string[][]): Section {
  const [title = '', ...lines] = columns(head, rows).split('\n');
  return { title, lines, weight };
}
