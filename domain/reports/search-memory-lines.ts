/** What report.md says of the dimensions that were turned, and of gains that were never tried together. */
import { BASE_VALUE, type Dimension, type SearchMemory } from '../memory/search-memory.js';
import { inline, table } from './markdown.js';
import { gainText, objectiveText } from './quantity-text.js';

/** Empty where no setting was changed. */
export function searchMemoryLines({ dimensions, combinations }: SearchMemory): string[] {
  if (dimensions.length === 0) return [];
  return [
    ...table(
      ['dimension', 'values tried', 'best value', 'effect', 'concluded'],
      [...dimensions].sort((a, b) => (b.bestEffect ?? -1) - (a.bestEffect ?? -1)).map(cells),
    ),
    '',
    'Effect: how much faster the best value is than the slowest where nothing else differs (`-`: never changed alone). Concluded: three or more values ' +
      'without a difference that counts. The curves are drawn in [dimension_curves.png](dimension_curves.png).',
    ...(combinations.length === 0 ? [] : ['', 'Confirmed gains that no experiment has together:', '']),
    ...combinations.map(
      ({ onto, added, changes, expected }) =>
        `- ${added} (${inline(changes.join('; '))}) on top of ${onto}: ${objectiveText(expected)}, were the two gains to multiply`,
    ),
  ];
}

function cells({ name, values, best, bestEffect, isBaseBest, isConcluded }: Dimension): string[] {
  const value = best?.value === BASE_VALUE ? 'unchanged' : best?.value;
  const effect = bestEffect === null ? '-' : gainText(1 + bestEffect);
  return [
    name,
    values.join(', '),
    best === null ? '-' : `${value} (${objectiveText(best.objective)})`,
    isBaseBest ? 'none: unchanged is the fastest' : effect,
    isConcluded ? 'yes' : 'no',
  ];
}
