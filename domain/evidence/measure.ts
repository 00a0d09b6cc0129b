/** Puts together what the parsers read of one job: the evidence, with the provenance of each number. Pure. */

import { contentionText, disturbances } from '../belief/contention.js';
import { stepNoise } from '../belief/noise.js';
import { steadySpans, weightedMean, weightedMedian } from '../belief/steady-state.js';
import { diagnose } from '../memory/stage-rules.js';
import { builtPipelines, numbered } from './built-pipelines.js';
import { customMetric } from './custom-values.js';
import { delivery } from './delivery.js';
import type { Evidence } from './evidence.js';
import type { JobOutput } from './job-output.js';
import { jobRate } from './job-rate.js';
import type { Refusals } from './measured-number.js';
import type { MetricTable } from './metric-table.js';
import { type MetricSources, type Metrics, type NumericMetric, type Provenance, UNKNOWN_METRICS } from './metrics.js';
import type { ProcessLines, StepLine } from './process-lines.js';
import { queueSamples, taskSamples } from './stage-samples.js';
import { dataReadinessPct, type ProcessSamples, stageStatistics } from './stage-statistics.js';
import { systemUse } from './system-samples.js';

export interface JobFiles {
  stdout: JobOutput;
  stderr: JobOutput;
  /** One for each process of the job. */
  processes: { tasks: MetricTable | null; queues: MetricTable | null; built?: MetricTable | null }[];
  system: MetricTable | null;
  gpuOthers: MetricTable | null;
  /** From the launch command, where the job does not print it. */
  batchSize: number | null;
  ranks: number;
  durationS: number | null;
  /** In which unit of time the baseline's own metric is, in seconds; null where it is not known. */
  customUnitS?: number | null;
  findings: string[];
}

export function measure(nodeId: string, files: JobFiles, refusals: Refusals): Evidence {
  const { stdout, stderr } = files;
  const singles = { ...stderr.singles, ...stdout.singles };
  const probed = probedSamples(files, refusals);
  const stages = stagesOf(probed, files);
  const built = probed.flatMap((process) => process.built ?? []);
  const delivered = delivery(probed.map(({ queues }) => queues));
  const system = systemUse(files, singles.cpu_cores ?? null, refusals);
  const processes = trainingProcesses(files);
  const steps = jobSteps(processes);
  const batchSize = singles.batch_size ?? files.batchSize;
  const metrics: Metrics = { ...UNKNOWN_METRICS };
  const sources: MetricSources = {};
  const set = (name: NumericMetric, value: number | null | undefined, source: Provenance) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return;
    metrics[name] = value;
    sources[name] = source;
  };
  set('ttfb_s', singles.ttfb_s, 'parsed');
  set('init_time_s', singles.init_time_s, 'parsed');
  set('step_time_ms', steps.overallMs, 'derived');
  set('steady_step_time_ms', steps.stepMs, 'derived');
  const ranks = singles.world_size ?? files.ranks;
  const rate = jobRate(processes, (lines) => stepStatistics(lines).stepMs, batchSize, ranks);
  set('throughput_samples_per_s', rate.samplesPerS ?? singles.throughput_samples_per_s, rate.source);
  set('data_readiness_pct', dataReadinessPct(stages), 'derived');
  set('sm_utilization_pct', system.smPct, 'derived');
  set('steady_sm_utilization_pct', system.steadySmPct, 'derived');
  if (system.cpuPct !== null && system.cpuCores !== null && system.cpuCores > 0) {
    set('cpu_utilization_pct', Math.min(100, system.cpuPct / system.cpuCores), 'derived');
  }
  const custom = customMetric(stdout.custom, stderr.custom, files.customUnitS);
  if (custom) {
    metrics.custom = custom.metric;
    // What is noise is that of the number by which results are compared.
    delete steps.noise;
    if (custom.noise !== null) steps.noise = custom.noise;
  }
  metrics.bottleneck_stage =
    diagnose({ stages, system, steps, numThreads: null, built }).bottleneck?.stage.function ?? null;
  const { overallMs: _, ...stepSummary } = steps;
  const samples = rate.samples ?? (batchSize !== null && steps.count > 0 ? steps.count * batchSize : null);
  const ending = stdout.ending.shapes().length > 0 ? stdout.ending.shapes() : stderr.ending.shapes();
  return {
    nodeId,
    metrics,
    sources,
    steps: {
      ...stepSummary,
      batchSize,
      ...(rate.processes > 1 ? { processes: rate.processes } : {}),
      ...(samples === null ? {} : { samples }),
    },
    stages,
    ...(built.length > 0 ? { built } : {}),
    ...(delivered ? { delivered } : {}),
    system,
    durationS: files.durationS,
    notices: [...rate.findings, ...(custom?.findings ?? []), ...refusals.findings()],
    ...(ending.length > 0 ? { ending } : {}),
    findings: [
      ...disturbances(system).map(contentionText),
      ...files.findings,
      ...rate.findings,
      ...(custom?.findings ?? []),
      ...refusals.findings(),
    ],
  };
}

