/** What a person wants to be told of a run while they are away, as data for a command of theirs (`--on-event`). */
import { runFacts } from '../../../domain/reports/run-facts.js';
import type { EngineState } from '../../../domain/run/engine-state.js';
import type { EngineEvent } from '../../../domain/run/event-types.js';
import { BASELINE_ID } from '../../../domain/run/experiment-record.js';
import { askedText, progressLine } from '../progress.js';

export interface Notification {
  event: 'improvement' | 'unconfirmed' | 'failure' | 'budget' | 'approval' | 'stop';
  run: string;
  workdir: string;
  /** ISO 8601. */
  at: string;
  /** One sentence for a person. */
  message: string;
  status: EngineState['status'];
  /** The experiment that it is about; null for the run as a whole. */
  node_id: string | null;
  /**
   * The best so far, how many times faster than the baseline it is, and whether its repeats have not confirmed it yet;
   * null while there is none.
   */
  best: { node_id: string; metric: string; value: number; gain: number | null; is_provisional: boolean } | null;
  /** Place of the event in engine/events.jsonl. */
  seq: number;
}

/** `state` has the event applied; `warnings` are those of budgets that it brought. */
export function notificationsOf(
  state: EngineState,
  event: EngineEvent,
  warnings: readonly string[],
  workdir: string,
): Notification[] {
  const facts = runFacts(state);
  const best = facts.best && {
    node_id: facts.best.row.nodeId,
    metric: facts.best.objective.metric,
    value: facts.best.objective.value,
    gain: facts.gain,
    is_provisional: facts.isProvisional,
  };
  const made = (kind: Notification['event'], message: string, nodeId: string | null = null): Notification => ({
    event: kind,
    run: state.run,
    workdir,
    at: new Date(event.atMs).toISOString(),
    message,
    status: state.status,
    node_id: nodeId,
    best,
    seq: event.seq,
  });
  const line = () => (progressLine(state, event) ?? event.type).split('\n')[0]!;
  const found = warnings.map((warning) => made('budget', warning.replace(/^warning: /, '')));
  switch (event.type) {
    case 'best_changed':
      // Whoever was told of a gain hears that it is none, also where nothing but the baseline is left.
      if (event.insteadOf !== undefined) found.push(made('unconfirmed', line(), event.insteadOf));
      else if (event.nodeId !== BASELINE_ID) found.push(made('improvement', line(), event.nodeId));
      break;
    case 'experiment_failed':
      // A copy of another, and a job that was ended because it could not come near the best, have not failed.
      if (event.failure.kind !== 'duplicate_work' && event.failure.kind !== 'pruned')
        found.push(made('failure', line(), event.nodeId));
      break;
    case 'experiment_added':
    case 'experiment_prepared': {
      const nodeId = event.type === 'experiment_added' ? event.experiment.nodeId : event.nodeId;
      const asked = askedText(state, nodeId);
      if (asked !== null) found.push(made('approval', asked, nodeId));
      break;
    }
    case 'setup_failed':
    case 'planning_failed':
      found.push(made('failure', line()));
      break;
    case 'stopped':
      found.push(made('stop', line()));
      break;
    case 'stop_requested':
      if (event.mode === 'interrupt') found.push(made('stop', 'interrupted: running jobs go on'));
      break;
  }
  return found;
}
