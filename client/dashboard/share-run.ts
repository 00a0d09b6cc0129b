/** A run as one HTML file: the page with all that it shows inside, for people who have no server and no workdir. */
import type { BoardAnswer, DiffAnswer, ExperimentAnswer, RunInfo } from '../../domain/board/page-answers.js';
import { experimentTable } from '../../domain/reports/experiment-table.js';
import { sharedDocument } from './page-document.js';
import { RunAnswers } from './run-answers.js';
import { RunFeed } from './run-feed.js';

/** What stands in the file in place of a server. Job output is not in it: nobody knows what a job prints. */
export interface SharedRun {
  info: RunInfo;
  board: BoardAnswer;
  /** By the width that it is drawn for. */
  progress: Record<number, string>;
  progressAll: Record<number, string>;
  tree: string;
  experiments: Record<string, ExperimentAnswer & { diff: DiffAnswer | null }>;
}

/** For a phone, and for a desk. */
const WIDTHS = [360, 720, 1080] as const;

/** A Refusal where no run is at the path. */
export async function sharedRun(path: string): Promise<{ html: string; experiments: number }> {
  const feed = await RunFeed.open(path, 0);
  const run = new RunAnswers(feed);
  const board = await run.board();
  const experiments: SharedRun['experiments'] = {};
  for (const nodeId of Object.keys(feed.record.state.experiments)) {
    const experiment = await run.experiment(nodeId);
    if (experiment === null) continue;
    experiments[nodeId] = { ...experiment, temporal: null, hasLog: false, diff: await run.diff(nodeId, 'parent') };
  }
  const shared: SharedRun = {
    info: feed.info,
    board: { ...board, served: false, temporal: null },
    progress: Object.fromEntries(WIDTHS.map((width) => [width, run.chart('progress', width)])),
    progressAll: Object.fromEntries(WIDTHS.map((width) => [width, run.chart('progress-all', width)])),
    tree: run.chart('tree', 0),
    experiments,
  };
  // The page shows repeats with what they repeat, and counts none.
  const shown = experimentTable(feed.record.state).length;
  return { html: await sharedDocument(shared), experiments: shown };
}
