/** The search memory as planners read it. Bounded, however long the run. */
import type { CurvePoint, Dimension, SearchMemory, Series } from '../../domain/memory/search-memory.js';
import { gainText, numberText, objectiveName, objectiveText } from '../../domain/reports/quantity-text.js';

const DIMENSIONS_MOST = 40;
/** The first holds the fastest experiment, and is the one to go by. */
const SERIES_MOST = 3;

export function memoryText({ dimensions, combinations }: SearchMemory): string {
  const shown = [...dimensions].sort((a, b) => (b.effect ?? 0) - (a.effect ?? 0)).slice(0, DIMENSIONS_MOST);
  const left = dimensions.length - shown.length;
  return [
    ...(shown.length === 0 ? ['(nothing was tried yet)'] : shown.map(dimensionText)),
    ...(left > 0 ? [`- and ${left} dimensions of less effect`] : []),
    ...(combinations.length === 0 ? [] : ['', 'Gains that no experiment has together:']),
    ...combinations.map(
      ({ onto, added, changes, expected }) =>
        `- ${added} (${changes.join('; ')}) on top of ${onto}: ${objectiveText(expected)}, were the two gains to multiply`,
    ),
  ].join('\n');
}

function dimensionText({ name, values, series, effect, isConcluded }: Dimension): string {
  const head = `- \`${name}\` (tried ${values.join(', ')})`;
  if (effect === null) return `${head}: never changed alone`;
  const verdict = isConcluded
    ? ': CONCLUDED, no value differs from another by more than counts'
    : `: up to ${gainText(1 + effect)} between its values`;
  return [`${head}${verdict}`, ...series.slice(0, SERIES_MOST).map(seriesText)].join('\n');
}

function seriesText({ others, points }: Series): string {
  const where = others.length === 0 ? 'nothing else changed' : `with ${others.join('; ')}`;
  return `  ${where}: ${objectiveName(points[0]!.objective.metric)} ${points.map(pointText).join(', ')}`;
}

function pointText({ value, objective, nodeIds, isPruned }: CurvePoint): string {
  return `${value} → ${numberText(objective.value)}${isPruned ? ' (ended early)' : ''} [${nodeIds.join(', ')}]`;
}
