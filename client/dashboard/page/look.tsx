/** What became of an experiment, as a mark with a word: the mark is never the only sign of it. */
import type { Look } from '../../../domain/board/board-types.js';

export function LookMark({ look, text }: { look: Look; text: string }) {
  return (
    <span class="look" data-look={look}>
      <span class="look-mark" aria-hidden="true" />
      <span class="look-text">{text}</span>
    </span>
  );
}

export function gainClass(gain: number | null, look?: Look): string {
  if (gain === null || look === 'unconfirmed') return 'number';
  return gain > 1.005 ? 'number better' : gain < 0.995 ? 'number worse' : 'number';
}
