/** A run of the Python engine as a list of our events, and what these name: values in, values out. */

import { configuredLimits, type RunConfig } from '../../domain/formats/config.js';
import type { NodeFile } from '../../domain/formats/files.js';
import type { Spec } from '../../domain/formats/spec.js';
import { changeSetOf } from '../../domain/proposals/change-set.js';
import { limitsFrom } from '../../domain/protocol/steering-messages.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { type EngineState, initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent, EventBody } from '../../domain/run/event-types.js';
import {
  BASELINE_ID,
  type ExperimentIdentity,
  isTerminal,
  SEEDS,
  type SpecOrigin,
} from '../../domain/run/experiment-record.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { consequencesOf } from '../../domain/verdict/consequences.js';
import { type Ended, entryOf, failureOf, resultOf, specOfNode } from './python-node.js';
import { type PythonRun, timeOf } from './python-run.js';

export interface AdoptedRun {
  events: EngineEvent[];
  /** Files of engine/plans, by planning round. */
  plans: Map<number, Spec[]>;
  /** Commits to keep, by the name of their ref. */
  commits: Map<string, string>;
  /** Jobs that were out, by node id. */
  jobs: Map<string, { jobId: string; launchedAtMs: number }>;
}

/**
 * Null where it had not got as far as a baseline with a commit: there is nothing that a new run would not do as well.
 */
export function adoptedRun(python: PythonRun, config: RunConfig, practices: string[]): AdoptedRun | null {
  const baseline = python.nodes.find(({ node_id, status }) => node_id === BASELINE_ID && status !== 'queued');
  const anchorCommit = python.state.anchor_commit;
  const baseCommit = python.preparedCommits.get(BASELINE_ID) ?? baseline?.commit;
  if (!anchorCommit || !baseCommit) return null;
  return new Adoption(python, config, { anchorCommit, baseCommit, practices }).run();
}

class Adoption {
  private readonly state: EngineState;
  private readonly events: EngineEvent[] = [];
  private readonly plans = new Map<number, Spec[]>();
  private readonly jobs: AdoptedRun['jobs'] = new Map();
  private readonly nodes: Map<string, NodeFile>;

  constructor(
    private readonly python: PythonRun,
    private readonly config: RunConfig,
    private readonly setup: { anchorCommit: string; baseCommit: string; practices: string[] },
  ) {
    this.state = initialState(config.run_id);
    this.nodes = new Map(python.nodes.map((node) => [node.node_id, node]));
  }

  run(): AdoptedRun {
    const { python, config, setup } = this;
    const { startup_failure_retries: retries, startup_retryable_experiments: experiments } = config;
    const limits = { ...DEFAULT_LIMITS, ...limitsFrom(configuredLimits(config)) };
    this.record({ type: 'run_started', run: config.run_id, limits }, timeOf(config.created_at));
    this.record({ type: 'setup_completed', ...setup, repair: { retries, experiments } });
    for (const node of python.nodes) if (seedOf(node)) this.add(node, { from: 'seed' });
    for (let round = 0; round <= python.state.iteration; round += 1) {
      this.addRound(round);
      for (const ended of this.endedIn(round)) this.end(ended);
    }
    this.keepBest();
    this.launched();
    this.leave();
    return { events: this.events, plans: this.plans, commits: this.commits(), jobs: this.jobs };
  }

  /** Time never runs backwards, and what has no time of its own happened with what came before it. */
  private record(body: EventBody, atMs: number | null = null): void {
    const event: EngineEvent = {
      seq: this.state.seq + 1,
      atMs: Math.max(this.state.updatedAtMs, atMs ?? 0),
      ...body,
    };
    applyEvent(this.state, event);
    this.events.push(event);
  }

  /** Round 0 is what was queued before the first plan. */
  private addRound(iteration: number): void {
    const added = this.python.nodes.filter((node) => !seedOf(node) && this.roundOf(node) === iteration);
    const planned = added.filter((node) => this.repairOf(node) === null);
    if (iteration > 0) this.record({ type: 'planning_started', iteration });
    for (const node of added) {
      this.add(node, this.repairOf(node) ?? { from: 'plan', iteration, index: planned.indexOf(node) });
    }
    if (planned.length > 0) this.plans.set(iteration, planned.map(specOfNode));
    if (iteration === 0) return;
    this.record({
      type: 'plan_received',
      iteration,
      action: 'launch',
      reasoning: '',
      accepted: planned.map(({ node_id }) => node_id),
      refused: [],
      notApplicable: [],
    });
  }

  /** The other engine's files tell the round of experiments that ended; the others are of the newest round. */
  private roundOf({ node_id }: NodeFile): number {
    const newest = this.python.state.iteration;
    const ended = this.python.state.history.find(({ run_id }) => run_id === node_id);
    return Math.min(newest, Math.max(0, ended?.iteration ?? newest));
  }

  private repairOf({ spec }: NodeFile): SpecOrigin | null {
    const { _startup_retry_of: of, _startup_retry_attempt: attempt } = spec;
    if (typeof of !== 'string' || !this.nodes.has(of)) return null;
    return { from: 'repair', of, attempt: typeof attempt === 'number' ? attempt : 1 };
  }

