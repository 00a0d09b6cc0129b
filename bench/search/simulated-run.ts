/**
 * Lets the playbook's search optimise a simulated pipeline, as the engine would: seeds, then rounds of proposals, and
 * repeats of the winner before it is believed to be one.
 */
import type { HistoryEntry } from '../../agents/agent.js';
import { objectiveOf } from '../../domain/belief/compare.js';
import { leastImprovement } from '../../domain/belief/improvement.js';
import type { Evidence } from '../../domain/evidence/evidence.js';
import { type Spec, SpecSchema } from '../../domain/formats/spec.js';
import { type SearchMemory, searchMemory } from '../../domain/memory/search-memory.js';
import { changeSetOf } from '../../domain/proposals/change-set.js';
import { readMove } from '../../domain/proposals/moves.js';
import { baseValuesOf } from '../../domain/proposals/tried-experiments.js';
import type { ExperimentKind } from '../../domain/run/experiment-record.js';
import { planProposals } from '../../playbook/plan-answer.js';
import { settingsOf } from '../../playbook/search/settings.js';
import type { Knob, Survey } from '../../playbook/survey.js';
import {
  operate,
  type Random,
  runSimulation,
  type SimulatedPipeline,
  type SimulatedSetting,
  splitPipeline,
} from './simulated-pipeline.js';

export const BASE_COMMIT = 'b'.repeat(40);
export const BASE_COMMAND = 'python train.py';

/** What was measured of one setting, once or again. */
interface Result {
  nodeId: string;
  spec: Spec;
  commit: string;
  /** Without noise. */
  rate: number;
  measured: number[];
}

export interface RunRecord {
  history: HistoryEntry[];
  evidence: Record<string, Evidence>;
  /** True (noiseless) rate of the best so far, after each follow-up experiment. */
  bestRates: number[];
  baselineRate: number;
  stopped: string | null;
  rounds: number;
}

export interface RunLimits {
  rounds: number;
  maxConcurrency: number;
  statistics?: boolean;
  /** Asked of the true rate of the best so far after each follow-up experiment: whether to go no further. */
  isEnough?: (bestRate: number) => boolean;
  /**
   * A search that ends has its winner measured again so often, and goes on should that change its mind. None when not
   * given.
   */
  repeats?: number;
  /** The batch size is the user's and no knob. */
  keepsBatch?: boolean;
  /** Ask the model of the pipeline for joint settings; else the search goes by rules alone. */
  withModel?: boolean;
}

/** Flags for the pool and the batch, code for the rest, so that both ways of setting a knob are exercised. */
export function surveyFor(pipeline: SimulatedPipeline, start: SimulatedSetting): Survey {
  const flag = (name: string, role: Knob['role'], value: number, stage: string | null = null): Knob => ({
    id: `flag:--${name}`,
    role,
    stage,
    pipeline: 0,
    where: { type: 'flag', flag: `--${name}` },
    value,
    confidence: 'dataflow',
  });
  const code = (name: string, role: Knob['role'], value: number, stage: string | null): Knob => ({
    id: `code:loader.py:${name}`,
    role,
    stage,
    pipeline: 0,
    where: { type: 'code', file: 'loader.py', line: 1 },
    value,
    confidence: 'dataflow',
  });
  const concurrencies = pipeline.stages.map(({ name }, i) => {
    const value = start.concurrency[name] ?? 1;
    // The first half of a split stage has a number of its own, the second one keeps the stage's.
    if (isFirstHalf(name)) return code(`build.${name}.concurrency`, 'stage_concurrency', value, name);
    const knob = wholeOf(name);
    return i % 2 === 0 && knob === name
      ? flag(`${name}-workers`, 'stage_concurrency', value, name)
      : code(`${knob.toUpperCase()}_WORKERS`, 'stage_concurrency', value, name);
  });
  const threads = flag('num-threads', 'num_threads', start.threads);
  return {
    script: 'train.py',
    loop: { file: 'train.py', line: 10, iterable: 'loader' },
    instrumented: true,
    pipelines: [
      {
        file: 'loader.py',
        line: 1,
        builtIn: 'build',
        stages: pipeline.stages.map(({ name, service }, i) => ({
          index: i + 1,
          kind: 'pipe' as const,
          function: name,
          concurrency: start.concurrency[name] ?? 1,
          knob: concurrencies[i]!.id,
          ...(service ? { executor: { value: start.concurrency[name] ?? 1, knob: concurrencies[i]!.id } } : {}),
          splittable: name === pipeline.split?.stage,
          gpu: false,
        })),
        numThreads: { value: start.threads, knob: threads.id },
        sinkBuffer: { value: start.buffer, knob: 'code:loader.py:BUFFER' },
        inSubprocess: false,
        mtp: { possible: true, reason: '' },
      },
    ],
    knobs: [
      ...concurrencies,
      threads,
      flag('batch-size', 'batch_size', start.batch),
      code('BUFFER', 'sink_buffer', start.buffer, null),
    ],
    decodesVideo: false,
    problems: [],
  };
}

