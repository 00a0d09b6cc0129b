/** An experiment's life as spans of time, from the events that it is named in. */
import type { Moment } from './board-record.js';
import type { Span } from './board-types.js';

/** What an event begins; null ends what was before. Events that are not named here change nothing. */
const BEGINS: Partial<Record<Moment['type'], string | null>> = {
  experiment_added: 'queued',
  experiment_requeued: 'queued',
  experiment_preparing: 'prepare',
  experiment_prepared: 'wait for a slot',
  slot_granted: 'launch',
  job_pending: 'in the queue',
  job_launched: 'job',
  job_ended: 'analyse',
  experiment_completed: null,
  experiment_failed: null,
  experiment_cancelled: null,
};

export function timelineOf(moments: readonly Moment[]): Span[] {
  const spans: Span[] = [];
  for (const { type, atMs } of moments) {
    const name = BEGINS[type];
    if (name === undefined) continue;
    const last = spans.at(-1);
    if (last && last.endMs === null) last.endMs = atMs;
    if (name !== null) spans.push({ name, beginMs: atMs, endMs: null });
  }
  return spans;
}
