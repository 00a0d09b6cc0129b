/** A run as lines for people: each event, together with the state after it, becomes one line or none. */

import { objectiveOfRow, speedup } from '../../domain/belief/compare.js';
import { driftText } from '../../domain/reports/caveats/confidence.js';
import { uncheckedText } from '../../domain/reports/caveats/unchecked-text.js';
import { judgementText } from '../../domain/reports/judgement-text.js';
import { durationText, gainText, numberText, objectiveText, speedupText } from '../../domain/reports/quantity-text.js';
import { runFacts } from '../../domain/reports/run-facts.js';
import { awaitsApproval, isRefused } from '../../domain/run/approval.js';
import { approvalText } from '../../domain/run/approval-rules.js';
import { ENDED_EARLY, endedText } from '../../domain/run/ended-counts.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { EngineEvent, SkippedStep } from '../../domain/run/event-types.js';
import { BASELINE_ID, bundleText, type ExperimentIdentity } from '../../domain/run/experiment-record.js';
import type { Failure } from '../../domain/run/failure.js';
import { suggestedAction } from '../../domain/run/failure.js';
import { withDocPaths } from '../output/doc-paths.js';

/** What happened, in words, without a time; null for steps that would only be noise. `state` has the event applied. */
export function progressLine(state: EngineState, event: EngineEvent): string | null {
  switch (event.type) {
    case 'run_started':
      return `run ${event.run} started`;
    case 'setup_completed':
      return event.baseCommit === event.anchorCommit
        ? `source is ready: anchor ${short(event.anchorCommit)}, nothing was put into it`
        : `source is ready: anchor ${short(event.anchorCommit)}, instrumented ${short(event.baseCommit)}`;
    case 'setup_failed':
      return `setup failed: ${failureText(event.failure)}`;
    case 'experiment_added':
      return joined(addedText(event.experiment), askedText(state, event.experiment.nodeId));
    case 'experiment_prepared':
      return askedText(state, event.nodeId);
    case 'experiment_preparing':
      return `${event.nodeId}: preparing`;
    case 'job_pending':
      return `${event.nodeId}: in the queue of its cluster; its slot is for another one meanwhile`;
    case 'job_launched':
      return `${event.nodeId}: job ${event.jobId} runs`;
    case 'experiment_completed': {
      const doubts = [event.result.doubt, event.result.noEffect].filter((doubt) => doubt !== undefined);
      return [
        `${event.nodeId}: completed, ${measuredText(state, event.nodeId, doubts.length > 0)}`,
        ...doubts.map((doubt) => `          not counted: ${firstLine(doubt)}`),
        ...(event.result.notices ?? []).map((notice) => `          note: ${notice}`),
      ].join('\n');
    }
    case 'experiment_failed':
      if (event.failure.kind === 'duplicate_work')
        return `${event.nodeId}: duplicate of ${event.failure.details.copy_of}, whose numbers stand for it`;
      if (event.failure.kind === 'pruned')
        return `${event.nodeId}: ${ENDED_EARLY}, ${firstLine(event.failure.message)}`;
      return `${event.nodeId}: failed, ${failureText(event.failure)}`;
    case 'experiment_cancelled': {
      const row = state.experiments[event.nodeId];
      return `${event.nodeId}: ${row && isRefused(row) ? 'refused' : 'cancelled'}, ${event.failure.message}`;
    }
    case 'best_changed':
      if (event.insteadOf !== undefined) return `best is ${event.nodeId} again: ${event.insteadOf} was not confirmed`;
      return bestText(state, event.nodeId);
    case 'candidate_judged':
      return judgementText(event.nodeId, event.judgement);
    case 'drift_found':
      return driftText(event);
    case 'verification_started':
      return `${event.nodeId} is measured against the baseline once more before the run ends`;
    case 'planning_started':
      return `planning round ${event.iteration}`;
    case 'plan_received':
      return planText(event);
    case 'planning_failed':
      return `planning round ${event.iteration} failed: ${failureText(event.failure)}`;
    case 'experiment_reprioritized':
      return `${event.nodeId}: priority is now ${event.priority}`;
    case 'experiment_removed':
      return `${event.nodeId}: removed from the queue`;
    case 'approval_set':
      return event.approval === null ? 'nothing waits for an approval any more' : approvalText(event.approval);
    case 'experiment_approved':
      return `${event.nodeId}: ${event.by === 'person' ? 'approved' : 'runs, as nobody answered in time'}`;
    case 'limits_set':
      return `limits: ${Object.entries(event.limits)
        .map(([name, value]) => `${name} ${value ?? 'none'}`)
        .join(', ')}`;
    case 'note_added':
      return `note: ${firstLine(event.text)}`;
    case 'given_refused':
      return `${event.given}: refused, ${firstLine(event.reason)}`;
    case 'add_unchecked':
      return uncheckedText(event);
    case 'paused':
      return 'paused: no new job starts';
    case 'resumed':
      return 'resumed';
    case 'returned':
      return `the engine is back; the run is ${state.status}${state.status === 'paused' ? ' (`autoresearch resume` goes on)' : ''}`;
    case 'stop_requested':
      return STOPPING[event.mode];
    case 'limit_reached':
      if (event.reason === 'baseline_failed')
        return 'there is no baseline: nothing else is launched, and what runs is ended';
      return `limit reached (${event.reason}): ${event.detail}; what runs may finish`;
    case 'stopped':
      if (event.reason === 'baseline_failed') return `stopped (${event.reason})`;
      return `stopped (${event.reason}): ${event.detail}`;
    case 'reported':
      return skippedText(event.skipped ?? []);
    // Short steps between two lines that are shown.
    case 'experiment_requeued':
    case 'withdrawal_ended':
    case 'slot_granted':
    case 'setup_started':
    case 'job_ended':
      return null;
    default:
      return event satisfies never;
  }
}

