/**
 * Draws progress.png, dimension_curves.png and hypothesis_tree.png from the event log. Drawn again, they are the same
 * pictures.
 */
import { dimensionsSvg } from '../domain/charts/dimensions-svg.js';
import { progressSvg } from '../domain/charts/progress-svg.js';
import { treeSvg } from '../domain/charts/tree-svg.js';
import type { RunConfig } from '../domain/formats/config.js';
import { memoryOf } from '../domain/proposals/tried-experiments.js';
import type { Activities } from '../domain/protocol/activities.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import { writeFileAtomic } from '../host/atomic-file.js';
import { makeTurns } from '../host/in-turn.js';
import { svgToPng } from '../host/svg-to-png.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';

export function makeDrawCharts({
  context,
  runLog,
}: {
  context: RunContext;
  runLog: Pick<RunLog, 'record'>;
}): Activities['drawCharts'] {
  // The last drawing begins beside one of a moment before, whose pictures must not be written over its own.
  const inTurn = makeTurns();
  return (_input) => inTurn(async () => await drawRunCharts(context.workdir, context.config, await runLog.record()));
}

export async function drawRunCharts(workdir: Workdir, config: RunConfig, record: RunRecord): Promise<void> {
  // All are made before the first wait: they show the same moment.
  const charts = [
    [workdir.progressChart, progressSvg(record)],
    [workdir.dimensionsChart, dimensionsSvg(record.state.run, memoryOf(record.state, config.base_launch_command))],
    [workdir.treeChart, treeSvg(record)],
  ] as const;
  for (const [path, svg] of charts) await writeFileAtomic(path, await svgToPng(svg));
}
