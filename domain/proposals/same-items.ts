/**
 * Whether a batch size and a number of steps are changed together so that as many items are trained as before: then the
 * number of steps says nothing of the work.
 */

/** A setting of an experiment that is another one than at the base, as a change set names it. */
interface NewSetting {
  name: string;
  value: string;
}

/** What the run trained before the change. */
export interface TrainedBefore {
  /** Numbers in force, by the names of settings in lower case. */
  values: ReadonlyMap<string, number>;
  /** As the baseline's job showed it, in one process; null where it did not. */
  batchSize: number | null;
  steps: number | null;
}

/** Whether a name is that of a batch size: a number of batches is one of steps. */
export function isBatchSize(name: string): boolean {
  return /batch|aggregate|bsz?\b/i.test(lastPart(name)) && !/batches/i.test(lastPart(name));
}

/** `--max-steps`, `num_batches`, `trainer.iters_per_epoch`; not steps that something is done after (`log_steps`). */
const STEPS =
  /^(?:max|num|n|total|train|training|limit)?(?:max|train|training)?(?:steps?|iters?|iterations?|batches)(?:perepoch)?$/;

function isStepCount(name: string): boolean {
  return STEPS.test(lastPart(name).toLowerCase().replace(/[-_]/g, ''));
}

/** `batch_size` of `train.py:Config.batch_size`, `--batch-size` and `flag:loader.batch_size`. */
export function lastPart(name: string): string {
  return name
    .split(/[./:]/)
    .at(-1)!
    .replace(/^[-~]+/, '');
}

/** The number of steps that keeps the items of a changed batch size the same, by its name; null where none does. */
export function stepsOfSameItems(settings: readonly NewSetting[], before: TrainedBefore): string | null {
  const [batch, ...otherBatches] = settings.filter(({ name }) => isBatchSize(name));
  const [steps, ...otherSteps] = settings.filter(({ name }) => isStepCount(name));
  if (!batch || !steps || otherBatches.length > 0 || otherSteps.length > 0) return null;
  const was = (name: string, shown: number | null) => before.values.get(name.toLowerCase()) ?? shown;
  const [oldBatch, oldSteps] = [was(batch.name, before.batchSize), was(steps.name, before.steps)];
  const [newBatch, newSteps] = [Number(batch.value), Number(steps.value)];
  if (oldBatch === null || oldSteps === null || !(newBatch > 0) || !(newSteps > 0)) return null;
  const items = oldBatch * oldSteps;
  // The last batch may be a part of one.
  return Math.abs(newBatch * newSteps - items) < Math.min(newBatch, items / 4) ? steps.name : null;
}
