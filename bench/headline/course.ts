/** What a run did, from its record: how many experiments and jobs it took to each result, and what led to its best. */
import { isRemeasurement } from '../../domain/belief/confirmation-state.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import { type ExperimentRow, isSeed, jobIdOf } from '../../domain/run/experiment-record.js';

export interface Result {
  nodeId: string;
  /** Experiments that had a job until then, this one included: those beyond the seeds, and all. */
  experiments: number;
  distinct: number;
  jobs: number;
  /** Samples a second. */
  rate: number;
  /** Flags and changes against what it starts from. */
  changes: readonly string[];
  /** Its numbers are kept apart and are no gain. */
  isApart: boolean;
}

export interface Course {
  /** In the order in which they ended; neither repeats nor runs with cached data. */
  results: Result[];
  best: string | null;
  /** Of the best, from the start of the run on. */
  changesOfBest: string[];
  /** What was proposed and not run, with the reason. */
  refused: string[];
  unreached: string[];
  summary: string;
}

export function courseOf({ state, ended, plans }: Pick<RunRecord, 'state' | 'ended' | 'plans'>): Course {
  const results: Result[] = [];
  const trace: string[] = [];
  let [experiments, distinct, jobs, jobSeconds] = [0, 0, 0, 0];
  for (const { nodeId } of ended) {
    const row = state.experiments[nodeId]!;
    if (jobIdOf(row) === null) continue;
    jobs += 1;
    jobSeconds += ('durationS' in row.state ? row.state.durationS : null) ?? 0;
    const isAgain = isRemeasurement(row);
    if (!isAgain) distinct += 1;
    if (!isAgain && !isSeed(row)) experiments += 1;
    const rate = row.state.status === 'completed' ? row.state.metrics.throughput_samples_per_s : null;
    const isApart = row.judged?.verdict === 'quarantine';
    trace.push(`    ${nodeId} ${rate?.toFixed(0) ?? row.state.status}${isApart ? ' (kept apart)' : ''}`);
    if (rate !== null && row.kind !== 'headspace' && !isAgain)
      results.push({ nodeId, experiments, distinct, jobs, rate, changes: row.changeSet, isApart });
  }
  const fastest = Math.max(0, ...results.map(({ rate }) => rate));
  const counted = `${experiments} experiments beyond the seeds, ${jobs} jobs, ${jobSeconds.toFixed(0)} s of jobs`;
  return {
    results,
    best: state.best,
    changesOfBest: changesOf(state.best, state.experiments),
    refused: plans.flatMap(({ refused }) => refused.map(({ name, reason }) => `${name}: ${reason}`)),
    unreached: [...new Set(plans.flatMap(({ unreached }) => unreached))],
    summary: [`${counted}, at most ${fastest.toFixed(0)} samples/s`, ...trace].join('\n'),
  };
}

/** What it changes, and before that what those have changed that it stands on. */
function changesOf(nodeId: string | null, experiments: Readonly<Record<string, ExperimentRow>>): string[] {
  const row = nodeId === null ? undefined : experiments[nodeId];
  return row ? [...changesOf(row.parentId, experiments), ...row.changeSet] : [];
}

/** The first that comes up to a rate; null where none does. */
export function firstAt(rate: number, results: readonly Result[]): Result | null {
  return results.find((each) => each.rate >= rate) ?? null;
}
