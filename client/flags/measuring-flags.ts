/** The flags by which a run believes its results: repeats, what is compared, what is ended early, who approves. */
import { DEFAULT_CONFIRMATION } from '../../domain/belief/confirmation-state.js';
import { COMPARISONS } from '../../domain/formats/choices.js';
import { APPROVAL_STAGES, SILENCES } from '../../domain/run/approval-rules.js';
import { amountOrNone, metricRule, oneOf, percentage, wholeNumber } from './flag-values.js';
import { flag, type RunFlag } from './run-flag.js';

export const MEASURING_FLAGS: readonly RunFlag[] = [
  flag(
    '--calibration-runs <n>',
    ['calibration_runs'],
    `repeats of the baseline, which show how much results vary; of the default, the second only where the first differs by more than is usual (default: ${DEFAULT_CONFIRMATION.calibrationRuns})`,
    { adapts: true, read: wholeNumber('--calibration-runs', 0) },
  ),
  flag(
    '--min-improvement <percent>',
    ['min_improvement'],
    'gain that is worth having (default: 1.8%, or 13% of the noise of a run where that is more)',
    { read: percentage('--min-improvement') },
  ),
  flag(
    '--confirm-runs <n>',
    ['confirm_runs'],
    `repeats at a time of what may be better, until its odds decide; 0 believes a single run (default: ${DEFAULT_CONFIRMATION.confirmRuns})`,
    { read: wholeNumber('--confirm-runs', 0) },
  ),
  flag(
    '--verify-runs <n>',
    ['verify_runs'],
    `repeats of baseline and winner, in turn, before the run ends; the default takes fewer where the gain is known well enough (default: ${DEFAULT_CONFIRMATION.verifyRuns})`,
    { adapts: true, read: wholeNumber('--verify-runs', 0) },
  ),
  flag(
    '--metric <name=regex>',
    ['metric'],
    "compare results by a number that the job prints otherwise, as in 'samples_per_s=speed: ([0-9.]+)'; NAME:lower=REGEX where less is better (default: [autoresearch] lines)",
    { read: metricRule('--metric') },
  ),
  flag(
    '--compare <what>',
    ['compare'],
    'rate: by what jobs print, and a job that prints no numbers fails; duration: such jobs are compared by how long they take (default: rate)',
    { mayChange: true, read: oneOf('--compare', COMPARISONS) },
  ),
  flag(
    '--approve <what>',
    ['approve'],
    'plans: a proposal waits for `autoresearch approve` before anything is made of it; edits: its job does, once its code stands; none (default: none)',
    { approval: true, mayChange: true, read: oneOf('--approve', [...APPROVAL_STAGES, 'none']) },
  ),
  flag('--approve-within <minutes>', ['approve_within'], 'how long the answer may take (default: none, for ever)', {
    approval: true,
    mayChange: true,
    read: amountOrNone('--approve-within'),
  }),
  flag(
    '--unanswered <what>',
    ['unanswered'],
    'run or drop: what is done with a proposal that nobody answers in time (default: drop)',
    { approval: true, mayChange: true, read: oneOf('--unanswered', SILENCES) },
  ),
  flag(
    '--measure-seconds <seconds>',
    ['measure_seconds'],
    'end jobs whose rate is steady after so many seconds of steps, the warm-up not counted; 0 = never (default: 0)',
    { mayChange: true, read: wholeNumber('--measure-seconds', 0) },
  ),
  flag(
    '--no-early-abort',
    ['early_abort'],
    'let every job go on to its end: those that cannot come near the best, and those that have shown what they must',
    {
      mayChange: true,
      read: () => false,
    },
  ),
];
