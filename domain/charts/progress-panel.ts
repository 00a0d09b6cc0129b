/** What the panels of the progress chart share: margins, reference values, and the marks of experiments. */
import { numberText } from '../reports/quantity-text.js';
import { labelWidth } from './label-text.js';
import type { Frame, Reference } from './panel.js';
import { dot, speck } from './point-marks.js';
import type { ProgressData, ProgressPoint } from './progress-points.js';
import { BEST, CEILING, MUTED, markOf } from './svg.js';

/** One panel of the chart, drawn where the chart puts it. */
export interface ProgressPanel {
  height: number;
  draw(frame: Frame, margins: Margins): string[];
}

export interface Margins {
  left: number;
  /** Room for the names of the reference lines. */
  right: number;
  yTitleAt: number;
}

/** From here on there is room for wide margins. */
const ROOMY = 640;

export function marginsFor(width: number, references: readonly Reference[], heading: boolean): Margins {
  if (width >= ROOMY && heading) return { left: 92, right: 190, yTitleAt: 66 };
  const names = references.map(({ name, value }) => labelWidth(`↑ ${name} ${numberText(value)}`, { size: 12 }));
  return { left: 62, right: Math.max(60, ...names) + 12, yTitleAt: 50 };
}

export function referencesOf({ baseline, headspace, best }: ProgressData): Reference[] {
  return [
    ...(baseline === null ? [] : [{ name: 'baseline', value: baseline, stroke: MUTED }]),
    ...(headspace === null ? [] : [{ name: 'headspace', value: headspace, stroke: CEILING }]),
    ...(best ? [{ name: 'best', value: best.value, stroke: BEST, isDrawn: false }] : []),
  ];
}

/** Gains are drawn last, so that no other dot hides them. */
export function inFront(points: readonly ProgressPoint[]): ProgressPoint[] {
  const isGain = (point: ProgressPoint) => point.outcome === 'improved';
  return [...points.filter((point) => !isGain(point)), ...points.filter(isGain)];
}

export function marked({ nodeId, outcome }: ProgressPoint, mark: string): string {
  return mark === '' ? '' : markOf(nodeId, outcome, mark);
}

export const CROWD = 200;

/** Many dots are smaller, or they hide each other. */
export function dotIn(points: readonly ProgressPoint[]): typeof dot {
  return points.length > CROWD ? speck : dot;
}
