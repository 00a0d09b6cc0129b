/** The few SVG elements that the charts are made of, and their palette. */
import { cleanLabel, escapeXml, type TextStyle } from './label-text.js';

export const INK = '#1f2933';
export const MUTED = '#5f6b7a';
export const GRID = '#e4e8ed';
export const CEILING = '#7a5195';
export const BEST = '#1b7f4b';

/** The ground that all stands on. */
export const PAPER = '#ffffff';
export const LINK = '#b4bdc8';
export const FRAME = '#dde2e8';
export const FAILURE_INK = '#a3293b';

/** What became of an experiment, as a colour: a strong one for marks and edges, a pale one for areas. */
export const OUTCOMES = {
  improved: { strong: '#2f9e63', pale: '#d8f0e2', label: 'improved on the best' },
  unconfirmed: { strong: '#c2850c', pale: '#fbf0d6', label: 'looked better, not confirmed' },
  no_gain: { strong: '#8a96a3', pale: '#eceff2', label: 'not better' },
  pruned: { strong: '#8a96a3', pale: '#f7f8fa', label: 'ended early' },
  cancelled: { strong: '#7a6a94', pale: '#efebf5', label: 'refused or cancelled' },
  failed: { strong: '#d1495b', pale: '#fbe3e6', label: 'failed' },
  running: { strong: '#2f6fb7', pale: '#dce9f7', label: 'running' },
  queued: { strong: '#8a96a3', pale: '#ffffff', label: 'queued' },
} as const;
export type Outcome = keyof typeof OUTCOMES;

export interface Label extends TextStyle {
  x: number;
  y: number;
  text: string;
  fill?: string;
  anchor?: 'start' | 'middle' | 'end';
  /** Degrees, around its own place. */
  rotate?: number;
}

export function label({ x, y, text, size, bold, fill = INK, anchor = 'start', rotate }: Label): string {
  const turn = rotate === undefined ? '' : ` transform="rotate(${rotate} ${px(x)} ${px(y)})"`;
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${weight}${turn}>${escapeXml(cleanLabel(text))}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="${stroke}" ${more}/>`;
}

/** The mark of an experiment, an element: the page finds it by its name. */
export function markOf(nodeId: string, outcome: Outcome, element: string): string {
  return element.replace(/^<\w+/, (tag) => `${tag} data-node="${escapeXml(nodeId)}" data-look="${outcome}"`);
}

export function svgDocument(width: number, height: number, elements: readonly string[]): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="DejaVu Sans">`,
    `<rect width="${w}" height="${h}" fill="${PAPER}"/>`,
    ...elements,
    '</svg>',
    '',
  ].join('\n');
}

/** Coordinates to a tenth of a pixel: equal runs give equal bytes. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
