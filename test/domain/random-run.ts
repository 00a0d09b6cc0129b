/**
 * A whole run of random results, decided by the real policies from one state: what an engine would record. Another
 * state may follow its events, carried on at any time. The same seed is the same run.
 */

import type { ConfirmationRules } from '../../domain/belief/confirmation-state.js';
import { ceilingOf } from '../../domain/belief/repeats.js';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { type EngineState, initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent, EventBody, Money } from '../../domain/run/event-types.js';
import {
  commitOf,
  type ExperimentRow,
  followUpNodeId,
  HEADSPACE_ID,
  isMeasured,
  SEEDS,
} from '../../domain/run/experiment-record.js';
import { failure } from '../../domain/run/failure.js';
import { NOTHING_SPENT } from '../../domain/run/ledger.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import { nextMove } from '../../domain/schedule/planned-moves.js';
import { planningVerdict } from '../../domain/schedule/planning.js';
import { moneyOfEnd, settlement } from '../../domain/schedule/settlement.js';
import { consequencesOf, dueEvents } from '../../domain/verdict/consequences.js';

const RULES: ConfirmationRules = {
  calibrationRuns: 2,
  confirmRuns: 1,
  verifyRuns: 2,
  minImprovement: null,
  weighsOdds: true,
  goesOnUndecided: true,
  measuresCeilingsAgain: true,
  heedsChildren: true,
  watchesDrift: true,
  bundlesSmallGains: true,
  weighsRepeats: true,
  verifiesAsNeeded: true,
  verifiesUntilClose: true,
  verifiesAtLimits: true,
  keepsJobsToDecide: true,
  expectsLargeGains: true,
  plansBetweenJobs: true,
  waitsForQueued: true,
  ignoresCancelled: true,
  calibratesAsNeeded: true,
};
const PRACTICES = ['mtp', 'batch_size_tuning', 'concurrency_tuning'];
const NOISE = 0.02;

export class RandomRun {
  readonly state: EngineState = initialState('demo');
  /** True speeds, by node id. */
  private readonly speeds = new Map<string, number>();
  private atMs = 1_000_000;

  constructor(
    private readonly chance: () => number,
    private readonly seen: (event: EngineEvent) => void,
    rules: ConfirmationRules = RULES,
  ) {
    const limits = { ...DEFAULT_LIMITS, maxIterations: 1_000_000, patience: 1_000_000, budgetUsd: 1_000_000 };
    this.tell({ type: 'run_started', run: 'demo', limits });
    const repair = { retries: 2, experiments: ['mtp'] };
    this.tell({
      type: 'setup_completed',
      anchorCommit: 'a0',
      baseCommit: 'b0',
      practices: PRACTICES,
      repair,
      confirmation: rules,
    });
    for (const seed of SEEDS) {
      this.speeds.set(seed.nodeId, seed.nodeId === HEADSPACE_ID ? 200 : 100);
      this.tell({ type: 'experiment_added', experiment: { ...seed, changeSet: [seed.kind] } });
    }
  }

  /** One thing that happens: what is due, a plan, a start, or an end. */
  step(): void {
    const due = dueEvents(this.state);
    const move = due.length > 0 ? null : nextMove(this.state, 3);
    const running = this.state.open.filter((id) => this.state.experiments[id]?.state.status === 'running');
    if (due.length > 0) this.tell(...due);
    else if (move?.do === 'start') this.prepare(move.nodeId, move.money);
    else if (move?.do === 'grant') this.launch(move.nodeId, move.slot, move.money);
    else if (planningVerdict(this.state).do === 'plan' || running.length === 0) this.plan();
    else this.end(running[Math.floor(this.chance() * running.length)]!);
  }

  private tell(...bodies: (EventBody & { money?: Money })[]): void {
    for (const body of bodies) {
      this.atMs += 1000;
      const event = { seq: this.state.seq + 1, atMs: this.atMs, ...body };
      applyEvent(this.state, structuredClone(event));
      this.seen(event);
    }
  }

  private prepare(nodeId: string, money: Money): void {
    this.tell({ type: 'experiment_preparing', nodeId, money });
    const { origin, startCommit } = this.state.experiments[nodeId]!;
    const commit = origin.from === 'repeat' ? (startCommit ?? 'b0') : `c_${nodeId}`;
    this.tell({
      type: 'experiment_prepared',
      nodeId,
      commit,
      money: settlement('apply', { ...NOTHING_SPENT, usd: 0.1 }, nodeId),
    });
  }

