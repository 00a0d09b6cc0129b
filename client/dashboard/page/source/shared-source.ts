/** The page's own data as its source: a run that was shared as one file. */
import type { BoardAnswer, DiffAnswer, ExperimentAnswer, RunInfo } from '../../../../domain/board/page-answers.js';
import { sharedComparison } from './shared-comparison.js';
import type { Source } from './source.js';

/** As client/dashboard/share-run.ts writes it. */
interface Shared {
  info: RunInfo;
  board: BoardAnswer;
  progress: Record<string, string>;
  progressAll: Record<string, string>;
  tree: string;
  experiments: Record<string, ExperimentAnswer & { diff: DiffAnswer | null }>;
}

export function sharedSource(text: string): Source {
  const shared = JSON.parse(text) as Shared;
  const experimentOf = (nodeId: string) =>
    Object.hasOwn(shared.experiments, nodeId) ? (shared.experiments[nodeId] ?? null) : null;
  const notHere = 'this page is a copy: it changes nothing';
  return {
    isLive: false,
    runs: async () => [shared.info],
    board: async () => shared.board,
    async chart(_run, name, width) {
      if (name === 'tree') return shared.tree;
      const drawn = name === 'progress' ? shared.progress : shared.progressAll;
      const widths = Object.keys(drawn).map(Number);
      const fitting = widths.filter((each) => each <= width);
      return drawn[fitting.length > 0 ? Math.max(...fitting) : Math.min(...widths)] ?? '';
    },
    experiment: async (_run, nodeId) => experimentOf(nodeId),
    diff: async (_run, nodeId, against) => (against === 'parent' ? (experimentOf(nodeId)?.diff ?? null) : null),
    async comparison(_run, one, other) {
      const [first, second] = [experimentOf(one), experimentOf(other)];
      return first && second ? sharedComparison(first.page, second.page) : null;
    },
    change: async () => ({ accepted: false, message: notHere }),
    logAddress: () => '',
    listen: () => () => undefined,
  };
}
