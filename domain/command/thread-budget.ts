/** How many loader threads a launch command may ask for. */
import { flagsOf } from './launch-command.js';

const PER_RANK = 16;
const PER_RANK_EXTENDED = 32;

export interface ThreadBudgetFacts {
  /** GPUs of the job; null when unknown. */
  gpuCount: number | null;
  /** Whether a run with 16 threads beat every run with fewer. */
  sixteenBeatFewer: boolean;
}

/**
 * Why the command is outside the budget, or null: `--num_threads` at most 16 per rank (32 with one GPU, or once 16 has
 * beaten fewer) and at least the larger of `--num_fetch_threads` and `--num_decode_threads`.
 */
export function threadBudgetProblem(launchCommand: string, facts: ThreadBudgetFacts): string | null {
  const flags = flagsOf(launchCommand);
  const numberOf = (name: string): number | null => {
    const text = flags.get(name);
    const value = text === undefined || text === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : null;
  };
  const threads = numberOf('--num-threads');
  if (threads === null) return null;
  const limit = facts.gpuCount === 1 || facts.sixteenBeatFewer ? PER_RANK_EXTENDED : PER_RANK;
  if (threads > limit) return `--num_threads ${threads} is above the budget of ${limit} threads per rank`;
  for (const name of ['--num-fetch-threads', '--num-decode-threads']) {
    const needed = numberOf(name);
    if (needed !== null && threads < needed)
      return `--num_threads ${threads} is below ${name.replaceAll('-', '_').replace('__', '--')} ${needed}`;
  }
  return null;
}
