/**
 * What the engine does so that a lost message, or a lost workflow, hangs nothing: experiments that an earlier run of it
 * started are greeted and looked up, and those that somebody killed end with their job. Looks again at long intervals.
 */
import { condition, patched } from '@temporalio/workflow';
import type { ExperimentLookup } from '../domain/protocol/activities.js';
import { isAwaited, isKnownGranted, underWay } from '../domain/protocol/lost-messages.js';
import { cancelExperimentSignal, withdrawSignal } from '../domain/protocol/messages.js';
import { type EngineState, rowOf } from '../domain/run/engine-state.js';
import type { ExperimentRow } from '../domain/run/experiment-record.js';
import { failure } from '../domain/run/failure.js';
import { ledgerKey, NOTHING_SPENT, type Spent } from '../domain/run/ledger.js';
import * as activities from './activity-options.js';
import type { Children } from './children.js';
import { type Reports, slotOf } from './reports.js';

/**
 * An experiment that lives answers within a second; one that waits for a slot says so, and stays in doubt for so long.
 */
const GREETING_MS = 10_000;
/** A job that is ended may save its state first, and its host may be busy. */
const ENDING_MS = 60_000;

export class Recovery {
  private doubts = 0;

  constructor(
    private readonly state: EngineState,
    private readonly children: Children,
    private readonly reports: Reports,
  ) {}

  /**
   * At the start of a run of the engine: experiments whose end was not reported (the server was away, the engine was),
   * and those whose workflow is gone. A new engine starts again what was killed with the one before.
   */
  async takeUp(nodeIds: readonly string[], isNewEngine: boolean): Promise<void> {
    if (nodeIds.length === 0) return;
    // In this order: one that ends before it hears of us is found by the look-up.
    await this.children.adopt(nodeIds);
    const found = await activities.files.lookupExperiments({ run: this.state.run, nodeIds: [...nodeIds] });
    for (const each of found) this.act(each, isNewEngine);
  }

  /** One that runs already, though this run of the engine has not started it. */
  greet(nodeId: string): void {
    void this.children.track(() => this.takeUp([nodeId], false));
  }

  /** A workflow closed without an outcome, or was reset: then it goes on as another run, which reports its end. */
  closed(nodeId: string, reason: string): void {
    void this.children.track(async () => {
      const [found] = await activities.inTask.lookupExperiments({ run: this.state.run, nodeIds: [nodeId] });
      if (found?.found === 'running') await this.children.adopt([nodeId]);
      else if (found?.outcome) this.reports.finish(nodeId, found.outcome);
      else await this.fail(nodeId, reason, found?.paid);
    });
  }

  /** Experiments may have jobs that the state does not know of: until they have told, nobody is granted a slot. */
  get isInDoubt(): boolean {
    return this.doubts > 0;
  }

  /**
   * The engine was put back to before it granted slots to these. What it has granted anew meanwhile, and nobody has
   * heard, waits again. `slots`: which each of them had, and may use; absent in histories of earlier versions.
   */
  putBack(
    granted: readonly string[],
    anew: readonly string[],
    slots: Readonly<Record<string, number>> | null = null,
  ): void {
    // One that has another slot now tells which one it uses; of one that was removed nobody wants the job.
    const moved = slots === null ? [] : granted.filter((nodeId) => this.holdsOther(nodeId, slots[nodeId]));
    const removed = slots === null ? [] : granted.filter((nodeId) => this.state.withdrawing?.includes(nodeId));
    for (const nodeId of moved) this.reports.finish(nodeId, { type: 'withdrawn', spent: NOTHING_SPENT });
    const nodeIds = granted.filter((nodeId) => this.rowIfAny(nodeId) && !isKnownGranted(this.state, nodeId));
    if (slots !== null) for (const nodeId of granted) this.reports.launchAgain(nodeId);
    if (nodeIds.length + removed.length === 0) return;
    this.doubts += 1;
    for (const nodeId of anew) {
      if (granted.includes(nodeId) || this.rowIfAny(nodeId)?.state.status !== 'launching') continue;
      this.reports.finish(nodeId, { type: 'withdrawn', spent: NOTHING_SPENT });
      void this.children.tell(nodeId, withdrawSignal);
    }
    const reason = 'it was removed from the queue';
    for (const nodeId of removed) void this.children.tell(nodeId, cancelExperimentSignal, { reason });
    void this.children.track(async () => {
      await this.takeUp(nodeIds, false);
      await condition(() => nodeIds.every((nodeId) => isKnownGranted(this.state, nodeId)), GREETING_MS);
      if (slots !== null) for (const nodeId of nodeIds) this.reports.launchAgain(nodeId);
      const isEnding = (nodeId: string) => this.state.withdrawing?.includes(nodeId);
      if (removed.length > 0) await condition(() => !removed.some(isEnding), ENDING_MS);
      this.doubts -= 1;
    });
  }