/** The processes whose steps count: those that print to stdout, else those that print to stderr. */
export function trainingProcesses({ stdout, stderr }: Pick<JobFiles, 'stdout' | 'stderr'>): ProcessLines[] {
  return (stdout.steps.length > 0 || stderr.steps.length === 0 ? stdout : stderr).processes();
}

/** What the probe wrote of each process, with numbers of pipelines that are the job's own. */
export function probedSamples(files: Pick<JobFiles, 'processes'>, refusals: Refusals): ProcessSamples[] {
  return numbered(
    files.processes.map(({ tasks, queues, built }) => ({
      tasks: tasks ? taskSamples(tasks, refusals) : [],
      queues: queues ? queueSamples(queues, refusals) : [],
      built: built ? builtPipelines(built, refusals) : [],
    })),
  );
}

/** The probe's samples; SPDL's own log lines only where there are none. */
function stagesOf(probed: ProcessSamples[], files: JobFiles): Evidence['stages'] {
  const stages = stageStatistics(probed);
  return stages.length > 0 ? stages : stageStatistics([files.stdout.spdlSamples(), files.stderr.spdlSamples()]);
}

interface StepStatistics {
  count: number;
  overallMs: number | null;
  stepMs: number | null;
  fetchMs: number | null;
  computeMs: number | null;
  noise?: number;
}

/** Of several processes the mean, and all their steps. */
function jobSteps(processes: readonly ProcessLines[]): StepStatistics {
  const each = processes.map(({ steps }) => stepStatistics(steps));
  if (each.length === 1) return each[0]!;
  const mean = (key: 'overallMs' | 'stepMs' | 'fetchMs' | 'computeMs' | 'noise') =>
    weightedMean(each.flatMap((steps) => (steps[key] == null ? [] : [{ value: steps[key], weight: 1 }])));
  const noise = mean('noise');
  return {
    count: each.reduce((sum, { count }) => sum + count, 0),
    overallMs: mean('overallMs'),
    stepMs: mean('stepMs'),
    fetchMs: mean('fetchMs'),
    computeMs: mean('computeMs'),
    ...(noise === null ? {} : { noise }),
  };
}

function stepStatistics(lines: readonly StepLine[]): StepStatistics {
  const steady = steadySpans(lines);
  const noise = stepNoise(steady.flatMap(({ stepMs }) => stepMs ?? []));
  const median = (key: 'stepMs' | 'fetchMs' | 'computeMs') => weightedMedian(weighted(steady, key));
  return {
    count: lines.reduce((most, { last }) => Math.max(most, last), 0),
    overallMs: weightedMean(weighted(lines, 'stepMs')),
    stepMs: median('stepMs'),
    fetchMs: median('fetchMs'),
    computeMs: median('computeMs'),
    ...(noise === null ? {} : { noise }),
  };
}

function weighted(lines: readonly StepLine[], key: 'stepMs' | 'fetchMs' | 'computeMs') {
  return lines.flatMap((line) => {
    const value = line[key];
    return value === null ? [] : [{ value, weight: Math.max(1, line.last - line.first + 1) }];
  });
}
