/** The other panels of the progress chart: one number of each experiment over the time of the run. */
import { scaleLinear } from 'd3-scale';
import { numberText } from '../reports/quantity-text.js';
import { axes, type Frame } from './panel.js';
import { cross, dash, diamond, ring } from './point-marks.js';
import { dotIn, inFront, type Margins, marked } from './progress-panel.js';
import type { ProgressPoint } from './progress-points.js';
import { OUTCOMES } from './svg.js';

export interface TimeAxis {
  title: string;
  /** Upper end; left out, the largest value decides. */
  top?: number;
  of: (point: ProgressPoint) => number | null;
}

export function durationAxis(points: readonly ProgressPoint[]): TimeAxis {
  const unit = timeUnit(Math.max(0, ...points.map((point) => point.durationS ?? 0)));
  return {
    title: `Job duration (${unit.name})`,
    of: (point) => (point.durationS === null ? null : point.durationS / unit.seconds),
  };
}

export function timePanel(
  points: readonly ProgressPoint[],
  frame: Frame,
  axis: TimeAxis,
  { yTitleAt }: Margins,
): string[] {
  const shown = points.filter((point) => axis.of(point) !== null);
  const end = Math.max(1, ...points.map((point) => point.elapsedS));
  const unit = timeUnit(end);
  const x = scaleLinear([0, (end / unit.seconds) * 1.02], [frame.x, frame.x + frame.width]);
  const top = axis.top ?? (Math.max(0, ...shown.map((point) => axis.of(point)!)) * 1.12 || 1);
  const y = scaleLinear([0, top], [frame.y + frame.height, frame.y]);
  const mark = (point: ProgressPoint) => {
    const at: [number, number] = [x(point.elapsedS / unit.seconds), y(axis.of(point)!)];
    if (point.outcome === 'failed') return cross(...at);
    if (point.outcome === 'cancelled') return dash(...at);
    if (point.outcome === 'pruned') return ring(...at);
    return point.isHeadspace ? diamond(...at) : dotIn(points)(...at, OUTCOMES[point.outcome].strong);
  };
  return [
    ...axes(frame, {
      x: x.ticks(Math.min(8, Math.floor(frame.width / 45))).map((tick) => ({ at: x(tick), text: numberText(tick) })),
      y: y.ticks(4).map((tick) => ({ at: y(tick), text: numberText(tick) })),
      xTitle: `Time since the start (${unit.name})`,
      yTitle: axis.title,
      yTitleAt,
    }),
    ...inFront(shown).map((point) => marked(point, mark(point))),
  ];
}

function timeUnit(seconds: number): { name: string; seconds: number } {
  if (seconds > 3 * 3600) return { name: 'h', seconds: 3600 };
  return seconds > 300 ? { name: 'min', seconds: 60 } : { name: 's', seconds: 1 };
}
