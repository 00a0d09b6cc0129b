/** progress.png as SVG: the compared metric by experiment, and job duration and SM utilisation over time. */

import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line as linePath } from 'd3-shape';
import { numberText, objectiveName } from '../reports/quantity-text.js';
import type { RunRecord } from '../reports/run-record.js';
import { BASELINE_ID, HEADSPACE_ID, MTP_ID } from '../run/experiment-record.js';
import { chartSubtitle } from './outcome.js';
import { axes, type Frame, type Reference, referenceLines } from './panel.js';
import { type ProgressData, type ProgressPoint, progressData } from './progress-points.js';
import { BEST, CEILING, label, line, MUTED, OUTCOMES, px, svgDocument } from './svg.js';

const WIDTH = 1080;
const LEFT = 92;
/** Room for the names of the reference lines. */
const RIGHT = 190;
const PLOT = { x: LEFT, width: WIDTH - LEFT - RIGHT };
const TOP = 122;

export function progressSvg(record: RunRecord): string {
  const data = progressData(record);
  const elements = [
    label({ x: 28, y: 40, text: `Progress of run ${record.state.run}`, size: 20, bold: true }),
    label({ x: 28, y: 64, text: chartSubtitle(record), size: 13, fill: MUTED }),
    ...legend(28, 86),
  ];
  const results: Frame = { ...PLOT, y: TOP, height: 270 };
  elements.push(...resultPanel(data, results));
  const durations: Frame = { ...PLOT, y: TOP + 270 + 78, height: 160 };
  elements.push(...timePanel(data.points, durations, durationAxis(data.points)));
  let bottom = durations.y + durations.height + 52;
  const hasSm = data.points.some((point) => point.smPct !== null);
  if (hasSm) {
    const sm: Frame = { ...PLOT, y: bottom + 26, height: 140 };
    const axis = { title: 'Steady SM utilisation (%)', top: 100, of: (point: ProgressPoint) => point.smPct };
    elements.push(...timePanel(data.points, sm, axis));
    bottom = sm.y + sm.height + 52;
  } else {
    elements.push(label({ x: LEFT, y: bottom + 14, text: 'SM utilisation: no GPU measured', size: 12, fill: MUTED }));
    bottom += 26;
  }
  return svgDocument(WIDTH, bottom + 12, elements);
}

function legend(x: number, y: number): string[] {
  const marks: [string, string][] = [
    [dot(0, 0, OUTCOMES.improved.strong), 'improved on the best'],
    [dot(0, 0, OUTCOMES.unconfirmed.strong), OUTCOMES.unconfirmed.label],
    [dot(0, 0, OUTCOMES.no_gain.strong), 'no improvement'],
    [cross(0, 0), 'failed'],
    [diamond(0, 0), 'headspace (cached data)'],
    [line(-9, 0, 9, 0, BEST, 'stroke-width="2"'), 'best so far'],
  ];
  let at = x + 8;
  return marks.map(([mark, text]) => {
    const entry = `<g transform="translate(${px(at)} ${px(y - 4)})">${mark}${label({ x: 14, y: 4, text, size: 12, fill: MUTED })}</g>`;
    at += 46 + text.length * 6.6;
    return entry;
  });
}

/** A ceiling far above everything would flatten the rest: beyond this it is named at the edge instead. */
const CEILING_ROOM = 1.6;

