/**
 * The screen of a run that is under way: lines that stay, and on a terminal a panel below them that is renewed in
 * place. A frame is written at once, over the one before it, so that nothing flickers.
 */
import stringWidth from 'string-width';
import type { Output } from '../output/output.js';
import { fittedLine, plainLine } from '../output/terminal-line.js';

export interface LiveView {
  /** A line that stays. */
  line(text: string): void;
  /**
   * Where the run stands now, drawn for a terminal of so many rows; shown on a terminal only. It is drawn again, with
   * what was given last, when the terminal gets another size.
   */
  standing(draw: (rows: number) => readonly string[]): void;
  /** Clears the panel, so that what follows starts clean. */
  end(): void;
}

const ERASE_LINE_END = '\x1b[K';
const ERASE_BELOW = '\x1b[J';
/** Terminals that know it show what stands between the two at once; others ignore it. */
const FRAME = { begin: '\x1b[?2026h', end: '\x1b[?2026l' };
const HOME = '\x1b[H';
const OTHER_SCREEN = { begin: '\x1b[?1049h', end: '\x1b[?1049l' };
/** Rows of a terminal that does not say; and how many stay for the lines above the panel. */
const USUAL_ROWS = 24;
const ROWS_ABOVE = 3;
/** More where there is room for more of them. */
const MOST_OF_ROWS = 2 / 3;
const FEWEST_ROWS = 12;

/** `whole`: the panel has the terminal's other screen for itself, so that nothing of what stood there is touched. */
export function makeLiveView(
  output: Output,
  { write = output.out, whole = false }: { write?: (text: string) => void; whole?: boolean } = {},
): LiveView {
  let isOpen = false;
  let shown: string[] = [];
  let draw: ((rows: number) => readonly string[]) | null = null;

  /** A terminal that became narrower has broken what was shown into more rows. */
  const rowsOf = (line: string) => Math.max(1, Math.ceil(stringWidth(line) / Math.max(1, output.columns)));
  const toTop = () => {
    if (whole) return HOME;
    const up = shown.reduce((sum, line) => sum + rowsOf(line), 0) - 1;
    return `\r${up > 0 ? `\x1b[${up}A` : ''}`;
  };
  const wanted = () => {
    const all = output.rows ?? USUAL_ROWS;
    const below = Math.min(all - ROWS_ABOVE, Math.max(FEWEST_ROWS, Math.floor(all * MOST_OF_ROWS)));
    const rows = Math.max(1, whole ? all : below);
    const lines = (draw?.(rows) ?? []).slice(0, rows);
    return lines.map((line) => fittedLine(line, Math.max(0, output.columns - 1)));
  };
  /** `above`: lines that stay, each with its end. */
  const show = (above: string) => {
    const lines = wanted();
    if (above === '' && lines.join('\n') === shown.join('\n')) return;
    const stays = above.replaceAll('\n', `${ERASE_LINE_END}\n`);
    const panel = lines.map((line) => `${line}${ERASE_LINE_END}`).join('\n');
    const begin = whole && !isOpen ? OTHER_SCREEN.begin : '';
    isOpen = true;
    write(`${begin}${FRAME.begin}${toTop()}${stays}${panel}${ERASE_BELOW}${FRAME.end}`);
    shown = lines;
  };
  const redraw = () => {
    // A whole screen is laid out anew by the terminal itself.
    if (whole) shown = [];
    show('');
  };
  const stopListening = output.isTerminal ? output.onResize?.(redraw) : undefined;

  return {
    line(text) {
      if (output.isTerminal)
        show(
          text
            .split('\n')
            .map((each) => `${plainLine(each)}\n`)
            .join(''),
        );
      else write(`${text}\n`);
    },
    standing(next) {
      if (!output.isTerminal) return;
      draw = next;
      show('');
    },
    end() {
      stopListening?.();
      draw = null;
      if (whole && isOpen) write(OTHER_SCREEN.end);
      else if (shown.length > 0) show('');
      shown = [];
      isOpen = false;
    },
  };
}