function joined(...lines: (string | null)[]): string | null {
  const said = lines.filter((line) => line !== null);
  return said.length === 0 ? null : said.join('\n          ');
}

/** Null unless it has just begun to wait for a person. */
export function askedText({ experiments }: EngineState, nodeId: string): string | null {
  const row = experiments[nodeId];
  if (row?.asked === undefined || !awaitsApproval(row)) return null;
  const what = row.asked.stage === 'plans' ? 'its plan' : 'its code';
  return `${nodeId}: ${what} waits for your approval (\`autoresearch approve\`, or \`refuse\`)`;
}

function skippedText(skipped: readonly SkippedStep[]): string | null {
  if (skipped.length === 0) return null;
  const each = skipped.map(({ step, reason }) => `${step} could not be made (${reason})`).join('; ');
  return `${each}; \`autoresearch export\` and \`autoresearch report\` make them anew`;
}

/** Of the warnings after an event those that did not hold before it: each budget's mark is told once. */
export function newWarnings(before: readonly string[], after: readonly string[]): string[] {
  return after.filter((warning) => !before.includes(warning)).map((warning) => `warning: ${warning}`);
}

const STOPPING = {
  interrupt: 'interrupted: running jobs go on, and are collected when the run is resumed',
  drain: 'draining: nothing new starts, what runs may finish',
  cancel_jobs: 'cancelling the running jobs',
} as const;

/** "12:03:04  002_x: completed, …"; `clock` turns Unix milliseconds into a time of day. */
export function timedLine(line: string, atMs: number, clock: (atMs: number) => string = timeOfDay): string {
  return `${clock(atMs)}  ${withDocPaths(line)}`;
}

export function timeOfDay(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}

/** One line that tells where the run stands now. */
export function standingLine(state: EngineState): string {
  const running = state.open.filter((id) => state.experiments[id]?.state.status === 'running').length;
  const { best, gain, isProvisional } = runFacts(state);
  const word = isProvisional ? 'provisional best' : 'best';
  const parts = [
    state.status,
    `${running} running`,
    `${state.open.length - running} waiting`,
    endedText(state),
    ...(state.planningSince === null ? [] : ['planning']),
    ...(best ? [`${word} ${best.row.nodeId} ${objectiveText(best.objective)} ${speedupText(gain)}`] : []),
  ];
  return parts.join(' · ');
}

/** Seeds are known, and a plan names its experiments itself. */
function addedText({ nodeId, kind, origin }: ExperimentIdentity): string | null {
  if (origin.from === 'bundle') return `${nodeId}: queued, ${bundleText(origin.of)}`;
  return origin.from === 'seed' || origin.from === 'plan' ? null : `${nodeId}: queued (${kind})`;
}

/** A number in doubt is not held against the baseline's. */
function measuredText(state: EngineState, nodeId: string, isDoubted: boolean): string {
  const row = state.experiments[nodeId];
  const objective = objectiveOfRow(row);
  const duration = row?.state.status === 'completed' ? `job of ${durationText(row.state.durationS)}` : '';
  if (!objective) return `nothing measured, ${duration}`;
  const gain = speedup(objective, runFacts(state).baseline?.objective ?? null);
  const compared = gain === null || isDoubted || nodeId === BASELINE_ID ? '' : ` (${gainText(gain)})`;
  return objective.metric === 'duration_s'
    ? `${duration}${compared}`
    : `${objectiveText(objective)}${compared}, ${duration}`;
}

function bestText(state: EngineState, nodeId: string): string {
  const { best, gain, remaining, isProvisional } = runFacts(state);
  if (nodeId === BASELINE_ID || !best) return `best is ${nodeId}`;
  const left = remaining === null || remaining <= 1 ? '' : `; the headspace is ${numberText(remaining)} times that`;
  const compared = gain === null ? '' : `, ${speedupText(gain)} vs the baseline`;
  return `${isProvisional ? 'provisional best' : 'best'} is ${nodeId}: ${objectiveText(best.objective)}${compared}${left}`;
}

function planText(event: Extract<EngineEvent, { type: 'plan_received' }>): string {
  const accepted = event.accepted.length === 0 ? 'nothing to try' : event.accepted.join(', ');
  const refused = event.refused.map(({ name, reason }) => `; refused ${name}: ${firstLine(reason)}`).join('');
  const stops = event.action === 'launch' ? '' : ` (planner says ${event.action})`;
  return `plan ${event.iteration}${stops}: ${accepted}${refused}`;
}

function failureText({ kind, message }: Failure): string {
  return `${kind}: ${firstLine(message)}. ${suggestedAction(kind)}`;
}

const LINE_LIMIT = 200;

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > LINE_LIMIT ? `${line.slice(0, LINE_LIMIT)}…` : line.replace(/\.$/, '');
}

function short(commit: string): string {
  return commit.slice(0, 10);
}
