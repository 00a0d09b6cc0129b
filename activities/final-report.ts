/** The reports at a run's end: report.md by rules, and final_report.md by the agent (by the same rules when it cannot). */
import { readFile } from 'node:fs/promises';
import type { ReportTask } from './agents/agent.js';
import type { Ask } from './agents/ask.js';
import { readTextIfAny, writeFileAtomic } from './atomic-file.js';
import type { Activities } from './contract.js';
import { withSource } from './experiment-source.js';
import { historyOf, specsOf } from './history.js';
import { writeReport } from './report.js';
import { ownRun, type RunContext } from './run-context.js';
import type { RunLog } from './run-log.js';
import type { SourceControl } from './source-control/source-control.js';

/** Characters of one analysis in the prompt. */
const ANALYSIS_LIMIT = 4000;

export function makeReport(deps: {
  context: RunContext;
  sourceControl: SourceControl;
  runLog: RunLog;
  ask: Ask;
}): Activities['report'] {
  const { context, sourceControl, runLog, ask } = deps;
  const { workdir, config } = context;
  return async (input) => {
    ownRun(context, input);
    const record = await runLog.record();
    await writeReport(workdir, config, record);
    const { state } = record;
    if (state.best === null || state.baseCommit === null) return;
    try {
      await writeFileAtomic(workdir.finalReport, await synthesis(state.baseCommit));
    } catch (error) {
      context.log(`final_report.md is made by rules: ${(error as Error).message}`);
      await writeFileAtomic(workdir.finalReport, await readFile(workdir.report, 'utf8'));
    }
  };

  async function synthesis(commit: string): Promise<string> {
    const record = await runLog.record();
    const history = historyOf(record, await specsOf(workdir, config, record));
    const analyses: Record<string, string> = {};
    for (const { nodeId } of history) {
      const text = await readTextIfAny(workdir.run(nodeId, 'analysis.md'));
      if (text !== null) analyses[nodeId] = text.slice(0, ANALYSIS_LIMIT);
    }
    return await withSource({ config, sourceControl }, 'report', commit, async (source) => {
      const task: ReportTask = {
        phase: 'report',
        // A run that goes on after its end is reported on anew.
        key: `report_${record.ended.length}`,
        nodeId: null,
        source,
        baseLaunchCommand: config.base_launch_command,
        refusal: null,
        notes: config.notes === '' ? [] : [config.notes],
        history,
        analyses,
        bestNodeId: record.state.best,
      };
      const read = (text: string) =>
        text.trim() === ''
          ? ({ ok: false, reason: 'the report is empty' } as const)
          : ({ ok: true, value: text } as const);
      return (await ask({ task, read, failure: 'agent_failed' })).value;
    });
  }
}
