/** How many loader threads an agent may ask for by a launch command. */
import { flagsOf } from './launch-command.js';

const PER_RANK = 16;
const PER_RANK_EXTENDED = 32;
const THREADS = '--num-threads';
const WORKERS = ['--num-fetch-threads', '--num-decode-threads'];

export interface ThreadBudgetFacts {
  /** The user's own launch command: what it asks for is within the budget, whatever it is. */
  baseCommand: string;
  /** GPUs of the job; null when unknown. */
  gpuCount: number | null;
  /** Whether a run with 16 threads beat every run with fewer. */
  sixteenBeatFewer: boolean;
}

/**
 * Why the command is outside the budget, or null: `--num_threads` at most 16 per rank (32 with one GPU, or once 16 has
 * beaten fewer), or as many as the user's own command has, and at least the larger of `--num_fetch_threads` and
 * `--num_decode_threads` where a proposal changes one of them.
 */
export function threadBudgetProblem(launchCommand: string, facts: ThreadBudgetFacts): string | null {
  const [asked, own] = [launchCommand, facts.baseCommand].map(threadsOf) as [Threads, Threads];
  const threads = asked(THREADS);
  if (threads === null) return null;
  const spelled = (name: string) => new RegExp(name.replace(/(?<=\w)-/g, '[-_]'), 'i').exec(launchCommand)?.[0] ?? name;
  const limit = facts.gpuCount === 1 || facts.sixteenBeatFewer ? PER_RANK_EXTENDED : PER_RANK;
  if (threads > Math.max(limit, own(THREADS) ?? 0))
    return `${spelled(THREADS)} ${threads} is above the budget of ${limit} threads per rank`;
  for (const name of WORKERS) {
    const needed = asked(name);
    const isOwn = threads === own(THREADS) && needed === own(name);
    if (needed !== null && threads < needed && !isOwn)
      return `${spelled(THREADS)} ${threads} is below ${spelled(name)} ${needed}`;
  }
  return null;
}

type Threads = (flag: string) => number | null;

function threadsOf(command: string): Threads {
  const flags = flagsOf(command);
  return (flag) => {
    const text = flags.get(flag);
    const value = text === undefined || text === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : null;
  };
}
