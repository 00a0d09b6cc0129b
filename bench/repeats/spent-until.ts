/** What a run had spent when the last of these events happened. */
import type { EngineEvent } from '../../domain/run/event-types.js';

export interface Spent {
  /** Experiments that had a job, without repeats. */
  distinct: number;
  repeats: number;
  /** Of the repeats, those that ended before their end. */
  shortened: number;
  jobs: number;
  jobSeconds: number;
}

export function spentUntil(events: readonly EngineEvent[]): Spent {
  const again = new Set<string>();
  const spent: Spent = { distinct: 0, repeats: 0, shortened: 0, jobs: 0, jobSeconds: 0 };
  for (const event of events) {
    if (event.type === 'experiment_added') {
      const { nodeId, origin } = event.experiment;
      if (origin.from === 'repeat' || origin.from === 'ceiling') again.add(nodeId);
    }
    if (event.type === 'job_ended') {
      spent.jobs += 1;
      spent.jobSeconds += event.durationS;
      if (again.has(event.nodeId)) spent.repeats += 1;
      else spent.distinct += 1;
    }
    if (event.type === 'experiment_completed' && event.result.shortened !== undefined) spent.shortened += 1;
  }
  return spent;
}
