/** What the rules over stages read of a run's evidence. */
import type { Evidence } from '../evidence/evidence.js';
import type { RunReading } from './stage-rules.js';

type Measured = Pick<Evidence, 'stages' | 'system' | 'steps' | 'built' | 'ranks'>;

/**
 * Of several ranks the slowest is judged, by its stages and its steps, because the job goes at its pace; where they
 * are alike, what they do on average. `numThreads` as the code says it; null when unknown.
 */
export function readingOf(
  {
    stages,
    system,
    steps,
    built,
    ranks,
  }: Omit<Measured, 'steps'> & { steps: RunReading['steps'] & { processes?: number } },
  numThreads: number | null,
): RunReading {
  const slowest = ranks?.each.find(({ name }) => name === ranks.slowest?.name);
  const hasOwn = slowest !== undefined && slowest.steps.stepMs !== null;
  return {
    stages,
    system,
    steps: hasOwn ? slowest.steps : steps,
    numThreads,
    ...(built ? { built } : {}),
    processes: ranks?.each.length ?? Math.max(1, Math.round(steps.processes ?? 1)),
  };
}
