/**
 * progress.png as SVG: what each experiment measured, in the order in which they ended, and how long jobs took and how
 * busy GPUs were over time.
 */
import type { RunRecord } from '../reports/run-record.js';
import { labelWidth } from './label-text.js';
import { chartSubtitle } from './outcome.js';
import type { Frame } from './panel.js';
import { cross, dash, diamond, dot, ring } from './point-marks.js';
import { marginsFor, type ProgressPanel, referencesOf } from './progress-panel.js';
import { type ProgressData, type ProgressPoint, progressData } from './progress-points.js';
import { resultPanel } from './result-panel.js';
import { BEST, label, line, MUTED, OUTCOMES, px, svgDocument } from './svg.js';
import { durationAxis, type TimeAxis, timePanel } from './time-panel.js';

const WIDTH = 1080;

export interface ProgressOptions {
  /** Pixels: text keeps its size, the plots get what is left. At least 300. */
  width?: number;
  /** Without a heading, which the page has of its own, it begins with the legend. */
  heading?: boolean;
  /** False leaves the panels over time out. */
  isWhole?: boolean;
}

export function progressSvg(
  record: RunRecord,
  { width = WIDTH, heading = true, isWhole = true }: ProgressOptions = {},
): string {
  const data = progressData(record);
  const margins = marginsFor(width, referencesOf(data), heading);
  const plot = { x: margins.left, width: Math.max(width, 300) - margins.left - margins.right };
  const edge = heading ? 28 : 2;
  const { marks, bottom: legendEnd } = legend(edge, heading ? 86 : 18, width - 8);
  const elements = heading
    ? [
        label({ x: edge, y: 40, text: `Progress of run ${record.state.run}`, size: 20, bold: true }),
        label({ x: edge, y: 64, text: chartSubtitle(record), size: 13, fill: MUTED }),
        ...marks,
      ]
    : marks;
  let y = legendEnd + 30;
  for (const panel of panelsOf(data).slice(0, isWhole ? undefined : 1)) {
    const frame: Frame = { ...plot, y, height: panel.height };
    elements.push(...panel.draw(frame, margins));
    y += panel.height + GAP;
  }
  if (isWhole && data.points.every(({ steadySmPct, smPct }) => steadySmPct === null && smPct === null)) {
    const text = 'SM utilisation: no GPU measured';
    elements.push(label({ x: margins.left, y: y - 10, text, size: 12, fill: MUTED }));
    y += 12;
  }
  return svgDocument(width, y - 14, elements);
}

/** Between two panels stand the axis and its title. */
const GAP = 78;

function panelsOf(data: ProgressData): ProgressPanel[] {
  const { points, metric } = data;
  const known = (of: (point: ProgressPoint) => number | null) => points.some((point) => of(point) !== null);
  const overTime = (axis: TimeAxis, height: number): ProgressPanel => ({
    height,
    draw: (frame, margins) => timePanel(points, frame, axis, margins),
  });
  const results: ProgressPanel = { height: 270, draw: (frame, margins) => resultPanel(data, frame, margins) };
  const throughput = { title: 'Throughput (samples/s)', of: (point: ProgressPoint) => point.throughput };
  const stepTime = { title: 'Steady step (ms)', of: (point: ProgressPoint) => point.stepMs };
  const steadySm = { title: 'Steady SM (%)', top: 100, of: (point: ProgressPoint) => point.steadySmPct };
  const rawSm = { title: 'Raw SM (%)', top: 100, of: (point: ProgressPoint) => point.smPct };
  return [
    results,
    ...(metric !== 'throughput_samples_per_s' && known(throughput.of) ? [overTime(throughput, 150)] : []),
    ...(metric !== 'steady_step_time_ms' && known(stepTime.of) ? [overTime(stepTime, 150)] : []),
    ...(known(steadySm.of) ? [overTime(steadySm, 130)] : []),
    overTime(durationAxis(points), 150),
    ...(known(rawSm.of) ? [overTime(rawSm, 130)] : []),
  ];
}

/** In rows of `width` pixels. */
function legend(x: number, y: number, width: number): { marks: string[]; bottom: number } {
  const entries: [string, string][] = [
    [dot(0, 0, OUTCOMES.improved.strong), 'improved on the best'],
    [dot(0, 0, OUTCOMES.unconfirmed.strong), OUTCOMES.unconfirmed.label],
    [dot(0, 0, OUTCOMES.no_gain.strong), OUTCOMES.no_gain.label],
    [dash(0, 0), OUTCOMES.cancelled.label],
    [cross(0, 0), OUTCOMES.failed.label],
    [ring(0, 0), OUTCOMES.pruned.label],
    [diamond(0, 0), 'headspace (cached data)'],
    [line(-9, 0, 9, 0, BEST, 'stroke-width="2"'), 'best so far'],
  ];
  let at = x + 8;
  let row = y - 4;
  const marks = entries.map(([mark, text]) => {
    const room = 32 + labelWidth(text, { size: 12 });
    if (at > x + 8 && at + room > width) {
      at = x + 8;
      row += 20;
    }
    const entry = `<g transform="translate(${px(at)} ${px(row)})">${mark}${label({ x: 14, y: 4, text, size: 12, fill: MUTED })}</g>`;
    at += room;
    return entry;
  });
  return { marks, bottom: row + 4 };
}