const isFirstHalf = (stage: string) => stage.endsWith('_read');
const wholeOf = (stage: string) => stage.replace(/_compute$/, '');

/** A pipeline as it is written, and how it is set without any change of a number. */
interface Form {
  pipeline: SimulatedPipeline;
  start: SimulatedSetting;
}

/** After the changes of structure: a split stage, or as it was at first. */
function formOf({ pipeline, start }: Form, structure: readonly string[]): Form {
  const move = structure.map(readMove).find((each) => each?.type === 'split_stage');
  if (!move || !pipeline.split) return { pipeline, start };
  const [first, second] = pipeline.split.halves;
  const tasks = start.concurrency[pipeline.split.stage] ?? 1;
  const { [pipeline.split.stage]: _, ...others } = start.concurrency;
  const concurrency = { ...others, [first.name]: move.workers ?? tasks, [second.name]: tasks };
  return { pipeline: splitPipeline(pipeline), start: { ...start, concurrency } };
}

export function simulateRun(
  pipeline: SimulatedPipeline,
  start: SimulatedSetting,
  random: Random,
  limits: RunLimits,
): RunRecord {
  const written = { pipeline, start };
  /** Of the code with these changes of structure. */
  const surveyed = (structure: readonly string[]): Survey => {
    const form = formOf(written, structure);
    const { knobs, ...rest } = surveyFor(form.pipeline, form.start);
    return { ...rest, knobs: knobs.filter(({ role }) => role !== 'batch_size' || !limits.keepsBatch) };
  };
  const structureOf = (nodeId: string) =>
    settingsOf(surveyed([]), history, BASE_COMMIT)
      .byNode.get(nodeId)!
      .structure.filter((change) => readMove(change));
  const evidence: Record<string, Evidence> = {};
  const history: HistoryEntry[] = [];
  const bestRates: number[] = [];
  const results = new Map<string, Result>();
  let best: Result | null = null;
  const run = (nodeId: string, kind: ExperimentKind, spec: Spec, commit: string) => {
    history.push({
      nodeId,
      kind,
      status: 'completed',
      spec,
      commit,
      parentId: null,
      result: null,
      failure: null,
      isBest: false,
      durationS: null,
    });
    const form = kind === 'headspace' ? written : formOf(written, structureOf(nodeId));
    const setting =
      kind === 'headspace'
        ? { ...start, cached: true }
        : settingOf(nodeId, surveyed(structureOf(nodeId)), history, form.start);
    const measured = runSimulation(nodeId, form.pipeline, setting, random);
    evidence[nodeId] = limits.statistics === false ? { ...measured, stages: [] } : measured;
    history.at(-1)!.result = { metrics: measured.metrics, sources: measured.sources, findings: [] };
    if (kind === 'headspace') return;
    const key = JSON.stringify(setting);
    // A larger batch is not counted as found: the optimum is that of the user's own batch size.
    const rate = () => operate(form.pipeline, { ...setting, batch: start.batch }).rate;
    const result = results.get(key) ?? { nodeId, spec, commit, rate: rate(), measured: [] };
    result.measured.push(measured.metrics.throughput_samples_per_s!);
    results.set(key, result);
    best = [...results.values()].reduce((a, b) => (mean(b.measured) > mean(a.measured) ? b : a));
  };
  const command = `${BASE_COMMAND} --num-threads ${start.threads}`;
  const seed = (name: string, changes: string[]) => SpecSchema.parse({ name, changes, launch_command: command });
  run('000_baseline', 'baseline', seed('baseline', []), BASE_COMMIT);
  run('000_headspace', 'headspace', seed('headspace_cache', ['cache_dataloader']), 'h'.repeat(40));
  const record = (stopped: string | null, rounds: number): RunRecord => ({
    history,
    evidence,
    bestRates,
    baselineRate: operate(pipeline, start).rate,
    stopped,
    rounds,
  });
  for (let round = 1; round <= limits.rounds; round += 1) {
    const tried = new Set(history.flatMap(({ spec }) => spec.best_practices_tags));
    const known = ['batch_size_tuning', 'concurrency_tuning'];
    const plan = planProposals({
      survey: surveyed(structureOf(best!.nodeId)),
      history,
      evidence,
      baseCommit: BASE_COMMIT,
      baseLaunchCommand: command,
      bestNodeId: best!.nodeId,
      memory: memoryOf(history, command, pipeline.noise),
      maxConcurrency: limits.maxConcurrency,
      withModel: limits.withModel ?? false,
      practices: { known, tried: [...tried], notApplicable: [] },
    });
    if (plan.action === 'stop') {
      const { spec, commit, measured } = best!;
      if (measured.length > (limits.repeats ?? 0)) return record(plan.reasoning, round);
      run(`${String(history.length).padStart(3, '0')}_${spec.name}`, 'planned', spec, commit);
      bestRates.push(best!.rate);
      if (limits.isEnough?.(best!.rate)) return record(null, round);
    }
    for (const spec of plan.experiments) {
      const nodeId = `${String(history.length).padStart(3, '0')}_${spec.name}`;
      run(
        nodeId,
        'planned',
        spec,
        spec.changes.length > 0 ? `c${String(history.length).padStart(39, '0')}` : (spec.goto ?? BASE_COMMIT),
      );
      bestRates.push(best!.rate);
      if (limits.isEnough?.(best!.rate)) return record(null, round);
    }
  }
  return record(null, limits.rounds);
}

