/** The screen of a run that is under way: lines that stay, and on a terminal a last line that is renewed in place. */
import type { Output } from '../output/output.js';

export interface LiveView {
  /** A line that stays. */
  line(text: string): void;
  /** Where the run stands now; shown on a terminal only. */
  standing(text: string): void;
  /** Clears the renewed line, so that what follows starts clean. */
  end(): void;
}

export function makeLiveView(output: Output, write: (text: string) => void = output.out): LiveView {
  let shown = '';
  const show = (text: string) => {
    if (!output.isTerminal || text === shown) return;
    write(`\r\x1b[2K${text}`);
    shown = text;
  };
  return {
    line(text) {
      const standing = shown;
      show('');
      write(`${text}\n`);
      show(standing);
    },
    standing: (text) => show(text.slice(0, Math.max(0, output.columns - 1))),
    end: () => show(''),
  };
}