  private holdsOther(nodeId: string, slot: number | undefined): boolean {
    const now = this.rowIfAny(nodeId)?.state;
    const holds = now?.status === 'launching' || now?.status === 'running';
    return holds && slot !== undefined && now.slot !== slot;
  }

  /**
   * Looks up what is under way at long intervals, for as long as something is: eleven events of history a look,
   * whatever the number of experiments. One that both sides waited for since the last look is greeted.
   */
  async everySoOften(intervalMs: number): Promise<void> {
    const { state } = this;
    const isOver = () => state.status === 'stopped';
    let awaited = new Set<string>();
    for (;;) {
      await condition(() => isOver() || underWay(state).length > 0);
      if (isOver() || (await condition(isOver, intervalMs))) return;
      const before = awaited;
      const nodeIds = underWay(state).filter((nodeId) => !this.children.isStarting(nodeId));
      awaited = new Set(nodeIds.filter((nodeId) => isAwaited(state, nodeId)).map((nodeId) => this.stageOf(nodeId)));
      if (nodeIds.length > 0) await this.children.track(() => this.look(nodeIds, before));
    }
  }

  private async look(nodeIds: string[], awaited: ReadonlySet<string>): Promise<void> {
    const found = await activities.inTask.lookupExperiments({ run: this.state.run, nodeIds });
    for (const each of found) this.act(each, false);
    if (this.state.status === 'draining') this.children.withdrawPrepared();
    await this.children.adopt(nodeIds.filter((nodeId) => awaited.has(this.stageOf(nodeId))));
  }

  private act({ nodeId, found, outcome, paid }: ExperimentLookup, isNewEngine: boolean): void {
    if (this.children.isStarting(nodeId)) return;
    const row = this.rowIfAny(nodeId);
    const isGone = found === 'missing' || found === 'killed';
    if (found === 'ended' && outcome) this.reports.finish(nodeId, outcome);
    else if (this.state.withdrawing?.includes(nodeId)) this.withdraw(nodeId, isGone, paid);
    else if (row && (found === 'missing' || (isNewEngine && isGone))) this.children.start(identityOf(row), slotOf(row));
    else if (found === 'killed') void this.children.track(() => this.fail(nodeId, 'it was terminated', paid));
  }

  /** A removed one that did not hear so is told again; one that is gone has told all that it will. */
  private withdraw(nodeId: string, isGone: boolean, paid: ExperimentLookup['paid']): void {
    if (isGone) this.reports.finish(nodeId, { type: 'withdrawn', spent: this.spentOn(nodeId, paid) });
    else void this.children.tell(nodeId, withdrawSignal);
  }

  /**
   * Its job must not go on, as nobody watches it, and its slot is free only then. An engine that was reset may have
   * forgotten that it has one.
   */
  private async fail(nodeId: string, reason: string, paid: ExperimentLookup['paid']): Promise<void> {
    const row = this.rowIfAny(nodeId);
    if (row && (slotOf(row) !== null || patched('ends-jobs-that-it-has-forgotten'))) await this.endJob(nodeId);
    const record = failure('unexpected_exception', `the experiment's workflow ended: ${reason}`, Date.now());
    this.reports.finish(nodeId, { type: 'failed', failure: record, job: {}, spent: this.spentOn(nodeId, paid) });
  }

  /** Of the phase whose call is not booked yet. */
  private spentOn(nodeId: string, paid: ExperimentLookup['paid']): Spent {
    if (paid === undefined) return NOTHING_SPENT;
    return this.state.ledger.reserved[ledgerKey('apply', nodeId)] ? paid.apply : paid.analyze;
  }

  private async endJob(nodeId: string): Promise<void> {
    const node = { run: this.state.run, nodeId };
    try {
      await activities.job.cancelJob(node);
      await activities.engineCleanUp.releaseTree(node);
    } catch {
      // The job's runner keeps its limits, and the worker's reaper removes its tree: the experiment has ended anyway.
    }
  }

  /** As long as this is the same, nothing was heard of it. */
  private stageOf(nodeId: string): string {
    return `${nodeId} ${this.rowIfAny(nodeId)?.state.status ?? 'withdrawn'}`;
  }

  private rowIfAny(nodeId: string): ExperimentRow | undefined {
    return Object.hasOwn(this.state.experiments, nodeId) ? rowOf(this.state, nodeId) : undefined;
  }
}

export function identityOf({ seq: _, state: __, ...identity }: ExperimentRow) {
  return identity;
}
