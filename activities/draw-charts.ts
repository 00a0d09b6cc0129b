/** Draws progress.png and hypothesis_tree.png from the event log. Drawn again, they are the same pictures. */
import { progressSvg } from '../domain/charts/progress-svg.js';
import { treeSvg } from '../domain/charts/tree-svg.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { writeFileAtomic } from './atomic-file.js';
import { svgToPng } from './charts/svg-to-png.js';
import type { Activities } from './contract.js';
import { ownRun, type RunContext } from './run-context.js';
import type { RunLog } from './run-log.js';
import type { Workdir } from './workdir.js';

export function makeDrawCharts({ context, runLog }: { context: RunContext; runLog: RunLog }): Activities['drawCharts'] {
  return async (input) => {
    ownRun(context, input);
    await drawRunCharts(context.workdir, await runLog.record());
  };
}

export async function drawRunCharts(workdir: Workdir, record: RunRecord): Promise<void> {
  // Both are made before the first wait: they show the same moment.
  const charts = [
    [workdir.progressChart, progressSvg(record)],
    [workdir.treeChart, treeSvg(record)],
  ] as const;
  for (const [path, svg] of charts) await writeFileAtomic(path, await svgToPng(svg));
}
