/**
 * The batch size is part of the training, not only of its speed. It is raised once, because the best practices ask for
 * it, and further only while it gains; never lowered below what the user chose.
 */
import { type Axis, axisValue } from './axes.js';
import { clampTo, familyOf, type Move } from './scored-moves.js';
import type { Trial, Trials } from './trials.js';

export const BATCH_CAUTION =
  'A larger batch changes the training itself (steps an epoch, gradient noise): check the learning rate before keeping it.';

/** Below this, milliseconds, what is done once a batch is likely to weigh more than what is done for each sample. */
const SHORT_STEP_MS = 20;

export function batchMoves(axes: readonly Axis[], incumbent: Trial, trials: Trials, stepMs: number | null): Move[] {
  return axes
    .filter(({ role }) => role === 'batch')
    .flatMap((axis): Move[] => {
      const base = axis.knob.value;
      const now = axisValue(axis, incumbent.setting);
      const wasTried = trials.all.some(({ setting }) => axisValue(axis, setting) !== base);
      // A larger batch that gained is the best's; one that was tried and did not win is not tried again.
      if (wasTried && now === base) return [];
      const isShort = stepMs !== null && stepMs < SHORT_STEP_MS;
      return [
        {
          values: { [axis.knob.id]: clampTo(axis, now * 2) },
          structure: [],
          gain: isShort ? 0.08 : 0.03,
          why: isShort
            ? `A step takes ${stepMs.toFixed(1)} ms: what is done once a batch may weigh, and would be shared by more samples.`
            : 'What is done once a batch would be shared by more samples.',
          family: familyOf(axis, 'up'),
        },
      ];
    });
}
