/** Appends what happened to the event log and renews the files that people and scripts read. Safe to run twice. */

import { isRemeasurement } from '../domain/belief/confirmation-state.js';
import { launchCommandProblem } from '../domain/command/launch-command-rules.js';
import { eventProblem } from '../domain/formats/events.js';
import type { Activities } from '../domain/protocol/activities.js';
import { grantedIn } from '../domain/protocol/lost-messages.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { EngineState } from '../domain/run/engine-state.js';
import type { EngineEvent } from '../domain/run/event-types.js';
import { mayLaunch } from '../domain/run/experiment-record.js';
import { makeTurns } from '../host/in-turn.js';
import { jobNameOf, type Platform } from '../jobs/platforms/platform.js';
import { readConfig } from '../workdir/config-file.js';
import { LogMismatch, openRunLog, type RunLog } from '../workdir/event-log.js';
import { LogForks } from '../workdir/log-forks.js';
import type { Workdir } from '../workdir/paths.js';
import type { DutyCycle } from '../workdir/projections/duty-cycle.js';
import { Projections } from '../workdir/projections/projections.js';
import { writeReport } from '../workdir/report-files.js';
import { ownLog, type RunContext } from '../workdir/run-context.js';
import { specOf } from '../workdir/spec-store.js';
import { type RestoredAnalyses, restoreAnalyses } from './agent-calls/restore-analyses.js';
import { drawRunCharts } from './draw-charts.js';
import type { EarlyGrants } from './engine-mail/early-grants.js';

export function makeExportWorkdir({
  context,
  runLog,
  tables,
  earlyGrants,
  platform,
}: {
  context: RunContext;
  runLog: RunLog;
  tables?: DutyCycle;
  earlyGrants?: EarlyGrants;
  platform?: Pick<Platform, 'dropReady'>;
}): Activities['exportWorkdir'] {
  const projections = new Projections(context.workdir, context.config, tables);
  // A try that was given up for lost may still be writing when the next one comes.
  const inTurn = makeTurns();
  let tablesTurn: NodeJS.Timeout | null = null;
  const exportOnce: Activities['exportWorkdir'] = async (input) => {
    await ownLog(context, input, 'goes on');
    await checkOrigins(input.events);
    const first = input.events[0]?.seq ?? 0;
    const forks = new LogForks(context.workdir);
    const hear = (superseded: readonly EngineEvent[]) => forks.keep(first, grantedIn(superseded));
    const seq = await runLog.append([...(input.exported ?? []), ...input.events], hear).catch((error: unknown) => {
      // Nothing that this engine can do again makes its history and the log one.
      if (error instanceof LogMismatch) raise('policy_refused', error.message, { phase: 'runner' });
      throw error;
    });
    const { granted, slots } = await forks.grantedBefore(first);
    const record = await runLog.record();
    dropRunners(input.events, record.state);
    // Where the log forked nobody is granted anything before those have told whom it gives up.
    const isTold = input.tells === true && granted.length === 0;
    const telling = isTold ? earlyGrants?.(input.events, record.state) : undefined;
    const [{ tablesDueInMs }, told = []] = await Promise.all([projections.renewInTurn(record), telling]);
    if (tablesDueInMs !== null) renewTablesIn(tablesDueInMs);
    // report.md states the cost of the run, which is known once the run was reported on.
    if (input.events.some(({ type }) => type === 'reported'))
      await writeReport(context.workdir, context.config, await runLog.record());
    return { seq, ...(granted.length > 0 ? { granted, slots } : {}), ...(told.length > 0 ? { told } : {}) };
  };

  /**
   * When no export comes before their turn does, the tables follow by themselves; a new worker renews them in any case.
   */
  function renewTablesIn(afterMs: number): void {
    if (tablesTurn !== null) return;
    tablesTurn = setTimeout(() => {
      tablesTurn = null;
      inTurn(async () => await projections.renewTables(await runLog.record())).catch((error: unknown) =>
        context.log('tables were not renewed; the next export tries again', { error }),
      );
    }, afterMs).unref();
  }

  /** However an experiment ended, and whether or not its workflow could say so: nobody waits for its job any more. */
  function dropRunners(events: readonly EngineEvent[], { experiments }: EngineState): void {
    for (const event of events) {
      if (!('nodeId' in event)) continue;
      const row = Object.hasOwn(experiments, event.nodeId) ? experiments[event.nodeId] : undefined;
      if (!row || !mayLaunch(row)) platform?.dropReady?.(jobNameOf(context.config.run_id, event.nodeId));
    }
  }

  /** An experiment that names no specification of this workdir, or one that was refused, must not enter the log. */
  async function checkOrigins(events: readonly EngineEvent[]): Promise<void> {
    const { workdir, config } = context;
    const state = await runLog.state();
    for (const event of events) {
      if (event.seq <= state.seq || event.type !== 'experiment_added' || eventProblem(event) !== null) continue;
      const { experiment } = event;
      // What they repeat stands in the log, or in an event before this one.
      if (experiment.origin.from === 'repair' || isRemeasurement(experiment)) continue;
      const spec = await specOf(workdir, config, state, experiment);
      const base = config.base_launch_command;
      const problem = config.allow_agent_commands ? null : launchCommandProblem(spec.launch_command, base);
      if (problem !== null) throw new RangeError(`event ${event.seq}: ${experiment.nodeId}: ${problem}`);
    }
  }

  return (input) => {
    return inTurn(() => exportOnce(input));
  };
}

/**
 * Renews every projection, charts and (for a run that has ended) report.md from the event log and the specifications.
 * A RangeError says that there is no log or no config.json.
 */
export async function rebuildWorkdir(workdir: Workdir): Promise<Rebuilt> {
  const config = await readConfig(workdir);
  if (config === null) throw new RangeError(`${workdir.config} does not exist: this is not a workdir`);
  const record = await openRunLog(workdir).record();
  if (record.state.seq === 0)
    throw new RangeError(`${workdir.events} holds no events: there is nothing to rebuild from`);
  await new Projections(workdir, config).renew(record);
  if (record.state.status === 'stopped') await writeReport(workdir, config, record);
  await drawRunCharts(workdir, config, record);
  const experiments = Object.keys(record.state.experiments).length;
  return { seq: record.state.seq, experiments, analyses: await restoreAnalyses(workdir, record) };
}

interface Rebuilt {
  seq: number;
  experiments: number;
  analyses: RestoredAnalyses;
}
