/** The search memory as planners read it. Bounded, however long the run. */
import { isBetter } from '../../domain/belief/compare.js';
import type { CurvePoint, Dimension, SearchMemory, Series } from '../../domain/memory/search-memory.js';
import { gainText, numberText, objectiveName, objectiveText } from '../../domain/reports/quantity-text.js';

const DIMENSIONS_MOST = 40;
/** The first holds the fastest experiment, and is the one to go by. */
const SERIES_MOST = 3;
/** Of one curve, and of what was tried: the ends, the fastest, and some between. */
const POINTS_MOST = 10;
const NODES_MOST = 2;

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
  const head = `- \`${name}\` (tried ${spread(values).join(', ')}${more(values)})`;
  if (effect === null) return `${head}: never changed alone`;
  const verdict = isConcluded
    ? ': CONCLUDED, no value differs from another by more than counts'
    : `: up to ${gainText(1 + effect)} between its values`;
  return [`${head}${verdict}`, ...series.slice(0, SERIES_MOST).map(seriesText)].join('\n');
}

function seriesText({ others, points }: Series): string {
  const where = others.length === 0 ? 'nothing else changed' : `with ${others.join('; ')}`;
  return `  ${where}: ${objectiveName(points[0]!.objective.metric)} ${curve(points)}`;
}

function pointText({ value, objective, nodeIds, isPruned }: CurvePoint): string {
  return `${value} → ${numberText(objective.value)}${isPruned ? ' (ended early)' : ''} [${nodeIds.slice(0, NODES_MOST).join(', ')}]`;
}

/** A long curve is told by points that lie apart, the fastest among them. */
function curve(points: readonly CurvePoint[]): string {
  const fastest = points.reduce((best, point) => (isBetter(point.objective, best.objective) ? point : best));
  const chosen = new Set([...spread(points), fastest]);
  return `${points
    .filter((point) => chosen.has(point))
    .map(pointText)
    .join(', ')}${more(points)}`;
}

function spread<T>(all: readonly T[]): T[] {
  if (all.length <= POINTS_MOST) return [...all];
  const last = all.length - 1;
  return Array.from({ length: POINTS_MOST }, (_, index) => all[Math.round((index * last) / (POINTS_MOST - 1))]!);
}

function more(all: readonly unknown[]): string {
  return all.length > POINTS_MOST ? ` of ${all.length}` : '';
}
