/**
 * Activities without effects for workflow tests: an event log in memory, a planner that proposes what it is told, and
 * jobs that run until the test ends them. Everything that was called is kept, so that tests can count.
 */
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type EngineMailbox, openEngineMailbox } from '../../activities/engine-mail/engine-mailbox.js';
import { lookupExperiment } from '../../activities/lookup-experiments.js';
import type { ConfirmationRules } from '../../domain/belief/confirmation-state.js';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import type { Activities, ExperimentLookup, PlanResult } from '../../domain/protocol/activities.js';
import { grantedIn } from '../../domain/protocol/lost-messages.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { type EngineState, initialState, openRows } from '../../domain/run/engine-state.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { commitOf, SEEDS } from '../../domain/run/experiment-record.js';
import { type Failure, failure } from '../../domain/run/failure.js';
import { NOTHING_SPENT, type Spent } from '../../domain/run/ledger.js';
import { startPhases } from '../../domain/schedule/planned-moves.js';
import { inRunOrder } from '../../domain/schedule/scheduling.js';

export interface FakeOptions {
  /** Throughput of a node's run; 100 when absent. */
  throughput?: (nodeId: string) => number;
  /** Names that each planning round proposes, in turn; then it stops. */
  plans?: string[][];
  /** Jobs end by themselves. */
  autoEnd?: boolean;
  usdPerCall?: number;
  /** Nodes whose job fails so. */
  failures?: Record<string, Failure['kind']>;
  /** As a run of today; one from before that rule when absent. */
  needsBaseline?: boolean;
  needsMeasuredBaseline?: boolean;
  /** Measures again what looks better, by these rules; believes single runs when absent. */
  confirmation?: ConfirmationRules;
  /** Plans build on the best of their time; on the baseline when absent. */
  stacks?: boolean;
  /** Nodes whose job waits in the queue of a cluster until the test begins it. */
  pending?: string[];
}

/** Each job waits for others of its host before it runs, ms. */
const ASKED_AT_MS = 1;
export const STARTED_AT_MS = 2;

export class FakeRun {
  readonly events: EngineEvent[] = [];
  readonly state: EngineState = initialState('fake');
  readonly calls: string[] = [];
  readonly launched: string[] = [];
  readonly cancelled: string[] = [];
  /** Agent calls that were paid for. */
  readonly paid = new Set<string>();
  mostJobs = 0;
  /** Times that an engine decided otherwise than the log. */
  forks = 0;
  readonly #running = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #begun = new Set<string>();
  #waiters: (() => void)[] = [];

