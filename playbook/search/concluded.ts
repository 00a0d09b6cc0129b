/** Which of the pipeline's knobs the run's memory says make no difference. */
import { normalFlag } from '../../domain/command/launch-command.js';
import { type SearchMemory, VALUES_TO_CONCLUDE } from '../../domain/memory/search-memory.js';
import { readChange } from '../changes.js';
import type { Survey } from '../survey.js';
import type { Move } from './scored-moves.js';

/**
 * Those that were concluded where the incumbent stands: what made no difference to another setting may make one to
 * this, once something else bounds the run.
 */
export function concludedKnobs(
  { dimensions }: SearchMemory,
  survey: Pick<Survey, 'knobs'>,
  incumbentId: string,
): Set<string> {
  const concluded = dimensions.filter(
    ({ isConcluded, series }) =>
      isConcluded &&
      series.some(
        ({ points }) =>
          points.length >= VALUES_TO_CONCLUDE && points.some(({ nodeIds }) => nodeIds.includes(incumbentId)),
      ),
  );
  return new Set(concluded.flatMap(({ name }) => knobNamed(name, survey) ?? []));
}

function knobNamed(dimension: string, survey: Pick<Survey, 'knobs'>): string | null {
  const byFlag = survey.knobs.find(({ where }) => where.type === 'flag' && normalFlag(where.flag) === dimension);
  if (byFlag) return byFlag.id;
  const change = readChange(`${dimension}=1`, survey);
  return change.type === 'action' && change.action.type === 'set' ? change.action.knob : null;
}

/** Whether it turns nothing but knobs without effect. */
export function turnsConcludedOnly({ values, structure }: Move, concluded: ReadonlySet<string>): boolean {
  return structure.length === 0 && Object.keys(values).every((id) => concluded.has(id));
}
