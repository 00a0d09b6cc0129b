/**
 * dimension_curves.png as SVG: a small panel for each dimension, its values (evenly spaced: they double more often than
 * they count) against the compared metric. A line joins experiments that differ in nothing else; the one with the
 * fastest is strong.
 */
import { scaleLinear } from 'd3-scale';
import type { CurvePoint, Dimension, SearchMemory, Series } from '../memory/search-memory.js';
import { byValue } from '../memory/search-memory.js';
import { gainText, numberText, objectiveName } from '../reports/quantity-text.js';
import { fittedLabel, fittedName } from './label-text.js';
import { axes, type Frame } from './panel.js';
import { BEST, GRID, label, MUTED, OUTCOMES, PAPER, px, svgDocument } from './svg.js';

const MARGIN = 28;
const TOP = 118;
const PANEL = { width: 360, height: 248 };
const COLUMNS_MOST = 3;
/** What a panel's axes and titles need around its plot. */
const PLOT = { left: 92, top: 44, right: 18, bottom: 42 };
/** The picture must stay one that can be looked at. */
const PANELS_MOST = 60;
/** Title and legend need this much even over one panel. */
const MIN_WIDTH = 900;
const OTHER = '#b4bdc8';

export function dimensionsSvg(run: string, { dimensions }: SearchMemory): string {
  const all = dimensions.filter(({ series }) => series.length > 0).sort((a, b) => gainOf(b) - gainOf(a));
  const shown = all.slice(0, PANELS_MOST);
  const columns = Math.min(COLUMNS_MOST, Math.max(1, shown.length));
  const rows = Math.ceil(shown.length / columns);
  const counts = `Dimensions that were changed alone: ${all.length} of ${dimensions.length}${all.length > shown.length ? `; the ${shown.length} with the most effect are shown` : ''}`;
  return svgDocument(
    Math.max(2 * MARGIN + columns * PANEL.width, MIN_WIDTH),
    TOP + Math.max(1, rows) * PANEL.height + MARGIN - (rows === 0 ? PANEL.height - 20 : 0),
    [
      label({
        x: MARGIN,
        y: 40,
        text: `What the values of each dimension brought in run ${run}`,
        size: 20,
        bold: true,
      }),
      label({ x: MARGIN, y: 64, text: counts, size: 13, fill: MUTED }),
      ...legend(),
      ...shown.flatMap((each, i) =>
        panel(each, MARGIN + (i % columns) * PANEL.width, TOP + Math.floor(i / columns) * PANEL.height),
      ),
    ],
  );
}

function legend(): string[] {
  const marks = [
    [
      stroke(
        [
          [-12, 0],
          [12, 0],
        ],
        OUTCOMES.running.strong,
        2,
      ),
      'alike in all else, with the fastest',
    ],
    [
      stroke(
        [
          [-12, 0],
          [12, 0],
        ],
        OTHER,
        1.5,
      ),
      'alike in all else',
    ],
    [dot(0, 0, BEST), 'fastest value'],
    [ring(0, 0, OUTCOMES.running.strong), 'ended early'],
  ] as const;
  let x = MARGIN + 12;
  return marks.map(([mark, text]) => {
    const entry = `<g transform="translate(${px(x)} 88)">${mark}${label({ x: 20, y: 4, text, size: 12, fill: MUTED })}</g>`;
    x += 62 + text.length * 6.6;
    return entry;
  });
}

/** What changing it has brought. */
function gainOf({ bestEffect, isBaseBest }: Dimension): number {
  return isBaseBest ? 0 : (bestEffect ?? 0);
}

function panel(dimension: Dimension, x: number, y: number): string[] {
  const { name, series, isConcluded, isBaseBest, best } = dimension;
  const frame: Frame = {
    x: x + PLOT.left,
    y: y + PLOT.top,
    width: PANEL.width - PLOT.left - PLOT.right,
    height: PANEL.height - PLOT.top - PLOT.bottom,
  };
  const { metric } = series[0]!.points[0]!.objective;
  const drawn = series.filter(({ points }) => points[0]!.objective.metric === metric);
  const values = [...new Set(drawn.flatMap(({ points }) => points.map(({ value }) => value)))].sort(byValue);
  const numbers = drawn.flatMap(({ points }) => points.map(({ objective }) => objective.value));
  // From zero, as in progress.png: a difference looks as large as it is.
  const scaleY = scaleLinear([0, Math.max(...numbers) * 1.08], [frame.y + frame.height, frame.y]);
  const scaleX = scaleLinear([-0.5, values.length - 0.5], [frame.x, frame.x + frame.width]);
  const at = ({ value, objective }: CurvePoint): [number, number] => [
    scaleX(values.indexOf(value)),
    scaleY(objective.value),
  ];
  const room = frame.width / values.length;
  const every = Math.max(1, Math.ceil(VALUE_ROOM / room));
  const brought = isBaseBest ? 'unchanged is the fastest' : `up to ${gainText(1 + gainOf(dimension))}`;
  const summary = isConcluded ? 'no difference that counts' : brought;
  return [
    label({ x: x + 12, y: y + 18, text: fittedName(name, PANEL.width - 30, TITLE), ...TITLE }),
    label({ x: x + 12, y: y + 34, text: summary, size: 11, fill: isConcluded || isBaseBest ? MUTED : BEST }),
    ...axes(frame, {
      x: values
        .filter((_, i) => i % every === 0)
        .map((value) => ({
          at: scaleX(values.indexOf(value)),
          text: fittedLabel(value, room * every - 6, { size: 11 }),
        })),
      y: scaleY.ticks(4).map((tick) => ({ at: scaleY(tick), text: numberText(tick) })),
      xTitle: '',
      yTitle: fittedLabel(objectiveName(metric), frame.height + 40, { size: 12 }),
    }),
    ...[...drawn].reverse().flatMap((each) => curve(each, at, each === drawn[0], best)),
    `<rect x="${px(x + 2)}" y="${px(y)}" width="${PANEL.width - 8}" height="${PANEL.height - 14}" fill="none" stroke="${GRID}"/>`,
  ];
}

const TITLE = { size: 13, bold: true };
/** Values nearer than this are named in turns. */
const VALUE_ROOM = 34;

function curve(
  { points }: Series,
  at: (point: CurvePoint) => [number, number],
  isLead: boolean,
  best: CurvePoint | null,
): string[] {
  const colour = isLead ? OUTCOMES.running.strong : OTHER;
  return [
    stroke(points.map(at), colour, isLead ? 2 : 1.5),
    ...points.map((point) => {
      if (point.isPruned) return ring(...at(point), colour);
      return dot(...at(point), isLead && point === best ? BEST : colour);
    }),
  ];
}

function stroke(corners: readonly (readonly [number, number])[], colour: string, width: number): string {
  const path = corners.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}

function dot(x: number, y: number, fill: string): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="${fill}" stroke="${PAPER}" stroke-width="1"/>`;
}

function ring(x: number, y: number, colour: string): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="${PAPER}" stroke="${colour}" stroke-width="1.5"/>`;
}
