/** Which experiments a person wants to see, and in which order. */
import type { BoardRow, Look } from '../../../domain/board/board-types.js';

export interface Filter {
  /** Empty: all. */
  looks: ReadonlySet<Look>;
  text: string;
}

export const NO_FILTER: Filter = { looks: new Set(), text: '' };

/** In the order in which they are offered. */
export const LOOKS: readonly { look: Look; name: string }[] = [
  { look: 'improved', name: 'improved' },
  { look: 'unconfirmed', name: 'not confirmed' },
  { look: 'no_gain', name: 'not better' },
  { look: 'pruned', name: 'ended early' },
  { look: 'cancelled', name: 'refused or cancelled' },
  { look: 'failed', name: 'failed' },
  { look: 'running', name: 'running' },
  { look: 'queued', name: 'queued' },
];

export function isShown({ looks, text }: Filter, row: BoardRow): boolean {
  if (looks.size > 0 && ![...looks].some((look) => looksLike(row, look))) return false;
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const haystack = `${row.nodeId} ${row.kind} ${row.status}`.toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** What others are measured by is neither better nor worse: it was never tried for a gain. */
export function looksLike({ look, kind }: Pick<BoardRow, 'look' | 'kind'>, asked: Look): boolean {
  const isMeasure = kind === 'baseline' || kind === 'headspace';
  return look === asked && !(isMeasure && look === 'no_gain');
}

export type SortKey =
  | 'order'
  | 'nodeId'
  | 'status'
  | 'value'
  | 'gain'
  | 'stepMs'
  | 'readyPct'
  | 'smPct'
  | 'durationS'
  | 'endedS';

export interface Sort {
  key: SortKey;
  isDescending: boolean;
}

/** What is unknown stands last, whichever way it is sorted. */
export function sorted(rows: readonly BoardRow[], { key, isDescending }: Sort): BoardRow[] {
  if (key === 'order') return isDescending ? [...rows].reverse() : [...rows];
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [one, other] = [a[key], b[key]];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (one < other ? -1 : one > other ? 1 : 0);
  });
}
