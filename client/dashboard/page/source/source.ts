/** Where the page's data comes from: the dashboard's server, or the page itself where it was shared as one file. */

import type { MetricTable } from '../../../../domain/board/board-types.js';
import type {
  BoardAnswer,
  Change,
  ChangeAnswer,
  DiffAnswer,
  ExperimentAnswer,
  RunInfo,
} from '../../../../domain/board/page-answers.js';

/** `progress` is its first panel, `progress-all` all of them. */
export type ChartName = 'progress' | 'progress-all' | 'tree';

export interface Source {
  /** Whether runs change, can be steered, and have logs and links to servers. */
  isLive: boolean;
  runs(): Promise<RunInfo[]>;
  board(run: number): Promise<BoardAnswer>;
  /** SVG. `width` in pixels; a tree has a size of its own. */
  chart(run: number, name: ChartName, width: number): Promise<string>;
  /** Null where there is no such experiment, here and below. */
  experiment(run: number, nodeId: string): Promise<ExperimentAnswer | null>;
  diff(run: number, nodeId: string, against: string): Promise<DiffAnswer | null>;
  comparison(run: number, one: string, other: string): Promise<MetricTable | null>;
  change(run: number, change: Change): Promise<ChangeAnswer>;
  logAddress(run: number, nodeId: string, stream: 'stdout' | 'stderr'): string;
  /** `changed` hears which run has news, `connected` whether news can come. Returns what ends it. */
  listen(changed: (run: number) => void, connected: (isConnected: boolean) => void): () => void;
}
