/**
 * Removes what killed engines left behind: agent processes, jobs and trees of experiments that have ended, trees that
 * were opened to look at, stale locks. Only what provably belongs to this run and is finished: the event log says what
 * has ended, the engine's lock that nobody else works here, and a name that the run did not give is left.
 */
import { reapLeftovers } from '../../agents/agent-process-record.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { isTerminal } from '../../domain/run/experiment-record.js';
import { localJobId } from '../../domain/run/naming.js';
import { namesIn } from '../../host/names-in.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import { runningJobs } from '../../jobs/platforms/running-jobs.js';
import { openSourceControl } from '../../source/control/open.js';
import { Trees } from '../../source/control/trees.js';
import { VIEW_PREFIX } from '../../source/experiment-source.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import type { WorkdirLog } from '../workdir-log.js';
import { removeStaleLocks } from './stale-locks.js';

export interface ReapedRun {
  workdir: Workdir;
  config: RunConfig;
  log: WorkdirLog;
  /** No worker of another host can be at work in this workdir: its processes are unknown here. */
  isAlone: boolean;
}

/** Needs the engine's lock and no worker. Each part that fails is logged and left for the next time. */
export async function reap(run: ReapedRun): Promise<void> {
  const { workdir, log } = run;
  const attempt = async (what: string, act: () => Promise<string[]>) => {
    try {
      const removed = await act();
      if (removed.length > 0) log(`left by an engine that died, and removed: ${what}`, { removed });
    } catch (error) {
      log(`what an engine left behind could not be removed: ${what}`, { error: String(error) });
    }
  };
  await attempt('agent processes', () => reapLeftovers(workdir));
  const state = await openRunLog(workdir).state();
  // Before the trees in which they run.
  if (run.isAlone) await attempt('jobs', () => endJobs(run, state));
  await attempt('trees', () => removeTrees(run, state));
  if (!run.isAlone) return;
  await attempt('locks', () => removeStaleLocks(workdir));
}

/** Jobs of experiments that ended without them: somebody terminated the experiment's workflow. */
async function endJobs({ workdir, config, log }: ReapedRun, state: EngineState): Promise<string[]> {
  const platform = new LocalPlatform({ workdir, config, log });
  const ofEnded = new Set(
    Object.keys(state.experiments)
      .filter((nodeId) => hasEnded(state, nodeId))
      .map(localJobId),
  );
  const running = await runningJobs(workdir, platform, (jobId) => ofEnded.has(jobId));
  for (const jobId of running) await platform.cancel(jobId);
  return running;
}

async function removeTrees({ workdir, config, isAlone }: ReapedRun, state: EngineState): Promise<string[]> {
  // A kill may have come between what a tree consists of.
  const { trees } = workdir;
  const places = [trees, Trees.adminOf(trees), Trees.writesOf(trees, ''), Trees.bundlesOf(trees, '')];
  const found = (await Promise.all(places.map(namesIn))).flat();
  const names = [...new Set(found)].filter(
    (name) => (isAlone && name.startsWith(VIEW_PREFIX)) || (!config.keep_trees && hasEnded(state, name)),
  );
  if (names.length === 0) return [];
  const sourceControl = await openSourceControl({ workdir, config });
  for (const name of names) await sourceControl.closeTree(name);
  return names;
}

function hasEnded(state: EngineState, nodeId: string): boolean {
  const row = Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
  return row !== undefined && isTerminal(row);
}
