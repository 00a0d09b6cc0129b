/** Lets the playbook's search optimise a simulated pipeline, as the engine would: seeds, then rounds of proposals. */
import type { HistoryEntry } from '../../activities/agents/agent.js';
import { planProposals } from '../../activities/playbook/plan.js';
import { settingsOf } from '../../activities/playbook/search/settings.js';
import type { Knob, Survey } from '../../activities/playbook/survey.js';
import type { Evidence } from '../../domain/evidence.js';
import type { ExperimentKind } from '../../domain/experiment.js';
import { type Spec, SpecSchema } from '../../domain/formats/spec.js';
import {
  operate,
  type Random,
  runSimulation,
  type SimulatedPipeline,
  type SimulatedSetting,
} from './simulated-pipeline.js';

export const BASE_COMMIT = 'b'.repeat(40);
export const BASE_COMMAND = 'python train.py';

export interface RunRecord {
  history: HistoryEntry[];
  evidence: Record<string, Evidence>;
  /** True (noiseless) rate of the best so far, after each follow-up experiment. */
  bestRates: number[];
  baselineRate: number;
  stopped: string | null;
  rounds: number;
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
  const concurrencies = pipeline.stages.map(({ name }, i) =>
    i % 2 === 0
      ? flag(`${name}-workers`, 'stage_concurrency', start.concurrency[name] ?? 1, name)
      : code(`${name.toUpperCase()}_WORKERS`, 'stage_concurrency', start.concurrency[name] ?? 1, name),
  );
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
        stages: pipeline.stages.map(({ name }, i) => ({
          index: i + 1,
          kind: 'pipe' as const,
          function: name,
          concurrency: start.concurrency[name] ?? 1,
          knob: concurrencies[i]!.id,
          splittable: false,
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

export function simulateRun(
  pipeline: SimulatedPipeline,
  start: SimulatedSetting,
  random: Random,
  limits: { rounds: number; maxConcurrency: number; statistics?: boolean },
): RunRecord {
  const survey = surveyFor(pipeline, start);
  const evidence: Record<string, Evidence> = {};
  const history: HistoryEntry[] = [];
  const bestRates: number[] = [];
  let best: { nodeId: string; measured: number; rate: number } | null = null;
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
    const setting = kind === 'headspace' ? { ...start, cached: true } : settingOf(nodeId, survey, history, start);
    const measured = runSimulation(nodeId, pipeline, setting, random);
    evidence[nodeId] = limits.statistics === false ? { ...measured, stages: [] } : measured;
    history.at(-1)!.result = { metrics: measured.metrics, sources: measured.sources, findings: [] };
    const value = measured.metrics.throughput_samples_per_s!;
    if (kind !== 'headspace' && (!best || value > best.measured)) {
      // A larger batch is not counted as found: the optimum is that of the user's own batch size.
      best = { nodeId, measured: value, rate: operate(pipeline, { ...setting, batch: start.batch }).rate };
    }
  };
  const seed = (name: string, changes: string[]) => SpecSchema.parse({ name, changes, launch_command: BASE_COMMAND });
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
      survey,
      history,
      evidence,
      baseCommit: BASE_COMMIT,
      baseLaunchCommand: BASE_COMMAND,
      bestNodeId: best!.nodeId,
      maxConcurrency: limits.maxConcurrency,
      practices: { known, tried: [...tried], notApplicable: [] },
    });
    if (plan.action === 'stop') return record(plan.reasoning, round);
    for (const spec of plan.experiments) {
      const nodeId = `${String(history.length).padStart(3, '0')}_${spec.name}`;
      run(
        nodeId,
        'planned',
        spec,
        spec.changes.length > 0 ? `c${String(history.length).padStart(39, '0')}` : (spec.goto ?? BASE_COMMIT),
      );
      bestRates.push(best!.rate);
    }
  }
  return record(null, limits.rounds);
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

/** The best noiseless rate that any setting within the limits reaches with the same batch size. */
export function bestPossible(pipeline: SimulatedPipeline, start: SimulatedSetting): number {
  const values = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
  let best = 0;
  let settings: Record<string, number>[] = [{}];
  for (const { name } of pipeline.stages) settings = settings.flatMap((s) => values.map((v) => ({ ...s, [name]: v })));
  for (const threads of [1, 2, 4, 8, 12, 16]) {
    for (const concurrency of settings) {
      best = Math.max(best, operate(pipeline, { ...start, threads, concurrency, buffer: 64 }).rate);
    }
  }
  return best;
}
