/**
 * Two experiments of a shared run side by side, of what stands in the page of each. The server's own comparison
 * (domain/board/metrics-beside.ts) says the same of the same two.
 */
import type { ExperimentPage, MetricCell, MetricRow, MetricTable } from '../../../../domain/board/board-types.js';

const NONE: MetricCell = { text: '-', change: '', isBetter: null, value: null };
/** Below this a difference is not coloured. */
const TELLABLE = 0.005;
/** Steps that differ by more samples than this are no better or worse for the time that they take. */
const SAME_STEP = 0.2;

export function sharedComparison(one: ExperimentPage, other: ExperimentPage): MetricTable {
  const rows = inOrder(one.metrics.rows, other.metrics.rows).map(({ name, better }) => {
    const [first, second] = [cellOf(one, name), cellOf(other, name)];
    return {
      name,
      better,
      cells: [
        { ...first, change: '', isBetter: null },
        { ...second, ...changed(first, second, better) },
      ],
    };
  });
  const columns = [one, other].map(({ nodeId }) => ({ nodeId, title: nodeId }));
  return { columns, rows: rows.filter(({ cells }) => cells.some(({ text }) => text !== '-')) };
}

/** Each page has the rows that one of its columns knows, all in the same order. */
function inOrder(rows: readonly MetricRow[], others: readonly MetricRow[]): MetricRow[] {
  const merged = [...rows];
  let at = 0;
  for (const row of others) {
    const found = merged.findIndex(({ name }) => name === row.name);
    if (found >= 0) at = found + 1;
    else merged.splice(at++, 0, row);
  }
  return merged;
}

function cellOf({ nodeId, metrics }: ExperimentPage, name: string): MetricCell {
  const column = metrics.columns.findIndex((each) => each.nodeId === nodeId);
  return metrics.rows.find((row) => row.name === name)?.cells[column] ?? NONE;
}

function changed(
  first: MetricCell,
  second: MetricCell,
  better: MetricRow['better'],
): Pick<MetricCell, 'change' | 'isBetter'> {
  if (!first.value || second.value === null) return { change: '', isBetter: null };
  const ratio = second.value / first.value;
  const isComparable = better !== null && ratio > 0 && isSameStep(first, second);
  const times = isComparable ? (better === 'higher' ? ratio : 1 / ratio) : null;
  const isTold = times !== null && Math.abs(times - 1) >= TELLABLE;
  return { change: changeText(ratio), isBetter: isTold ? times > 1 : null };
}

function isSameStep({ stepSamples: one }: MetricCell, { stepSamples: other }: MetricCell): boolean {
  return !one || other === undefined || Math.abs(other / one - 1) < SAME_STEP;
}

/** As gainText of domain/reports/quantity-text.ts, whose number formats are no part of the page. */
function changeText(ratio: number): string {
  if (ratio >= 10) return `${threeDigits(ratio)}x`;
  const percent = (ratio - 1) * 100;
  const rounded = Math.abs(percent) >= 10 ? Math.round(percent) : Math.round(percent * 10) / 10;
  if (rounded === 0) return '0%';
  return `${rounded > 0 ? '+' : ''}${rounded}%`;
}

function threeDigits(value: number): string {
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false }).format(value);
}
