/** Which of the pipeline's knobs the run's memory says make no difference. */
import { normalFlag } from '../../domain/command/launch-command.js';
import { BASE_VALUE, type SearchMemory, VALUES_TO_CONCLUDE } from '../../domain/memory/search-memory.js';
import { readChange } from '../changes.js';
import type { Survey } from '../survey.js';
import type { Move } from './scored-moves.js';

/** Values of a knob that need no job: all of a direction in which some were tried. */
export interface Flat {
  least: number;
  most: number;
}

export type Concluded = ReadonlyMap<string, Flat>;

/**
 * Those that were concluded where the incumbent stands: what made no difference to another setting may make one to
 * this, once something else bounds the run. Where only more was tried, fewer may still be faster: a stage that is held
 * up by its pool goes at one pace with any concurrency from the pool's size on.
 */
export function concludedKnobs(
  { dimensions }: SearchMemory,
  survey: Pick<Survey, 'knobs'>,
  incumbentId: string,
): Concluded {
  const concluded = new Map<string, Flat>();
  for (const { name, isConcluded, series } of dimensions) {
    const knob = survey.knobs.find(({ id }) => id === knobNamed(name, survey));
    const own = series.find(
      ({ points }) =>
        points.length >= VALUES_TO_CONCLUDE && points.some(({ nodeIds }) => nodeIds.includes(incumbentId)),
    );
    if (!isConcluded || !knob || !own) continue;
    const numberOf = (value: string) => (value === BASE_VALUE ? knob.value : Number(value));
    const at = numberOf(own.points.find(({ nodeIds }) => nodeIds.includes(incumbentId))!.value);
    const values = own.points.map(({ value }) => numberOf(value));
    concluded.set(knob.id, {
      least: values.some((value) => value < at) ? Number.NEGATIVE_INFINITY : at,
      most: values.some((value) => value > at) ? Number.POSITIVE_INFINITY : at,
    });
  }
  return concluded;
}

function knobNamed(dimension: string, survey: Pick<Survey, 'knobs'>): string | null {
  const byFlag = survey.knobs.find(({ where }) => where.type === 'flag' && normalFlag(where.flag) === dimension);
  if (byFlag) return byFlag.id;
  const change = readChange(`${dimension}=1`, survey);
  return change.type === 'action' && change.action.type === 'set' ? change.action.knob : null;
}

/** Whether it turns nothing but knobs without effect, in directions that were tried. */
export function turnsConcludedOnly({ values, structure }: Move, concluded: Concluded): boolean {
  const isFlat = ([id, value]: [string, number]) => {
    const flat = concluded.get(id);
    return flat !== undefined && value >= flat.least && value <= flat.most;
  };
  return structure.length === 0 && Object.entries(values).every(isFlat);
}
