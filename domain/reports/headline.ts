/** The first lines of both reports: baseline, best and ceiling as a table, and what is left as a sentence. */
import { intervalText } from './judgement-text.js';
import { table } from './markdown.js';
import { objectiveText, speedupText, timesText } from './quantity-text.js';
import type { Measured, RunFacts } from './run-facts.js';

/** Stands before anything else where it is so. */
export const DURATIONS_COMPARED =
  'Results are compared by how long jobs take, start and end included: the jobs print no step times and no throughput.';

export function comparisonLines({ baseline }: RunFacts): string[] {
  return baseline?.objective.metric === 'duration_s' ? [`**${DURATIONS_COMPARED}**`, ''] : [];
}

export function headlineTable(facts: RunFacts): string[] {
  const line = (label: string, measured: Measured | null, gain: string) => [
    label,
    measured ? measured.row.nodeId : '-',
    objectiveText(measured?.objective ?? null),
    gain,
  ];
  return table(
    ['', 'experiment', 'result', 'vs baseline'],
    [
      line('Baseline', facts.baseline, '-'),
      line(
        facts.isProvisional ? 'Best, provisional' : 'Best',
        facts.best,
        facts.proven ? intervalText(facts.proven) : speedupText(facts.gain),
      ),
      line('Headspace (ceiling)', facts.headspace, speedupText(facts.ceiling)),
    ],
  );
}

/** Below this the model's compute, not data loading, is the limit. */
const NOTHING_LEFT = 1.03;

/** Below this the best is above its ceiling by more than replaying batches takes. */
const ABOVE_CEILING = 1 / NOTHING_LEFT;

const DOUBTED_CEILING =
  'Headspace is not known: with cached data the job ran slower than the baseline, so that run measured something else.';

const OPEN_CEILING = 'Headspace is not known yet: the run with cached data and the baseline have not both ended.';

export function headspaceSentence(facts: RunFacts): string {
  const { ceiling, remaining, left } = facts;
  if (facts.ceilingDoubted) return DOUBTED_CEILING;
  if (ceiling === null && facts.ceilingOpen) return OPEN_CEILING;
  if (ceiling === null) return 'Headspace is not known: the run with cached data has no comparable result.';
  if (ceiling < NOTHING_LEFT) {
    return `With cached data the job runs at ${timesText(ceiling)} times the speed of the baseline: data loading is not the limit.`;
  }
  if (remaining === null) {
    return `Perfect data loading would make the job ${timesText(ceiling)} times as fast as the baseline.`;
  }
  if (remaining < ABOVE_CEILING && (left === null || left.high < 0)) {
    return `The best is ${timesText(1 / remaining)} times as fast as the job with cached data: either that was measured too low, or the best does less work.`;
  }
  if (remaining < NOTHING_LEFT) {
    return 'The best experiment has reached the headspace: no more is to be had from data loading.';
  }
  return `Perfect data loading would make the best ${timesText(remaining)} times as fast${reached(facts)}.`;
}

function reached({ gain, ceiling }: RunFacts): string {
  if (gain === null || ceiling === null || gain <= 1) return '';
  const share = Math.round(((gain - 1) / (ceiling - 1)) * 100);
  return `; ${Math.min(share, 100)}% of the way from the baseline to the ceiling is done`;
}
