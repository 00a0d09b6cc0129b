/**
 * Realistic runs as lists of events, for tests of what is made from them: seeds, planning rounds whose experiments
 * stack on gains, failures, repairs, and what is still open. The same options give the same run.
 */

import { type Result, UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { ConfigSchema, type RunConfig } from '../../domain/formats/config.js';
import { type Spec, SpecSchema } from '../../domain/formats/spec.js';
import type { EngineEvent, EventBody } from '../../domain/run/event-types.js';
import { type ExperimentIdentity, followUpNodeId, SEEDS } from '../../domain/run/experiment-record.js';
import { type FailureKind, failure } from '../../domain/run/failure.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';

export interface RunOptions {
  run?: string;
  /** Follow-ups that ended; 0 leaves the seeds. */
  followUps: number;
  /** Experiments that are still open at the end, the first of them running. */
  open?: number;
  /** Of ten follow-ups so many fail. */
  failuresOfTen?: number;
  /** SM utilisation is known. */
  gpu?: boolean;
  /** Times the baseline that cached data reaches. */
  ceiling?: number;
  /** The run ends by itself. */
  stopped?: boolean;
  seed?: number;
}

export interface SyntheticRun {
  config: RunConfig;
  events: EngineEvent[];
  /** Files of engine/plans, by iteration. */
  plans: Map<number, Spec[]>;
}

const STARTED_AT_MS = Date.UTC(2026, 10, 24, 9, 0, 0);
const BASELINE_THROUGHPUT = 334.49;
const ROUND_SIZE = 3;
const CHANGES = [
  ['decode_concurrency', 'concurrency_tuning', 'Set the decode stage to'],
  ['batch_size', 'batch_size_tuning', 'Set the batch size to'],
  ['num_threads', 'concurrency_tuning', 'Give the pipeline a thread pool of'],
  ['sink_buffer', 'buffer_tuning', 'Let the sink buffer hold'],
] as const;
const FAILURES: FailureKind[] = ['job_runtime_failed', 'build_failed', 'job_stalled'];

export function commitFor(nodeId: string): string {
  let hash = 0;
  for (const char of nodeId) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return hash.toString(16).padStart(8, '0').repeat(5);
}

export function syntheticRun(options: RunOptions): SyntheticRun {
  return new RunBuilder(options).build();
}

class RunBuilder {
  private readonly events: EngineEvent[] = [];
  private readonly plans = new Map<number, Spec[]>();
  private atMs = STARTED_AT_MS;
  private best = { nodeId: '000_baseline', throughput: BASELINE_THROUGHPUT };
  private chance: () => number;
  private readonly run: string;

  constructor(private readonly options: RunOptions) {
    this.chance = mulberry32(options.seed ?? 1);
    this.run = options.run ?? 'r1';
  }

  build(): SyntheticRun {
    this.happen({ type: 'run_started', run: this.run, limits: { ...DEFAULT_LIMITS } });
    this.happen({
      type: 'setup_completed',
      anchorCommit: commitFor('anchor'),
      baseCommit: commitFor('base'),
      practices: ['batch_size_tuning', 'concurrency_tuning', 'mtp'],
      repair: { retries: 2, experiments: ['mtp'] },
    });
    this.seeds();
    this.rounds();
    if (this.options.stopped) {
      const detail = '3 planning rounds in a row brought no gain and every best practice was tried';
      this.happen({ type: 'stopped', reason: 'plateau', detail });
    }
    return { config: syntheticConfig(this.run), events: this.events, plans: this.plans };
  }

  private happen(body: EventBody, afterMs = 400): void {
    this.atMs += afterMs;
    this.events.push({ seq: this.events.length + 1, atMs: this.atMs, ...body });
  }

  private seeds(): void {
    for (const seed of SEEDS) {
      const changeSet = { headspace: ['cache_dataloader'], mtp: ['mtp'] }[seed.kind as string] ?? [];
      this.happen({ type: 'experiment_added', experiment: { ...seed, changeSet } }, 1);
    }
    this.complete('000_baseline', BASELINE_THROUGHPUT, ['The decode stage is busy all the time; its queue is empty.']);
    this.happen({ type: 'best_changed', nodeId: '000_baseline' }, 1);
    this.complete('000_headspace', BASELINE_THROUGHPUT * (this.options.ceiling ?? 2.4), [
      'With cached data the step takes what compute takes.',
    ]);
    this.complete('001_mtp', BASELINE_THROUGHPUT * 1.08, ['Less contention for the GIL.']);
    this.takeIfBest('001_mtp', BASELINE_THROUGHPUT * 1.08);
  }

  private rounds(): void {
    const { followUps, open = 0 } = this.options;
    const total = followUps + open;
    let counter = 2;
    for (let first = 0, iteration = 1; first < total; first += ROUND_SIZE, iteration += 1) {
      const size = Math.min(ROUND_SIZE, total - first);
      this.happen({ type: 'planning_started', iteration });
      const proposals = Array.from({ length: size }, (_, index) => this.proposal(iteration, index, counter + index));
      this.plans.set(
        iteration,
        proposals.map(({ spec }) => spec),
      );
      const accepted = proposals.map(({ experiment }) => experiment.nodeId);
      const refused = iteration % 3 === 0 ? [{ name: 'threads_64', reason: '64 threads exceed the budget of 16' }] : [];
      const reasoning = `The best so far is ${this.best.nodeId}; its decode stage still bounds it.`;
      this.happen({
        type: 'plan_received',
        iteration,
        action: 'launch',
        reasoning,
        accepted,
        refused,
        notApplicable: [],
      });
      for (const { experiment } of proposals) this.happen({ type: 'experiment_added', experiment }, 1);
      accepted.forEach((nodeId, index) => {
        const place = first + index;
        if (place < followUps) this.finish(nodeId);
        else if (place === followUps) this.launch(nodeId);
        else if (place === followUps + 1) this.happen({ type: 'experiment_preparing', nodeId });
      });
      counter += size;
    }
  }

  private proposal(iteration: number, index: number, counter: number): { spec: Spec; experiment: ExperimentIdentity } {
    const [change, tag, text] = CHANGES[(iteration + index) % CHANGES.length]!;
    const value = 2 ** (1 + Math.floor(this.chance() * 5));
    const isStacked = this.best.nodeId !== '000_baseline' && this.chance() < 0.55;
    const changes = [`${change}=${value}`];
    const name = `${change}_${value}`;
    const spec = SpecSchema.parse({
      name,
      changes,
      change_summary: `${change.replaceAll('_', ' ')} ${value}`,
      description: `${text} ${value}.\n\tKeep everything else as it is.`,
      hypothesis: 'Decoding waits less for a free worker, so the sink is full more often.',
      launch_command: `python3 src/pipeline.py --image $IMAGE --${change.replaceAll('_', '-')} ${value}`,
      goto: isStacked ? commitFor(this.best.nodeId) : null,
      best_practices_tags: [tag],
    });
    const nodeId = followUpNodeId(counter, name);
    const experiment: ExperimentIdentity = {
      nodeId,
      name,
      kind: 'planned',
      origin: { from: 'plan', iteration, index },
      parentId: isStacked ? this.best.nodeId : null,
      startCommit: spec.goto,
      priority: 0,
      changeSet: changes,
      tags: [tag],
    };
    return { spec, experiment };
  }

  private finish(nodeId: string): void {
    if (this.chance() * 10 < (this.options.failuresOfTen ?? 1)) {
      this.launch(nodeId);
      const kind = FAILURES[Math.floor(this.chance() * FAILURES.length)]!;
      const record = failure(kind, `RuntimeError: stage "decode" | exit code 1\n\tat line 12`, this.atMs);
      this.happen({ type: 'experiment_failed', nodeId, failure: record }, 4000);
      return;
    }
    const room = BASELINE_THROUGHPUT * (this.options.ceiling ?? 2.4) - this.best.throughput;
    const isGain = this.chance() < 0.2;
    const throughput = isGain
      ? this.best.throughput + room * 0.25 * this.chance()
      : this.best.throughput * (0.6 + 0.39 * this.chance());
    this.complete(nodeId, throughput, [
      isGain ? 'The queue before the sink is full more often.' : 'Workers wait for the lock; more of them do not help.',
    ]);
    this.takeIfBest(nodeId, throughput);
  }

  private launch(nodeId: string): void {
    this.happen({ type: 'experiment_preparing', nodeId });
    this.happen({ type: 'experiment_prepared', nodeId, commit: commitFor(nodeId), image: `img-${nodeId}` }, 900);
    this.happen({ type: 'slot_granted', nodeId, slot: 0 }, 1);
    this.happen({ type: 'job_launched', nodeId, jobId: `local_${nodeId}`, launchedAtMs: this.atMs }, 200);
  }

  private complete(nodeId: string, throughput: number, findings: string[]): void {
    this.launch(nodeId);
    const durationS = Math.round((20 + 4000 / throughput + 6 * this.chance()) * 10) / 10;
    this.happen({ type: 'job_ended', nodeId, durationS }, durationS * 1000);
    this.happen({ type: 'experiment_completed', nodeId, result: this.result(throughput, findings) }, 2500);
  }

  private result(throughput: number, findings: string[]): Result {
    const stepMs = Math.round((16 / throughput) * 1e5) / 100;
    const busy = Math.min(97, (throughput / BASELINE_THROUGHPUT) * 38);
    return {
      metrics: {
        ...UNKNOWN_METRICS,
        throughput_samples_per_s: Math.round(throughput * 100) / 100,
        step_time_ms: stepMs,
        steady_step_time_ms: stepMs,
        ttfb_s: 0.4,
        cpu_utilization_pct: 180,
        data_readiness_pct: Math.round(busy),
        ...(this.options.gpu
          ? { sm_utilization_pct: Math.round(busy) - 4, steady_sm_utilization_pct: Math.round(busy) }
          : {}),
        bottleneck_stage: 'decode',
        notes: 'measured over 200 steps',
      },
      sources: { throughput_samples_per_s: 'parsed', steady_step_time_ms: 'parsed' },
      findings: [`Throughput ${throughput.toFixed(1)} samples/s.`, ...findings],
    };
  }

  private takeIfBest(nodeId: string, throughput: number): void {
    if (throughput <= this.best.throughput) return;
    this.best = { nodeId, throughput };
    this.happen({ type: 'best_changed', nodeId }, 1);
  }
}

export function syntheticConfig(run = 'r1'): RunConfig {
  return ConfigSchema.parse({
    created_at: '2026-11-24T09:00:00.000Z',
    pipeline_script: '/home/you/project/src/pipeline.py',
    source_dir: '/home/you/project/src',
    scm: 'git',
    build_command: 'echo image',
    base_launch_command: 'python3 src/pipeline.py --image $IMAGE',
    run_id: run,
  });
}

/** A small generator of numbers in [0, 1): the same seed, the same numbers. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
