/** The worth of gains, written beside their dots where there is room. */
import { gainText } from '../reports/quantity-text.js';
import { labelWidth } from './label-text.js';
import type { Frame } from './panel.js';
import { CROWD } from './progress-panel.js';
import type { ProgressData } from './progress-points.js';
import { BEST, label } from './svg.js';

const GAIN_LABEL = { size: 11, bold: true };

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * Names gains with their worth, the newest first and each worth once: left above the step that they made, where
 * nothing stands yet.
 */
export function gainLabels(
  { points, baseline, headspace }: ProgressData,
  frame: Frame,
  x: (order: number) => number,
  y: (value: number) => number,
): string[] {
  if (baseline === null) return [];
  const gains = points.filter(({ outcome, value }) => outcome === 'improved' && value !== null).reverse();
  const dots = points.flatMap(({ order, value }) => (value === null ? [] : [around(x(order), y(value), 3)]));
  const lines = [baseline, headspace].flatMap((value) =>
    value === null ? [] : [{ left: frame.x, right: frame.x + frame.width, top: y(value) - 1, bottom: y(value) + 1 }],
  );
  const taken: Box[] = [...lines, ...(points.length > CROWD ? [] : dots)];
  const told = new Set<string>();
  return gains.flatMap(({ order, value, gain }) => {
    const text = gainText(gain);
    const [right, bottom] = [x(order) - 2, y(value!) - 6];
    const box = { left: right - labelWidth(text, GAIN_LABEL), right, top: bottom - 10, bottom };
    if (told.has(text) || box.left < frame.x || taken.some((other) => touches(box, other))) return [];
    told.add(text);
    taken.push(box);
    return [label({ ...GAIN_LABEL, x: box.left, y: box.bottom, text, fill: BEST })];
  });
}

function around(x: number, y: number, far: number): Box {
  return { left: x - far, right: x + far, top: y - far, bottom: y + far };
}

function touches(one: Box, other: Box): boolean {
  const apart = one.right + 3 < other.left || other.right + 3 < one.left;
  return !(apart || one.bottom + 1 < other.top || other.bottom + 1 < one.top);
}