  private launch(nodeId: string, slot: number, money: Money): void {
    this.tell({ type: 'slot_granted', nodeId, slot, money });
    this.tell({ type: 'job_launched', nodeId, jobId: `j_${nodeId}`, launchedAtMs: this.atMs });
  }

  private end(nodeId: string): void {
    const row = this.state.experiments[nodeId]!;
    const money = (analyzed: boolean) =>
      moneyOfEnd(this.state, nodeId, { spent: NOTHING_SPENT, analyzed, durationS: 10, atMs: this.atMs });
    const isSeed = row.origin.from === 'seed' && row.kind !== 'mtp';
    if (!isSeed && this.chance() < 0.12) {
      const kind = this.chance() < 0.4 ? 'job_startup_failed' : 'job_runtime_failed';
      this.tell({
        type: 'experiment_failed',
        nodeId,
        failure: failure(kind, 'it broke', this.atMs),
        money: money(false),
      });
    } else {
      this.tell({ type: 'job_ended', nodeId, durationS: 10 });
      const speed = this.speedOf(row) * Math.exp(NOISE * (this.chance() + this.chance() - 1));
      const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: speed, notes: 'measured' };
      const result = {
        metrics,
        sources: {},
        findings: [],
        stepNoise: 0.01 * this.chance(),
        ...(this.chance() < 0.05 ? { contention: 0.3 } : {}),
        ...(this.chance() < 0.2 && !isSeed ? { noEffect: 'it changed nothing' } : {}),
        ...(this.chance() < 0.01 && !isSeed ? { doubt: 'it cannot be' } : {}),
      };
      this.tell({ type: 'experiment_completed', nodeId, result, money: money(true) });
    }
    this.tell(...consequencesOf(this.state, nodeId));
  }

  private speedOf({ nodeId, origin }: ExperimentRow): number {
    if (origin.from === 'repeat') return this.speeds.get(origin.of) ?? 100;
    if (origin.from === 'ceiling') return 1.5 * (this.speeds.get(origin.of) ?? 100);
    const known = this.speeds.get(nodeId) ?? 90 + 20 * this.chance();
    this.speeds.set(nodeId, known);
    return known;
  }

  /** What the activity proposes: it knows the whole run. */
  private plan(): void {
    const iteration = this.state.iteration + 1;
    this.tell({ type: 'planning_started', iteration });
    const measured = Object.values(this.state.experiments).filter((row) => isMeasured(row) && row.kind !== 'repeat');
    const accepted = Array.from({ length: Math.floor(4 * this.chance()) }, (_, index) => {
      const parent = measured[Math.floor(this.chance() ** 0.5 * measured.length)];
      const parentId = this.chance() < 0.5 ? (this.state.best ?? '000_baseline') : (parent?.nodeId ?? '000_baseline');
      const row = this.state.experiments[parentId];
      const ceiling = ceilingOf(this.state, parentId);
      const nodeId = followUpNodeId(this.state.nextCounter, 'x');
      const tags = [PRACTICES[Math.floor(8 * this.chance())] ?? `own_${iteration}`];
      const better = this.chance() < 0.15 ? 1.04 : 0.85 + 0.15 * this.chance();
      this.speeds.set(nodeId, (this.speeds.get(parentId) ?? 100) * better);
      this.tell({
        type: 'experiment_added',
        experiment: {
          nodeId,
          name: 'x',
          kind: 'planned',
          origin: { from: 'plan', iteration, index },
          parentId,
          startCommit: (row && commitOf(row)) ?? null,
          priority: 0,
          changeSet: [`change=${nodeId}`],
          tags,
          ...(ceiling === HEADSPACE_ID ? {} : { ceiling }),
        },
      });
      return nodeId;
    });
    const money = settlement('plan', { ...NOTHING_SPENT, usd: 0.1 }, String(iteration));
    this.tell({
      type: 'plan_received',
      iteration,
      action: 'launch',
      reasoning: '',
      accepted,
      refused: [],
      notApplicable: [],
      money,
    });
  }
}

/** Numbers in [0, 1): the same seed, the same numbers. */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
