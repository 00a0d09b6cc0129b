/** The first panel of the progress chart: what each experiment measured by the compared metric, as they ended. */
import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line as linePath } from 'd3-shape';
import { numberText, objectiveName } from '../reports/quantity-text.js';
import { BASELINE_ID, HEADSPACE_ID, MTP_ID } from '../run/experiment-record.js';
import { gainLabels } from './gain-labels.js';
import { axes, type Frame, referenceLines } from './panel.js';
import { cross, dash, diamond, ring } from './point-marks.js';
import { dotIn, inFront, type Margins, marked, referencesOf } from './progress-panel.js';
import type { ProgressData, ProgressPoint } from './progress-points.js';
import { BEST, OUTCOMES } from './svg.js';

/** A ceiling far above everything would flatten the rest: beyond this it is named at the edge instead. */
const CEILING_ROOM = 1.6;

export function resultPanel(data: ProgressData, frame: Frame, { yTitleAt }: Margins): string[] {
  const values = data.points.filter((point) => !point.isHeadspace).flatMap((point) => point.value ?? []);
  const top = Math.max(...values, data.baseline ?? 0, 0) || (data.headspace ?? 1);
  const isCeilingShown = data.headspace !== null && data.headspace <= top * CEILING_ROOM;
  const highest = isCeilingShown ? Math.max(top, data.headspace ?? 0) : top;
  const y = scaleLinear([0, highest * 1.06], [frame.y + frame.height, frame.y]);
  const count = Math.max(data.points.length, 1);
  const x = scaleLinear([0.5, Math.max(count, 3) + 0.5], [frame.x, frame.x + frame.width]);
  const every = Math.max(1, Math.ceil((count * TICK_ROOM) / frame.width));
  const ticks = data.points.filter((_, index) => index % every === 0);
  const inRange = (point: ProgressPoint) => point.value !== null && y(point.value) >= frame.y;
  const bottom = frame.y + frame.height - 9;
  const mark = (point: ProgressPoint) => {
    if (point.outcome === 'failed') return cross(x(point.order), bottom);
    if (point.outcome === 'cancelled') return dash(x(point.order), bottom);
    if (point.outcome === 'pruned') return ring(x(point.order), bottom);
    if (point.isHeadspace) return inRange(point) ? diamond(x(point.order), y(point.value!)) : '';
    if (point.value === null) return '';
    return dotIn(data.points)(x(point.order), y(point.value), OUTCOMES[point.outcome].strong);
  };
  return [
    ...axes(frame, {
      x: ticks.map((point) => ({ at: x(point.order), text: tickName(point) })),
      y: y.ticks(5).map((tick) => ({ at: y(tick), text: numberText(tick) })),
      xTitle: 'Experiment, in order of completion',
      yTitle: objectiveName(data.metric),
      yTitleAt,
    }),
    ...referenceLines(frame, referencesOf(data), y),
    bestLine(data.points, x, y, frame),
    ...inFront(data.points).map((point) => marked(point, mark(point))),
    ...gainLabels(data, frame, x, y),
  ];
}

/** Pixels that the name of a tick needs. */
const TICK_ROOM = 33;

const SEED_NAMES: Record<string, string> = { [BASELINE_ID]: 'base', [HEADSPACE_ID]: 'cache', [MTP_ID]: 'mtp' };

/** Seeds by a word, the others by their number. */
function tickName({ nodeId }: ProgressPoint): string {
  return SEED_NAMES[nodeId] ?? nodeId.slice(0, nodeId.indexOf('_'));
}

function bestLine(
  points: readonly ProgressPoint[],
  x: (order: number) => number,
  y: (value: number) => number,
  frame: Frame,
): string {
  const known = points.filter((point) => point.bestSoFar !== null);
  const last = known.at(-1);
  if (!last) return '';
  const corners = known.map((point): [number, number] => [x(point.order), y(point.bestSoFar!)]);
  corners.push([frame.x + frame.width, y(last.bestSoFar!)]);
  const path = linePath().curve(curveStepAfter)(corners);
  return `<path d="${path}" fill="none" stroke="${BEST}" stroke-width="2"/>`;
}
