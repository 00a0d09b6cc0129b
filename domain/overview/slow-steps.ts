/** Experiments whose step takes long, and jobs that a cluster lets wait. */
import { durationText } from '../reports/quantity-text.js';
import type { EngineState } from '../run/engine-state.js';
import type { Diagnostic } from './diagnostic.js';
import type { UnderWay } from './under-way.js';

/** One line for each reason: a cluster often has one for all of them. */
export function inQueue(underWay: readonly UnderWay[]): Diagnostic[] {
  const waiting = underWay.flatMap(({ node_id, waits }) => (waits === null ? [] : [{ node_id, ...waits }]));
  return [...new Set(waiting.map(({ reason }) => reason))].map((why) => {
    const those = waiting.filter(({ reason }) => reason === why);
    const since = those.map((each) => each.since).sort()[0] ?? null;
    const names = those.map(({ node_id }) => node_id).join(', ');
    return { level: 'note', what: `${names} in the queue`, since, why, advice: IN_QUEUE };
  });
}

/** So long a job waits in a busy queue, and nobody would call that stuck. */
const HELD_S = 60;

/** Where nothing runs, and what was launched is not let begin. */
export function held(underWay: readonly UnderWay[]): Diagnostic[] {
  if (underWay.some(({ step }) => step === 'running' || step === 'preparing' || step === 'analyzing')) return [];
  const waiting = underWay.filter(({ waits, for_s }) => waits !== null && for_s >= HELD_S);
  return inQueue(waiting)
    .slice(0, 1)
    .map((found) => ({ ...found, level: 'stuck', what: `nothing runs, and ${found.what}` }));
}

const IN_QUEUE =
  'it counts as no time of its job; `autoresearch cancel` with its name takes one out of the queue, and docs/platforms.md says more';

/** Longer than expected by this factor and so many seconds. */
const OVERDUE = { times: 1.5, seconds: 60 };
/** Seconds in which a step beside the job is usually over. */
const STEP_LIMITS = { launching: 60, preparing: 900, analyzing: 900, ready: Number.POSITIVE_INFINITY } as const;
const STEP_REASONS = {
  launching: 'other jobs hold the slots of this machine, or its platform has not begun with it',
  preparing: 'its change, its tree or its build takes long',
  analyzing: 'reading its results, or the answer of the agent, takes long',
  ready: '',
} as const;

export function slowSteps({ limits }: EngineState, underWay: readonly UnderWay[]): Diagnostic[] {
  return underWay.flatMap(({ node_id, step, since, for_s, expected_s, waits }): Diagnostic[] => {
    if (step !== 'running') {
      if (for_s <= STEP_LIMITS[step] || waits !== null) return [];
      const advice = `logs/autoresearch.log says more; \`autoresearch cancel\` with ${node_id} gives it up`;
      const what = `${node_id} is ${step} for ${durationText(for_s)}`;
      return [{ level: step === 'launching' ? 'note' : 'stuck', what, since, why: STEP_REASONS[step], advice }];
    }
    if (expected_s === null || for_s < OVERDUE.times * expected_s + OVERDUE.seconds) return [];
    return [
      {
        level: 'doubt',
        what: `${node_id} runs for ${durationText(for_s)}`,
        since,
        why: `jobs like it took ${durationText(expected_s)}`,
        advice: `it is ended after ${durationText(limits.jobTimeoutS)} (--job-timeout); \`autoresearch cancel\` with ${node_id} ends it now`,
      },
    ];
  });
}
