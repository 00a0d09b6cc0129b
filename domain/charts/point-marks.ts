/** The marks of experiments in a scatter plot. */
import { CEILING, OUTCOMES, PAPER, px } from './svg.js';

export function dot(x: number, y: number, fill: string): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4.5" fill="${fill}" stroke="${PAPER}" stroke-width="1"/>`;
}

/** One of very many: a rim for each would double the time of drawing them. */
export function speck(x: number, y: number, fill: string): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="2.6" fill="${fill}"/>`;
}

/** Of what was ended early. */
export function ring(x: number, y: number): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="3.5" fill="${PAPER}" stroke="${OUTCOMES.pruned.strong}" stroke-width="1.5"/>`;
}

/** Of what a person did not want: no result, and no fault. */
export function dash(x: number, y: number): string {
  return `<path d="M${px(x - 5)} ${px(y)}H${px(x + 5)}" stroke="${OUTCOMES.cancelled.strong}" stroke-width="2.5" fill="none"/>`;
}

export function cross(x: number, y: number): string {
  const d = `M${px(x - 4)} ${px(y - 4)}L${px(x + 4)} ${px(y + 4)}M${px(x - 4)} ${px(y + 4)}L${px(x + 4)} ${px(y - 4)}`;
  return `<path d="${d}" stroke="${OUTCOMES.failed.strong}" stroke-width="2" fill="none"/>`;
}

export function diamond(x: number, y: number): string {
  const d = `M${px(x)} ${px(y - 6)}L${px(x + 6)} ${px(y)}L${px(x)} ${px(y + 6)}L${px(x - 6)} ${px(y)}Z`;
  return `<path d="${d}" fill="${PAPER}" stroke="${CEILING}" stroke-width="2"/>`;
}
