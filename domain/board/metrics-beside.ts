/** The metrics of a few experiments side by side, each cell with its change against the first column. */
import { isBuiltIn, type Objective, speedup } from '../belief/compare.js';
import { logSpeed } from '../belief/noise.js';
import type { Metrics, NumericMetric } from '../evidence/metrics.js';
import { durationText, gainText, numberText, objectiveName } from '../reports/quantity-text.js';
import { standingsOf } from '../reports/standing.js';
import type { EngineState } from '../run/engine-state.js';
import type { MetricTable } from './board-types.js';

interface Line {
  name: string;
  metric: NumericMetric;
  unit: string;
  /** Null where more is neither better nor worse. */
  better: 'higher' | 'lower' | null;
  /** Of one step, so that only steps of as many samples can be better or worse. */
  isOfStep?: true;
}

const LINES: readonly Line[] = [
  { name: 'Throughput, own run', metric: 'throughput_samples_per_s', unit: 'samples/s', better: 'higher' },
  { name: 'Steady step time', metric: 'steady_step_time_ms', unit: 'ms', better: 'lower', isOfStep: true },
  { name: 'Step time', metric: 'step_time_ms', unit: 'ms', better: 'lower', isOfStep: true },
  { name: 'Time to first batch', metric: 'ttfb_s', unit: 's', better: 'lower' },
  { name: 'Data readiness', metric: 'data_readiness_pct', unit: '%', better: 'higher' },
  { name: 'Steady SM utilisation', metric: 'steady_sm_utilization_pct', unit: '%', better: 'higher' },
  { name: 'SM utilisation', metric: 'sm_utilization_pct', unit: '%', better: 'higher' },
  { name: 'CPU (100% = one core)', metric: 'cpu_utilization_pct', unit: '%', better: null },
  { name: 'Start-up', metric: 'init_time_s', unit: 's', better: 'lower' },
];

export interface Column {
  nodeId: string;
  title: string;
}

/** Rows that no column knows are left out; the first column is what the others are compared with. */
export function metricTable(state: EngineState, columns: readonly Column[]): MetricTable {
  const standing = standingsOf(state);
  const objectives = columns.map(({ nodeId }) => standing(nodeId).objective);
  const metrics = columns.map(({ nodeId }) => metricsOf(state, nodeId));
  const compared = objectives.find((objective) => objective !== null)?.metric ?? null;
  const rows = [
    ...(compared === null ? [] : [comparedRow(objectives, compared)]),
    ...LINES.map((line) => lineRow(line, metrics)),
    durationRow(columns.map(({ nodeId }) => durationOf(state, nodeId))),
    textRow(
      'Bottleneck',
      metrics.map((each) => each?.bottleneck_stage ?? null),
    ),
  ];
  return { columns: [...columns], rows: rows.filter(({ cells }) => cells.some(({ text }) => text !== '-')) };
}

/** By what experiments are compared: of those with repeats their typical value. */
function comparedRow(objectives: readonly (Objective | null)[], metric: string): MetricTable['rows'][number] {
  const first = objectives[0] ?? null;
  const unit = isBuiltIn(metric) ? '' : ` ${metric}`;
  return {
    name: `${objectiveName(metric)}, as compared`,
    better: 'higher',
    cells: objectives.map((objective, at) => {
      const times = at === 0 ? null : speedup(objective, first);
      const value = objective?.metric === metric ? Math.exp(logSpeed(objective)) : null;
      return { text: `${numberText(objective?.value)}${objective ? unit : ''}`, ...changeOf(times), value };
    }),
  };
}

function lineRow(line: Line, all: readonly (Metrics | null)[]): MetricTable['rows'][number] {
  const { name, metric, unit, better, isOfStep = false } = line;
  const samples = all.map((metrics) => (isOfStep ? samplesInStep(metrics) : null));
  const values = all.map((metrics) => metrics?.[metric] ?? null);
  const first = values[0] ?? null;
  return {
    name,
    better,
    cells: values.map((value, at) => {
      const ratio = at === 0 || value === null || first === null || first === 0 ? null : value / first;
      const isTold = ratio !== null && ratio > 0 && better !== null && isSameStep(samples[0]!, samples[at]!);
      const times = isTold ? (better === 'higher' ? ratio : 1 / ratio) : null;
      return {
        text: value === null ? '-' : `${numberText(value)} ${unit}`,
        change: ratio === null ? '' : gainText(ratio),
        isBetter: changeOf(times).isBetter,
        value,
        ...(samples[at] === null ? {} : { stepSamples: samples[at] }),
      };
    }),
  };
}

/** Of a run that tells both its rate and the time of its steps: a batch of its own changes what a step is. */
function samplesInStep(metrics: Metrics | null): number | null {
  const rate = metrics?.throughput_samples_per_s ?? null;
  const stepMs = metrics?.steady_step_time_ms ?? metrics?.step_time_ms ?? null;
  return rate === null || stepMs === null ? null : (rate * stepMs) / 1000;
}

/** Rates and step times of one run are of different spans of it. */
const SAME_STEP = 0.2;

function isSameStep(first: number | null, other: number | null): boolean {
  return first === null || other === null || first === 0 || Math.abs(other / first - 1) < SAME_STEP;
}

function durationRow(values: readonly (number | null)[]): MetricTable['rows'][number] {
  const first = values[0] ?? null;
  return {
    name: 'Job duration',
    better: null,
    cells: values.map((value, at) => {
      const ratio = at === 0 || value === null || !first ? null : value / first;
      return { text: durationText(value), change: ratio === null ? '' : gainText(ratio), isBetter: null, value };
    }),
  };
}

function textRow(name: string, values: readonly (string | null)[]): MetricTable['rows'][number] {
  const cells = values.map((value) => ({ text: value ?? '-', change: '', isBetter: null, value: null }));
  return { name, better: null, cells };
}

/** Below this a difference is not coloured. */
const TELLABLE = 0.005;

function changeOf(times: number | null): { change: string; isBetter: boolean | null } {
  if (times === null) return { change: '', isBetter: null };
  return { change: gainText(times), isBetter: Math.abs(times - 1) < TELLABLE ? null : times > 1 };
}

function metricsOf(state: EngineState, nodeId: string): Metrics | null {
  const row = state.experiments[nodeId];
  return row?.state.status === 'completed' ? row.state.metrics : null;
}

function durationOf(state: EngineState, nodeId: string): number | null {
  const row = state.experiments[nodeId];
  return row && 'durationS' in row.state ? row.state.durationS : null;
}
