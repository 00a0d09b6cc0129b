/**
 * One small step of the bottleneck's tasks, either way: near an optimum the curves promise next to nothing, and yet a
 * task more or fewer than a stage's engines may cost a few per cent.
 */
import { boundShares } from '../../domain/model/prediction.js';
import type { Axis } from './axes.js';
import { valuesForTasks } from './joint-turns.js';
import { predicted, type SearchModel } from './model-moves.js';
import type { Move } from './scored-moves.js';

/** A stage that bounds in fewer of the model's draws is not taken for the bottleneck. */
const MAY_BOUND = 0.4;
/** So many steps lead from none to a stage's tasks. */
const STEPS = 8;
/** Of two settings that are alike by the model one is often some per cent better. */
const WORTH_A_STEP = 0.02;
/** Expected to be slower than this, as a ratio: that is no matter of some per cent. */
const CLEARLY_SLOWER = 0.9;

export function bottleneckSteps(search: SearchModel, axes: readonly Axis[]): Move[] {
  const { model, reference, turns, incumbent } = search;
  const shares = boundShares(model, reference);
  const mayBound = (stage: string) => (shares.get(stage) ?? 0) >= MAY_BOUND;
  return turns.stages.flatMap((turn) => {
    const stage = turn.stages.find(mayBound);
    const now = stage === undefined ? undefined : reference.tasks[stage];
    const least = turn.concurrency?.least ?? 1;
    if (now === undefined) return [];
    const step = Math.max(1, Math.round(now / STEPS));
    return [now - step, now + step].flatMap((tasks): Move[] => {
      if (tasks < least || tasks > turn.most) return [];
      const move: Move = {
        values: valuesForTasks(turn, tasks, incumbent.setting),
        structure: [],
        gain: WORTH_A_STEP,
        why: `\`${stage}\` bounds the pipeline at ${now} tasks: ${tasks} may be some per cent better.`,
        family: `model:step:${tasks < now ? 'down' : 'up'}`,
      };
      const known = predicted(move, search, axes);
      if (!known || known.prediction.ratio < CLEARLY_SLOWER) return [];
      return [{ ...move, gain: WORTH_A_STEP + known.gain, predicted: known.prediction }];
    });
  });
}
