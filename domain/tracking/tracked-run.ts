/** An experiment as tools that track trainings see it (TensorBoard, W&B): a run with settings, values and series. */
import { flagsOf } from '../command/launch-command.js';
import type { Evidence } from '../evidence/evidence.js';
import { NUMERIC_METRICS } from '../evidence/metrics.js';
import type { Spec } from '../formats/spec.js';
import { changeListsAgainstParents } from '../reports/change-against-parent.js';
import { type ExperimentTableRow, experimentTable } from '../reports/experiment-table.js';
import { intervalText, VERDICT_TEXTS } from '../reports/judgement-text.js';
import { standingsOf } from '../reports/standing.js';
import type { EngineState } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import { withoutSecretValues } from '../verdict/job-outcome.js';
import type { Series } from './job-series.js';

export interface TrackedRun {
  nodeId: string;
  name: string;
  status: ExperimentRow['state']['status'];
  /**
   * What it was made of: its kind, its parent, its changes against that, and the flags of its launch command; numbers
   * as numbers.
   */
  settings: Record<string, string | number>;
  /** What it is worth; names bear units. */
  values: Record<string, number>;
  /** What was thought before, and what was found: Markdown. */
  text: string;
  tags: string[];
  series: Series[];
  launchedAtMs: number;
  /** Null while it runs. */
  endedAtMs: number | null;
}

/** What the workdir holds beside the state; null where it has none. */
export interface RunTexts {
  spec: Spec | null;
  evidence: Evidence | null;
  series: Series[];
}

/** Experiments whose job was launched; repeats are counted with what they repeat, as in every table. */
export function trackedExperiments(state: EngineState): ExperimentTableRow[] {
  return experimentTable(state).filter(({ nodeId }) => launchedAtMsOf(state.experiments[nodeId]!) !== null);
}

/** A RangeError where its job was never launched. */
export function trackedRun(state: EngineState, shown: ExperimentTableRow, texts: RunTexts): TrackedRun {
  const row = state.experiments[shown.nodeId]!;
  const launchedAtMs = launchedAtMsOf(row);
  if (launchedAtMs === null) throw new RangeError(`${row.nodeId} has no job`);
  const changes = changeListsAgainstParents(state)(row).join('; ');
  return {
    nodeId: row.nodeId,
    name: row.name,
    status: row.state.status,
    settings: settingsOf(row, changes, texts.spec),
    values: valuesOf(state, shown, texts.evidence),
    text: withoutSecretValues(textOf(state, row, changes, texts.spec)),
    tags: [...row.tags, ...(shown.verdict === null ? [] : [shown.verdict]), ...(shown.isBest ? ['best'] : [])],
    series: texts.series,
    launchedAtMs,
    endedAtMs: 'completedAtMs' in row.state ? row.state.completedAtMs : null,
  };
}

function launchedAtMsOf({ state }: ExperimentRow): number | null {
  return 'launchedAtMs' in state ? state.launchedAtMs : null;
}

/** These runs leave the machine in the end: a flag that is named like a credential stays here. */
const SECRET_NAME = /token|secret|passw|credential|api-?key|access-?key/i;

function settingsOf(row: ExperimentRow, changes: string, spec: Spec | null): TrackedRun['settings'] {
  const flags = [...flagsOf(spec?.launch_command ?? '')].filter(([name]) => !SECRET_NAME.test(name));
  return {
    kind: row.kind,
    parent: row.parentId ?? '',
    changes: withoutSecretValues(changes),
    ...Object.fromEntries(
      flags.map(([name, value]) => [name.replace(/^-+/, '').replaceAll('-', '_'), numberOrText(value)]),
    ),
  };
}

function numberOrText(value: string): string | number {
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : withoutSecretValues(value);
}

/** Gain and the compared number are of all its runs that count; what stands beside them is of its own job. */
function valuesOf(state: EngineState, shown: ExperimentTableRow, evidence: Evidence | null): Record<string, number> {
  const row = state.experiments[shown.nodeId]!.state;
  const metrics = row.status === 'completed' ? row.metrics : evidence?.metrics;
  const { proven } = standingsOf(state)(shown.nodeId);
  const all: Record<string, number | null | undefined> = {
    ...Object.fromEntries(MEASURED.map((name) => [name, metrics?.[name]])),
    cpu_pct: evidence?.system.cpuPct,
    peak_rss_mb: evidence?.system.peakRssMb,
    job_duration_s: shown.durationS,
    runs: shown.runs,
    gain: shown.gain,
    gain_low: proven && 1 + proven.low,
    gain_high: proven && 1 + proven.high,
    ...(shown.objective === null ? {} : { [shown.objective.metric]: shown.objective.value }),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : [])),
  );
}

/** An agent may have said how much better it is; the gain is ours to tell. */
const MEASURED = NUMERIC_METRICS.filter((name) => name !== 'improvement_vs_baseline_pct');

function textOf(state: EngineState, row: ExperimentRow, changes: string, spec: Spec | null): string {
  const standing = standingsOf(state)(row.nodeId);
  const interval = standing.proven ?? row.judged?.gain ?? null;
  const against = standing.proven ? 'the baseline' : (row.judged?.against ?? 'the baseline');
  const verdict = standing.verdict === null ? '' : VERDICT_TEXTS[standing.verdict];
  const because = row.judged ? ` (${row.judged.reason})` : '';
  const failure = 'failure' in row.state ? row.state.failure.kind : '';
  const parts: [string, string][] = [
    ['Hypothesis', spec?.hypothesis ?? ''],
    ['Change', spec?.change_summary || changes],
    ['Verdict', verdict && `${verdict}${because}`],
    ['Gain', interval ? `${intervalText(interval)} over ${against}` : ''],
    ['Status', [row.state.status, failure].filter(Boolean).join(': ')],
  ];
  return parts.flatMap(([title, text]) => (text === '' ? [] : [`**${title}:** ${text}`])).join('\n\n');
}
