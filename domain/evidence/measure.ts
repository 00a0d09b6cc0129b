/** Puts together what the parsers read of one job: the evidence, with the provenance of each number. Pure. */

import { contentionText, disturbances } from '../belief/contention.js';
import { lagSentence } from '../memory/rank-sentences.js';
import { readingOf } from '../memory/run-reading.js';
import { diagnose } from '../memory/stage-rules.js';
import { builtPipelines, numbered } from './built-pipelines.js';
import { customMetric } from './custom-values.js';
import { delivery } from './delivery.js';
import type { Evidence, Ranks } from './evidence.js';
import type { JobOutput } from './job-output.js';
import { jobRate } from './job-rate.js';
import type { Refusals } from './measured-number.js';
import type { MetricTable } from './metric-table.js';
import { type MetricSources, type Metrics, type NumericMetric, type Provenance, UNKNOWN_METRICS } from './metrics.js';
import type { ProcessLines } from './process-lines.js';
import { type ProbedProcess, rankShares, ranksSeen } from './ranks.js';
import { ranksOf } from './slowest-rank.js';
import { queueSamples, taskSamples } from './stage-samples.js';
import { dataReadinessPct, stageStatistics } from './stage-statistics.js';
import { jobSteps, stepStatistics } from './step-statistics.js';
import { systemUse } from './system-samples.js';

export interface JobFiles {
  stdout: JobOutput;
  stderr: JobOutput;
  /** One for each process of the job: its tables, and who it was, as far as that is known. */
  processes: {
    tasks: MetricTable | null;
    queues: MetricTable | null;
    built?: MetricTable | null;
    rank?: number | null;
    pid?: number | null;
  }[];
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
  // Ranks build the same.
  const built = distinct(probed.flatMap((process) => process.built ?? []));
  const delivered = delivery(probed.map(({ queues }) => queues));
  const system = systemUse(files, singles.cpu_cores ?? null, refusals);
  const processes = trainingProcesses(files);
  const steps = jobSteps(processes);
  const untold = processes.reduce((sum, { allSteps, stepCount }) => sum + allSteps - stepCount, 0);
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
  const seen = ranksSeen(probed);
  const rate = jobRate({
    processes,
    stepMsOf: (lines) => stepStatistics(lines).stepMs,
    batchSize,
    ranks: singles.world_size === undefined && seen < 2 ? null : Math.max(singles.world_size ?? 1, seen),
    ranksOfCommand: files.ranks,
    givenPerS: delivered?.batchSize ? delivered.itemsPerS * delivered.batchSize : null,
  });
  const ranks = ranksOf(rankShares(processes, probed, rate.processes >= 1.5, stepStatistics));
  const stages = stagesOf(probed, files, ranks);
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
  const reading = readingOf({ stages, system, steps, built, ...(ranks ? { ranks } : {}) }, null);
  metrics.bottleneck_stage = diagnose(reading).bottleneck?.stage.function ?? null;
  const { overallMs: _, ...stepSummary } = steps;
  const kept = [...stderr.kept(), ...stdout.kept()];
  const ending = stdout.ending.shapes().length > 0 ? stdout.ending.shapes() : stderr.ending.shapes();
  const lag = ranks && lagSentence(ranks);
  const isContradicted = singles.world_size !== undefined && seen > singles.world_size;
  const noticed = [
    ...(isContradicted
      ? [`a contradiction: world_size=${singles.world_size} was printed, and the probe saw ${seen} ranks, which counts`]
      : []),
    ...rate.findings,
    ...(lag === null ? [] : [lag]),
    ...(custom?.findings ?? []),
    ...refusals.findings(),
  ];
  return {
    nodeId,
    metrics,
    sources,
    steps: {
      ...stepSummary,
      batchSize,
      ...(untold === 0 ? {} : { ofAll: steps.count + untold }),
      ...(rate.processes > 1 ? { processes: rate.processes } : {}),
      ...(rate.samples === null ? {} : { samples: rate.samples }),
    },
    stages,
    ...(ranks ? { ranks } : {}),
    ...(rate.of === 'one' || rate.samplesPerS === null ? {} : { rateOf: rate.of }),
    ...(rate.of === 'unclear' ? { unclearRate: rate.findings.join('; ') } : {}),
    ...(built.length > 0 ? { built } : {}),
    ...(delivered ? { delivered } : {}),
    ...(kept.length > 0 ? { kept } : {}),
    system,
    durationS: files.durationS,
    notices: noticed,
    ...(ending.length > 0 ? { ending } : {}),
    findings: [...disturbances(system).map(contentionText), ...files.findings, ...noticed],
  };
}

/** The processes whose steps count: those that print to stdout, else those that print to stderr. */
export function trainingProcesses({ stdout, stderr }: Pick<JobFiles, 'stdout' | 'stderr'>): ProcessLines[] {
  return (stdout.steps.length > 0 || stderr.steps.length === 0 ? stdout : stderr).processes();
}

/** What the probe wrote of each process, with numbers of pipelines that are the job's own. */
export function probedSamples(files: Pick<JobFiles, 'processes'>, refusals: Refusals): ProbedProcess[] {
  const samples = numbered(
    files.processes.map(({ tasks, queues, built }) => ({
      tasks: tasks ? taskSamples(tasks, refusals) : [],
      queues: queues ? queueSamples(queues, refusals) : [],
      built: built ? builtPipelines(built, refusals) : [],
    })),
  );
  return samples.map((each, i) => {
    const { rank = null, pid = null } = files.processes[i]!;
    return { ...each, rank, pid };
  });
}

/** The probe's samples; SPDL's own log lines only where there are none. */
function stagesOf(probed: ProbedProcess[], { stdout, stderr }: JobFiles, ranks: Ranks | null): Evidence['stages'] {
  const stages = stageStatistics(probed);
  if (stages.length === 0) return stageStatistics([...stdout.spdlSamples(), ...stderr.spdlSamples()]);
  // Means over ranks of which one is held up would show a bottleneck that no rank has.
  const slowest = ranks?.each.find(({ name }) => name === ranks.slowest?.name)?.stages ?? [];
  return stages.map((stage) => {
    const own = slowest.find(({ name }) => name === stage.name);
    return own ? { ...own, ...(stage.numItems === undefined ? {} : { numItems: stage.numItems }) } : stage;
  });
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