/**
 * As the engine would know it, its noise taken from repeats; gains count as confirmed where they exceed what counts.
 */
function memoryOf(history: readonly HistoryEntry[], baseCommand: string, noise: number): SearchMemory {
  const least = leastImprovement(null, { sd: noise, degrees: 1 });
  const rate = (entry: HistoryEntry | undefined) => entry?.result?.metrics.throughput_samples_per_s ?? null;
  return searchMemory({
    experiments: history
      .filter(({ kind }) => kind !== 'headspace')
      .map((entry) => {
        const { stacks_on: stacksOn } = entry.spec as { stacks_on?: unknown };
        const parentId = typeof stacksOn === 'string' ? stacksOn : null;
        const before = rate(history.find(({ nodeId }) => nodeId === parentId));
        const own = rate(entry);
        const gain = before !== null && own !== null ? own / before - 1 : null;
        return {
          nodeId: entry.nodeId,
          startCommit: entry.spec.goto,
          changeSet: changeSetOf(entry.spec.changes, entry.spec.launch_command, baseCommand),
          commit: entry.commit,
          objective: entry.result && objectiveOf(entry.result.metrics, entry.durationS),
          runs: 1,
          isPruned: false,
          gain: gain !== null && gain > least ? gain : null,
          parentId,
        };
      }),
    baseCommit: BASE_COMMIT,
    baseValues: baseValuesOf(baseCommand),
    least,
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function settingOf(nodeId: string, survey: Survey, history: HistoryEntry[], start: SimulatedSetting): SimulatedSetting {
  const { values } = settingsOf(survey, history, BASE_COMMIT).byNode.get(nodeId)!;
  const stages = survey.knobs.filter(({ role }) => role === 'stage_concurrency');
  return {
    concurrency: Object.fromEntries(stages.map(({ id, stage }) => [stage!, values[id]!])),
    threads: values['flag:--num-threads'] ?? start.threads,
    batch: values['flag:--batch-size'] ?? start.batch,
    buffer: values['code:loader.py:BUFFER'] ?? start.buffer,
  };
}
