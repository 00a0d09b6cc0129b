/** The frame of one panel: axes with grid and titles, and named reference lines whose names never overlap. */
import { numberText } from '../reports/quantity-text.js';
import { GRID, label, line, MUTED } from './svg.js';

export interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Tick {
  at: number;
  text: string;
}

export function axes(
  frame: Frame,
  axis: { x: readonly Tick[]; y: readonly Tick[]; xTitle: string; yTitle: string; yTitleAt?: number },
): string[] {
  const { x, y, xTitle, yTitle, yTitleAt = 66 } = axis;
  const bottom = frame.y + frame.height;
  const right = frame.x + frame.width;
  const middle = frame.y + frame.height / 2;
  return [
    ...y.flatMap((tick) => [
      line(frame.x, tick.at, right, tick.at, GRID),
      label({ x: frame.x - 8, y: tick.at + 4, text: tick.text, size: 11, fill: MUTED, anchor: 'end' }),
    ]),
    line(frame.x, bottom, right, bottom, MUTED),
    ...x.flatMap((tick) => [
      line(tick.at, bottom, tick.at, bottom + 4, MUTED),
      label({ x: tick.at, y: bottom + 18, text: tick.text, size: 11, fill: MUTED, anchor: 'middle' }),
    ]),
    label({ x: frame.x + frame.width / 2, y: bottom + 38, text: xTitle, size: 12, anchor: 'middle' }),
    label({ x: frame.x - yTitleAt, y: middle, text: yTitle, size: 12, anchor: 'middle', rotate: -90 }),
  ];
}

export interface Reference {
  name: string;
  value: number;
  stroke: string;
  /** False names the value and draws no line, where another line shows it already. */
  isDrawn?: boolean;
}

const NAME_HEIGHT = 16;

/**
 * A dashed line for each value, named at the right; a value above the frame is named at its upper edge with an arrow.
 */
export function referenceLines(frame: Frame, references: readonly Reference[], y: (value: number) => number): string[] {
  const right = frame.x + frame.width;
  const sorted = [...references].sort((a, b) => y(a.value) - y(b.value));
  let free = frame.y - 4;
  const placed = sorted.map((reference) => {
    const at = y(reference.value);
    const nameAt = Math.max(at, free, frame.y);
    free = nameAt + NAME_HEIGHT;
    return { ...reference, at, nameAt, isInside: at >= frame.y };
  });
  // Names pushed below the frame move up again, all of them, so that their order stays.
  const excess = Math.max(0, free - NAME_HEIGHT - (frame.y + frame.height));
  return placed.flatMap(({ name, value, stroke, at, nameAt, isInside, isDrawn = true }) => [
    ...(isInside && isDrawn ? [line(frame.x, at, right, at, stroke, 'stroke-width="1.2" stroke-dasharray="5 4"')] : []),
    label({
      x: right + 8,
      y: nameAt - excess + 4,
      text: `${isInside ? '' : '↑ '}${name} ${numberText(value)}`,
      size: 12,
      fill: stroke,
    }),
  ]);
}
