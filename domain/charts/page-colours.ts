/**
 * The pictures in the page: where a picture in a file has colours of its own, one in the page takes those of the page's
 * theme, light or dark.
 */
import { BEST, CEILING, FAILURE_INK, FRAME, GRID, INK, LINK, MUTED, OUTCOMES, PAPER } from './svg.js';

/** By name: the colour of pictures in files, and the one that stands for it on a dark ground. */
const COLOURS = {
  ink: [INK, '#e6eaef'],
  muted: [MUTED, '#9aa7b5'],
  grid: [GRID, '#29323c'],
  paper: [PAPER, '#171c22'],
  link: [LINK, '#4b5866'],
  frame: [FRAME, '#333e4a'],
  ceiling: [CEILING, '#b58fd0'],
  best: [BEST, '#4ccf8b'],
  'failure-ink': [FAILURE_INK, '#ff9aa7'],
  improved: [OUTCOMES.improved.strong, '#3fb77a'],
  'improved-pale': [OUTCOMES.improved.pale, '#17382a'],
  unconfirmed: [OUTCOMES.unconfirmed.strong, '#d9a136'],
  'unconfirmed-pale': [OUTCOMES.unconfirmed.pale, '#3a2f16'],
  none: [OUTCOMES.no_gain.strong, '#7d8a98'],
  'none-pale': [OUTCOMES.no_gain.pale, '#242c35'],
  'pruned-pale': [OUTCOMES.pruned.pale, '#1c2229'],
  cancelled: [OUTCOMES.cancelled.strong, '#a795c4'],
  'cancelled-pale': [OUTCOMES.cancelled.pale, '#2b2536'],
  failed: [OUTCOMES.failed.strong, '#e5697a'],
  'failed-pale': [OUTCOMES.failed.pale, '#40202a'],
  running: [OUTCOMES.running.strong, '#5b9ce0'],
  'running-pale': [OUTCOMES.running.pale, '#1a2f47'],
} as const;

const NAMES = new Map<string, string>(Object.entries(COLOURS).map(([name, [light]]) => [light, name]));

/** A picture whose colours are the theme's, by the names that `colourRules` gives them. */
export function inPageColours(svg: string): string {
  return svg.replace(/\b(fill|stroke)="(#[0-9a-f]{6})"/g, (whole, attribute: string, colour: string) => {
    const name = NAMES.get(colour);
    return name === undefined ? whole : `${attribute}="var(--${name})"`;
  });
}

/** The style sheet's part that names the colours: `theme` "light" or "dark" as a list of custom properties. */
export function colourRules(theme: 'light' | 'dark'): string {
  const at = theme === 'light' ? 0 : 1;
  return Object.entries(COLOURS)
    .map(([name, colours]) => `--${name}:${colours[at]}`)
    .join(';');
}
