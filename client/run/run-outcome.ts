/** What a run came to: its measures, the changes that won, and the exit code that this means. */

import type { Objective } from '../../domain/belief/compare.js';
import type { GainInterval } from '../../domain/belief/judgement.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { isFlagChange } from '../../domain/proposals/effective-changes.js';
import { busyMachineText } from '../../domain/reports/caveats/busy-machine.js';
import { unclearRateText } from '../../domain/reports/caveats/unclear-rate.js';
import { whyNothing } from '../../domain/reports/caveats/why-nothing.js';
import { changeWords } from '../../domain/reports/change-words.js';
import { type Measured, runFacts } from '../../domain/reports/run-facts.js';
import { toldChanges } from '../../domain/reports/winner/folded-changes.js';
import { partTexts } from '../../domain/reports/winner/winner-parts.js';
import { type EngineState, tallyShown } from '../../domain/run/engine-state.js';
import { BASELINE_ID, commitOf, type ExperimentRow, isSeed } from '../../domain/run/experiment-record.js';
import type { StopReason } from '../../domain/run/limits.js';
import type { Workdir } from '../../workdir/paths.js';
import { specOf } from '../../workdir/spec-store.js';
import { EXIT, type ExitCode } from '../output/exit-codes.js';

export interface MeasuredNode {
  node_id: string;
  objective: Objective;
  /** How many times faster than the baseline. */
  gain: number | null;
}

export interface RunOutcome {
  workdir: string;
  run: string;
  status: EngineState['status'];
  stop: { reason: StopReason; detail: string } | null;
  interrupted: boolean;
  baseline: MeasuredNode | null;
  headspace: MeasuredNode | null;
  best: MeasuredNode | null;
  /** Whether the repeats of the best have not confirmed it yet, as where a run is interrupted. */
  is_provisional?: true;
  /** Of the best over the baseline, and of the ceiling over the best, from repeats; null without any. */
  proven_gain: GainInterval | null;
  headspace_left: GainInterval | null;
  /** The run with cached data was slower than the baseline, so it is no ceiling. */
  headspace_unknown?: true;
  /**
   * From the base commit to the best, without what was changed again on the way; empty when nothing beat the baseline.
   * `alone`: of several, whether each was confirmed by itself, in words.
   */
  winning_changes: { node_id: string; change: string; commit: string | null; alone?: string }[];
  counts: ReturnType<typeof tallyShown>;
  /** What to know of a run whose jobs shared the machine with other work. */
  busy_machine?: string;
  /** What to know of throughputs that may be those of one rank alone. */
  unclear_rate?: string;
  /** Where nothing was found: what became of what was tried, or how the baseline died. */
  why_nothing: string[];
  exit_code: ExitCode;
}

export async function runOutcome(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState,
  interrupted: boolean,
): Promise<RunOutcome> {
  const facts = runFacts(state);
  const { baseline, headspace, best, gain, ceiling, ceilingDoubted, isProvisional, proven, left } = facts;
  const stop = state.status === 'stopped' ? state.stop : null;
  const busy = busyMachineText(state);
  const unclear = unclearRateText(state);
  return {
    workdir: workdir.root,
    run: config.run_id,
    status: state.status,
    stop,
    interrupted,
    baseline: measuredNode(baseline, 1),
    headspace: measuredNode(headspace, ceiling),
    best: measuredNode(best, gain),
    ...(isProvisional ? { is_provisional: true } : {}),
    proven_gain: proven,
    headspace_left: left,
    ...(ceilingDoubted ? { headspace_unknown: true } : {}),
    winning_changes: await winningChanges(workdir, config, state),
    counts: tallyShown(state),
    ...(busy === null ? {} : { busy_machine: busy }),
    ...(unclear === null ? {} : { unclear_rate: unclear }),
    why_nothing: whyNothing(state, facts),
    exit_code: exitCodeOf(stop?.reason ?? null, interrupted, best === null && hasNoBaseline(state)),
  };
}

const FAILED_REASONS: readonly StopReason[] = ['setup_failed', 'failure_rate', 'baseline_failed', 'user_files_changed'];

/** A limit may end a run before a baseline that failed can be repaired: nothing was measured then either. */
function exitCodeOf(reason: StopReason | null, interrupted: boolean, isUnmeasured: boolean): ExitCode {
  if (interrupted) return EXIT.interrupted;
  return reason === null || isUnmeasured || FAILED_REASONS.includes(reason) ? EXIT.runFailed : EXIT.ok;
}

/** Somebody who ends a run by cancelling its jobs knows that there is none. */
function hasNoBaseline({ experiments, stop }: EngineState): boolean {
  const status = experiments[BASELINE_ID]?.state.status;
  return status === 'failed' || (status === 'cancelled' && stop?.reason !== 'user');
}

function measuredNode(measured: Measured | null, gain: number | null): MeasuredNode | null {
  return measured && { node_id: measured.row.nodeId, objective: measured.objective, gain };
}

async function winningChanges(workdir: Workdir, config: RunConfig, state: EngineState) {
  const rows = state.best === null ? [] : changesOf(state, state.best);
  const alone = state.best === null ? new Map<string, string>() : partTexts(state, state.best);
  const stack = await Promise.all(
    rows.map(async (row) => ({
      nodeId: row.nodeId,
      words: changeWords(await specOf(workdir, config, state, row), row),
      commit: commitOf(row),
    })),
  );
  return toldChanges(stack, alone).map(({ nodeId, words, commit }) => {
    const text = alone.get(nodeId);
    return { node_id: nodeId, change: words, commit, ...(text === undefined ? {} : { alone: text }) };
  });
}

/** An experiment and what it is stacked on, the oldest first, without the baseline. */
export function changesOf(state: EngineState, nodeId: string): ExperimentRow[] {
  const stack: ExperimentRow[] = [];
  let row = state.experiments[nodeId];
  while (row && !stack.includes(row)) {
    stack.unshift(row);
    row = below(state, row);
  }
  return stack.filter(({ kind }) => kind !== 'baseline');
}

/** Code that starts from the base stands on a parent that changed flags alone where its command has them still. */
function below({ experiments, baseCommit }: EngineState, row: ExperimentRow): ExperimentRow | undefined {
  const parent = isSeed(row) || row.parentId === null ? undefined : experiments[row.parentId];
  const isOnBase = row.startCommit === null || row.startCommit === baseCommit;
  if (!isOnBase || parent === undefined) return parent;
  return parent.changeSet.some((text) => isFlagChange(text) && row.changeSet.includes(text)) ? parent : undefined;
}