function resultPanel(data: ProgressData, frame: Frame): string[] {
  const values = data.points.filter((point) => !point.isHeadspace).flatMap((point) => point.value ?? []);
  const top = Math.max(...values, data.baseline ?? 0, 0) || (data.headspace ?? 1);
  const isCeilingShown = data.headspace !== null && data.headspace <= top * CEILING_ROOM;
  const highest = isCeilingShown ? Math.max(top, data.headspace ?? 0) : top;
  const y = scaleLinear([0, highest * 1.06], [frame.y + frame.height, frame.y]);
  const count = Math.max(data.points.length, 1);
  const x = scaleLinear([0.5, Math.max(count, 3) + 0.5], [frame.x, frame.x + frame.width]);
  const every = Math.max(1, Math.ceil(count / 24));
  const ticks = data.points.filter((_, index) => index % every === 0);
  const references: Reference[] = [];
  if (data.baseline !== null) references.push({ name: 'baseline', value: data.baseline, stroke: MUTED });
  if (data.headspace !== null) references.push({ name: 'headspace', value: data.headspace, stroke: CEILING });
  if (data.best) references.push({ name: 'best', value: data.best.value, stroke: BEST, isDrawn: false });
  const inRange = (point: ProgressPoint) => point.value !== null && y(point.value) >= frame.y;
  return [
    ...axes(frame, {
      x: ticks.map((point) => ({ at: x(point.order), text: tickName(point) })),
      y: y.ticks(5).map((tick) => ({ at: y(tick), text: numberText(tick) })),
      xTitle: 'Experiment (its number, in order of completion)',
      yTitle: objectiveName(data.metric),
    }),
    ...referenceLines(frame, references, y),
    bestLine(data.points, x, y, frame),
    ...data.points.map((point) => {
      if (point.outcome === 'failed') return cross(x(point.order), frame.y + frame.height - 9);
      if (point.isHeadspace) return inRange(point) ? diamond(x(point.order), y(point.value!)) : '';
      return point.value === null
        ? ''
        : dot(x(point.order), y(point.value), OUTCOMES[point.outcome].strong, radius(data.points));
    }),
  ];
}

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

interface TimeAxis {
  title: string;
  /** Upper end; left out, the largest value decides. */
  top?: number;
  of: (point: ProgressPoint) => number | null;
}

function durationAxis(points: readonly ProgressPoint[]): TimeAxis {
  const unit = timeUnit(Math.max(0, ...points.map((point) => point.durationS ?? 0)));
  return {
    title: `Job duration (${unit.name})`,
    of: (point) => (point.durationS === null ? null : point.durationS / unit.seconds),
  };
}

function timePanel(points: readonly ProgressPoint[], frame: Frame, axis: TimeAxis): string[] {
  const shown = points.filter((point) => axis.of(point) !== null);
  const end = Math.max(1, ...points.map((point) => point.elapsedS));
  const unit = timeUnit(end);
  const x = scaleLinear([0, (end / unit.seconds) * 1.02], [frame.x, frame.x + frame.width]);
  const top = axis.top ?? (Math.max(0, ...shown.map((point) => axis.of(point)!)) * 1.12 || 1);
  const y = scaleLinear([0, top], [frame.y + frame.height, frame.y]);
  return [
    ...axes(frame, {
      x: x.ticks(8).map((tick) => ({ at: x(tick), text: numberText(tick) })),
      y: y.ticks(4).map((tick) => ({ at: y(tick), text: numberText(tick) })),
      xTitle: `Time since the start (${unit.name})`,
      yTitle: axis.title,
    }),
    ...shown.map((point) => {
      const at: [number, number] = [x(point.elapsedS / unit.seconds), y(axis.of(point)!)];
      if (point.outcome === 'failed') return cross(...at);
      return point.isHeadspace ? diamond(...at) : dot(...at, OUTCOMES[point.outcome].strong, radius(points));
    }),
  ];
}

function timeUnit(seconds: number): { name: string; seconds: number } {
  if (seconds > 3 * 3600) return { name: 'h', seconds: 3600 };
  return seconds > 300 ? { name: 'min', seconds: 60 } : { name: 's', seconds: 1 };
}

const CROWD = 200;

/** Many dots are smaller, or they hide each other. */
function radius(points: readonly ProgressPoint[]): number {
  return points.length > CROWD ? 3 : 4.5;
}

function dot(x: number, y: number, fill: string, r = 4.5): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="${r}" fill="${fill}" stroke="#ffffff" stroke-width="1"/>`;
}

function cross(x: number, y: number): string {
  const d = `M${px(x - 4)} ${px(y - 4)}L${px(x + 4)} ${px(y + 4)}M${px(x - 4)} ${px(y + 4)}L${px(x + 4)} ${px(y - 4)}`;
  return `<path d="${d}" stroke="${OUTCOMES.failed.strong}" stroke-width="2" fill="none"/>`;
}

function diamond(x: number, y: number): string {
  const d = `M${px(x)} ${px(y - 6)}L${px(x + 6)} ${px(y)}L${px(x)} ${px(y + 6)}L${px(x - 6)} ${px(y)}Z`;
  return `<path d="${d}" fill="#ffffff" stroke="${CEILING}" stroke-width="2"/>`;
}