  private add(node: NodeFile, origin: SpecOrigin): void {
    const { config } = this;
    const spec = specOfNode(node);
    const seed = seedOf(node);
    const experiment: ExperimentIdentity = {
      nodeId: node.node_id,
      name: node.name,
      kind: seed?.kind ?? (origin.from === 'repair' ? 'repair' : 'planned'),
      origin,
      parentId: node.parent_id !== null && this.nodes.has(node.parent_id) ? node.parent_id : null,
      startCommit: seed ? null : this.startOf(node, spec),
      priority: node.priority,
      changeSet: changeSetOf(spec.changes, spec.launch_command, config.base_launch_command),
      tags: spec.best_practices_tags,
    };
    this.record({ type: 'experiment_added', experiment });
  }

  /** One that has no commit of its own yet carries the one that it starts from. */
  private startOf(node: NodeFile, spec: Spec): string | null {
    const hasOwn = node.status !== 'queued' && !this.isPrepared(node);
    const start = hasOwn ? spec.goto : node.commit;
    return start === this.setup.baseCommit ? null : start;
  }

  private isPrepared({ node_id, job_id, status }: NodeFile): boolean {
    return this.python.preparedCommits.has(node_id) || (job_id === null && status === 'preparing');
  }

  private endedIn(round: number): Ended[] {
    const { history, iteration } = this.python.state;
    const told = history.filter((entry) => Math.min(iteration, Math.max(0, entry.iteration)) === round);
    if (round < iteration) return told;
    const known = new Set(history.map(({ run_id }) => run_id));
    const others = this.python.nodes.filter((node) => isOver(node) && !known.has(node.node_id));
    return [...told, ...others.map((node) => entryOf(node, iteration))];
  }

  private end({ run_id: nodeId, commit, job_id: jobId, completed_at, structured }: Ended): void {
    const node = this.nodes.get(nodeId);
    const row = this.state.experiments[nodeId];
    if (!node || !row || isTerminal(row)) return;
    const atMs = timeOf(completed_at);
    const durationS = node.duration ?? 0;
    const endedAtMs = atMs ?? this.state.updatedAtMs;
    const launchedAtMs = this.python.jobStarts.get(jobId ?? '') ?? endedAtMs - durationS * 1000;
    const made = commit ?? node.commit;
    this.prepared(node, made);
    if (structured.failure) {
      const why = failureOf(structured.failure, jobId, endedAtMs);
      const type = why.kind === 'cancelled' ? 'experiment_cancelled' : 'experiment_failed';
      const job = jobId === null || made === null ? {} : { commit: made, jobId, launchedAtMs, durationS };
      this.record({ type, nodeId, failure: why, job }, atMs);
      return;
    }
    const job = { commit: made ?? this.setup.baseCommit, jobId: jobId ?? '', launchedAtMs, durationS };
    this.record({ type: 'experiment_completed', nodeId, result: resultOf(structured), job }, atMs);
    for (const event of consequencesOf(this.state, nodeId)) if (event.type === 'best_changed') this.record(event);
  }

  private prepared({ node_id: nodeId, spec }: NodeFile, commit: string | null): void {
    if (commit === null) return;
    const image = typeof spec._image === 'string' ? { image: spec._image } : {};
    this.record({ type: 'experiment_prepared', nodeId, commit, ...image });
  }

  /** The other engine's best stays best, whatever rule it was found by. */
  private keepBest(): void {
    const best = this.python.state.current_best;
    if (best === null || best === this.state.best) return;
    if (this.state.experiments[best]?.state.status === 'completed') {
      this.record({ type: 'best_changed', nodeId: best });
    }
  }

  /** Jobs that were out hold a slot each, until it is known what became of them. */
  private launched(): void {
    let slot = 0;
    for (const node of this.python.nodes) {
      const { node_id: nodeId, job_id: jobId, commit } = node;
      const status = this.state.experiments[nodeId]?.state.status;
      if (status !== 'queued' || node.status === 'queued' || jobId === null || commit === null) continue;
      const launchedAtMs = this.python.jobStarts.get(jobId) ?? this.python.leftAtMs;
      this.prepared(node, commit);
      this.record({ type: 'slot_granted', nodeId, slot });
      this.record({ type: 'job_launched', nodeId, jobId, launchedAtMs }, launchedAtMs);
      this.jobs.set(nodeId, { jobId, launchedAtMs });
      slot += 1;
    }
  }

  private leave(): void {
    const { state, leftAtMs } = this.python;
    if (state.status === 'interrupted') this.record({ type: 'stop_requested', mode: 'interrupt' }, leftAtMs);
    if (state.status === 'stopped') {
      this.record({ type: 'stopped', reason: 'user', detail: 'the Python engine had stopped' }, leftAtMs);
    }
  }

  private commits(): Map<string, string> {
    const { anchorCommit, baseCommit } = this.setup;
    const commits = new Map([
      ['anchor', anchorCommit],
      ['base', baseCommit],
    ]);
    for (const { nodeId, state } of Object.values(this.state.experiments)) {
      if ('commit' in state && state.commit !== null) commits.set(nodeId, state.commit);
    }
    return new Map([...commits, ...this.python.preparedCommits]);
  }
}

function seedOf({ node_id }: NodeFile) {
  return SEEDS.find(({ nodeId }) => nodeId === node_id);
}

function isOver({ status }: NodeFile): boolean {
  return status === 'completed' || status === 'failed';
}
