/** Short runs as lists of events, for tables of decisions. */

import type { ConfirmationRules } from '../../domain/belief/confirmation-state.js';
import { type Result, UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { type EngineState, initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent, EventBody, Money } from '../../domain/run/event-types.js';
import { type ExperimentIdentity, SEEDS } from '../../domain/run/experiment-record.js';
import { type Failure, failure } from '../../domain/run/failure.js';
import { DEFAULT_LIMITS, type Limits } from '../../domain/run/limits.js';

export class Story {
  readonly state: EngineState = initialState('demo');
  readonly events: EngineEvent[] = [];

  constructor(limits: Partial<Limits> = {}) {
    this.tell({ type: 'run_started', run: 'demo', limits: { ...DEFAULT_LIMITS, ...limits } });
  }

  tell(...bodies: (EventBody & { money?: Money })[]): this {
    for (const body of bodies) {
      const event = { seq: this.state.seq + 1, atMs: 1000 * (this.state.seq + 1), ...body };
      this.events.push(event);
      applyEvent(this.state, event);
    }
    return this;
  }

  setUp(practices: string[] = [], confirmation?: ConfirmationRules, needsBaseline = false): this {
    const repair = { retries: 2, experiments: ['mtp'] };
    this.tell({
      type: 'setup_completed',
      anchorCommit: 'a0',
      baseCommit: 'b0',
      practices,
      repair,
      ...(confirmation ? { confirmation } : {}),
      ...(needsBaseline ? { needsBaseline } : {}),
    });
    for (const seed of SEEDS)
      this.tell({
        type: 'experiment_added',
        experiment: { ...seed, changeSet: seed.kind === 'baseline' ? [] : [seed.kind] },
      });
    return this;
  }

  add(nodeId: string, more: Partial<ExperimentIdentity> = {}): this {
    const experiment: ExperimentIdentity = {
      nodeId,
      name: nodeId,
      kind: 'planned',
      origin: { from: 'plan', iteration: 1, index: 0 },
      parentId: '000_baseline',
      startCommit: null,
      priority: 0,
      changeSet: [nodeId],
      tags: [],
      ...more,
    };
    return this.tell({ type: 'experiment_added', experiment });
  }

  running(nodeId: string, slot = 0): this {
    return this.tell(
      { type: 'experiment_preparing', nodeId },
      { type: 'experiment_prepared', nodeId, commit: `c_${nodeId}` },
      { type: 'slot_granted', nodeId, slot },
      { type: 'job_launched', nodeId, jobId: `j_${nodeId}`, launchedAtMs: 1 },
    );
  }

  completed(nodeId: string, throughput: number | null, more: Partial<Result> = {}): this {
    this.running(nodeId).tell({ type: 'job_ended', nodeId, durationS: 10 });
    const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: throughput };
    return this.tell({ type: 'experiment_completed', nodeId, result: { metrics, sources: {}, findings: [], ...more } });
  }

  failed(nodeId: string, kind: Parameters<typeof failure>[0] = 'job_failed', details: Failure['details'] = {}): this {
    return this.tell({ type: 'experiment_failed', nodeId, failure: failure(kind, 'it broke', 0, { details }) });
  }

  seedsDone(): this {
    this.completed('000_baseline', 100).tell({ type: 'best_changed', nodeId: '000_baseline' });
    return this.completed('000_headspace', 500).completed('001_mtp', 90);
  }

  planned(iteration: number, accepted: string[], action: 'launch' | 'stop' | 'manual' = 'launch'): this {
    this.tell({ type: 'planning_started', iteration });
    for (const nodeId of accepted) this.add(nodeId, { origin: { from: 'plan', iteration, index: 0 } });
    return this.tell({
      type: 'plan_received',
      iteration,
      action,
      reasoning: '',
      accepted,
      refused: [],
      notApplicable: [],
    });
  }
}
