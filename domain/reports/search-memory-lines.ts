/** What report.md says of the dimensions that were turned, and of gains that were never tried together. */
import type { Dimension, SearchMemory } from '../memory/search-memory.js';
import { inline, table } from './markdown.js';
import { gainText, objectiveText } from './quantity-text.js';

/** Empty where no setting was changed. */
export function searchMemoryLines({ dimensions, combinations }: SearchMemory): string[] {
  if (dimensions.length === 0) return [];
  return [
    ...table(
      ['dimension', 'values tried', 'best value', 'effect', 'concluded'],
      [...dimensions].sort((a, b) => (b.effect ?? -1) - (a.effect ?? -1)).map(cells),
    ),
    '',
    'Effect: how much faster the fastest value is than the slowest where nothing else differs (`-`: never changed alone). Concluded: three or more values ' +
      'without a difference that counts. The curves are drawn in [dimension_curves.png](dimension_curves.png).',
    ...(combinations.length === 0 ? [] : ['', 'Confirmed gains that no experiment has together:', '']),
    ...combinations.map(
      ({ onto, added, changes, expected }) =>
        `- ${added} (${inline(changes.join('; '))}) on top of ${onto}: ${objectiveText(expected)}, were the two gains to multiply`,
    ),
  ];
}

function cells({ name, values, best, effect, isConcluded }: Dimension): string[] {
  return [
    name,
    values.join(', '),
    best && effect !== null ? `${best.value} (${objectiveText(best.objective)})` : '-',
    effect === null ? '-' : gainText(1 + effect),
    isConcluded ? 'yes' : 'no',
  ];
}