  readonly #told = new Set<string>();
  #mailbox: EngineMailbox | null = null;
  #lookup: (nodeId: string) => Promise<ExperimentLookup> = async (nodeId) => ({
    nodeId,
    found: 'running',
    outcome: null,
  });

  constructor(readonly options: FakeOptions = {}) {}

  /**
   * Where its experiments' reports go (by way of `post`), and where the ends of those that reported to nobody are
   * looked up.
   */
  serve(run: string, client: Client, post: (mailbox: EngineMailbox) => EngineMailbox = (mailbox) => mailbox): void {
    this.#mailbox = post(openEngineMailbox(run, client));
    this.#lookup = (nodeId) => lookupExperiment(client, run, nodeId);
  }

  /** Of a job that waits in the queue. */
  beginJob(nodeId: string): void {
    this.#begun.add(nodeId);
    this.#changed();
  }

  endJob(nodeId: string): void {
    this.#ended.add(nodeId);
    this.#changed();
  }

  /** Resolves when the condition holds; looked at whenever something happens. */
  async until(holds: (run: FakeRun) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  statusOf(nodeId: string): string | undefined {
    return this.state.experiments[nodeId]?.state.status;
  }

  /** Each call costs `usdPerCall` once, however often its activity runs. */
  #price(call: string): Spent {
    this.paid.add(call);
    return { usd: this.options.usdPerCall ?? 0, tokens: 10, unpriced: 0 };
  }

  #startOfPlan(): { parentId: string; startCommit: string | null } {
    const { best, experiments } = this.state;
    const row = this.options.stacks ? experiments[best ?? ''] : undefined;
    return row && row.nodeId !== '000_baseline'
      ? { parentId: row.nodeId, startCommit: commitOf(row) }
      : { parentId: '000_baseline', startCommit: null };
  }

  #isFirstInPreparation(nodeId: string): boolean {
    const preparing = openRows(this.state).filter((row) => row.state.status === 'preparing');
    const [first] = inRunOrder(this.state, preparing);
    return first === undefined || first.nodeId === nodeId || !preparing.some((row) => row.nodeId === nodeId);
  }

  /** As the log in a workdir: what an engine was about to do gives way to what it decides after a reset. */
  #fork(seq: number): Record<string, number> {
    this.forks += 1;
    const granted = grantedIn(this.events.slice(seq - 1));
    this.events.length = seq - 1;
    for (const key of Object.keys(this.state)) delete this.state[key as keyof EngineState];
    Object.assign(this.state, initialState('fake'));
    for (const event of this.events) applyEvent(this.state, structuredClone(event));
    return granted;
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #called(name: string, nodeId = ''): void {
    this.calls.push(nodeId === '' ? name : `${name} ${nodeId}`);
    this.#changed();
  }

  readonly activities: Activities = {
    loadState: async () => (this.state.seq === 0 ? null : structuredClone(this.state)),
    setup: async () => {
      this.#called('setup');
      return {
        anchorCommit: 'a0',
        seeds: SEEDS.map((seed) => ({ ...seed, tags: [...seed.tags], changeSet: [seed.kind] })),
        practices: [],
        repair: { retries: 2, experiments: ['mtp'] },
        ...(this.options.needsBaseline ? { needsBaseline: true } : {}),
        ...(this.options.needsMeasuredBaseline ? { needsMeasuredBaseline: true } : {}),
        ...(this.options.confirmation ? { confirmation: this.options.confirmation } : {}),
      };
    },
    instrument: async () => {
      this.#called('instrument');
      return { baseCommit: 'b0', spent: this.#price('instrument') };
    },
    applyPatch: async ({ experiment }) => {
      this.#called('applyPatch', experiment.nodeId);
      return {
        commit: `c_${experiment.nodeId}`,
        changed: true,
        spent: startPhases(experiment.kind).length === 0 ? NOTHING_SPENT : this.#price(`apply ${experiment.nodeId}`),
      };
    },
    buildImage: async ({ nodeId }) => {
      this.#called('buildImage', nodeId);
      // What is prepared first gets a free slot: here that is always what comes first in the queue.
      await this.until((run) => run.#isFirstInPreparation(nodeId));
      return { image: 'img', reused: false };
    },
    launchJob: async ({ nodeId }) => {
      this.#called('launchJob', nodeId);
      if (!this.launched.includes(nodeId)) {
        this.launched.push(nodeId);
        this.#running.add(nodeId);
        this.mostJobs = Math.max(this.mostJobs, this.#running.size);
      }
      return { jobId: `j_${nodeId}`, launchedAtMs: ASKED_AT_MS };
    },
    pollMetrics: async ({ nodeId }) => {
      if (this.options.pending?.includes(nodeId) && !this.#begun.has(nodeId)) {
        await this.#mailbox?.deliver({ type: 'pending', nodeId });
        await this.until((run) => run.#begun.has(nodeId));
      }
      if (!this.#told.has(nodeId))
        await this.#mailbox?.deliver({
          type: 'launched',
          nodeId,
          jobId: `j_${nodeId}`,
          launchedAtMs: STARTED_AT_MS,
        });
      this.#told.add(nodeId);
      if (!this.options.autoEnd && !this.#ended.has(nodeId)) {
        throw ApplicationFailure.create({ message: 'still running', type: 'still_running', nextRetryDelay: 20 });
      }
      this.#running.delete(nodeId);
      this.#called('jobEnded', nodeId);
      const kind = this.options.failures?.[nodeId];
      return { launchedAtMs: STARTED_AT_MS, durationS: 1, failure: kind ? failure(kind, 'it broke', 0) : null };
    },
    cancelJob: async ({ nodeId }) => {
      this.#running.delete(nodeId);
      this.cancelled.push(nodeId);
      this.#called('cancelJob', nodeId);
    },
    collectEvidence: async () => ({ metrics: UNKNOWN_METRICS, sources: {} }),
    analyze: async ({ nodeId }) => {
      this.#called('analyze', nodeId);
      const throughput = this.options.throughput?.(nodeId) ?? 100;
      const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: throughput };
      const isRepeat = this.state.experiments[nodeId]?.kind === 'repeat';
      const spent = isRepeat ? NOTHING_SPENT : this.#price(`analyze ${nodeId}`);
      return { result: { metrics, sources: {}, findings: [] }, spent };
    },
    releaseTree: async () => undefined,
    plan: async ({ iteration }) => {
      this.#called('plan');
      const names = this.options.plans?.[iteration - 1];
      const result: PlanResult = {
        action: names ? 'launch' : 'stop',
        reasoning: '',
        refused: [],
        notApplicable: [],
        tookMs: 0,
        spent: this.#price(`plan ${iteration}`),
        proposals: (names ?? []).map((name, index) => ({
          index,
          name,
          ...this.#startOfPlan(),
          priority: 0,
          changeSet: [name],
          tags: [],
        })),
      };
      return result;
    },
    acceptExperiment: async ({ request, experiment }) => {
      const { name } = experiment as { name: string };
      if (name === 'refused') return { accepted: false, reason: 'it breaks a rule' };
      const identity = { name, parentId: '000_baseline', startCommit: null, priority: 0, changeSet: [name], tags: [] };
      return { accepted: true, experiment: { ...identity, kind: 'user', request } };
    },
    tellEngine: async ({ report }) => (await this.#mailbox?.deliver(report)) ?? true,
    exportWorkdir: async ({ events }) => {
      let slots: Record<string, number> = {};
      for (const event of events) {
        if (JSON.stringify(this.events[event.seq - 1] ?? event) !== JSON.stringify(event))
          slots = { ...this.#fork(event.seq), ...slots };
        if (event.seq <= this.state.seq) continue;
        applyEvent(this.state, structuredClone(event));
        this.events.push(event);
      }
      this.#changed();
      const granted = Object.keys(slots);
      return { seq: this.state.seq, ...(granted.length > 0 ? { granted, slots } : {}) };
    },
    drawCharts: async () => this.#called('drawCharts'),
    report: async ({ synthesis }) => {
      this.#called('report');
      return { spent: synthesis ? this.#price('report') : NOTHING_SPENT };
    },
    lookupExperiments: async ({ nodeIds }) => await Promise.all(nodeIds.map((nodeId) => this.#lookup(nodeId))),
  };
}
