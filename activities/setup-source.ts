/**
 * The first look at a run's source: anchors it, keeps a copy of the script, and says which seeds and practices apply.
 */
import { readFile } from 'node:fs/promises';
import { DEFAULT_CONFIRMATION } from '../domain/belief/confirmation-state.js';
import { decodesVideo, knownPractices } from '../domain/proposals/best-practices.js';
import { changeSetOf } from '../domain/proposals/change-set.js';
import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { initialState } from '../domain/run/engine-state.js';
import type { ExperimentIdentity } from '../domain/run/experiment-record.js';
import { SEEDS } from '../domain/run/experiment-record.js';
import { readTextIfAny, writeFileAtomic } from '../host/atomic-file.js';
import type { SourceControl } from '../source/control/source-control.js';
import { targetPython } from '../source/target-python.js';
import type { RunContext } from '../workdir/run-context.js';
import { specOf } from '../workdir/spec-store.js';

export function makeSetup(deps: { context: RunContext; sourceControl: SourceControl }): Activities['setup'] {
  const { context, sourceControl } = deps;
  const { config, workdir } = context;
  // The default number of an earlier version's config.json may have been given or not: it stays the most there are.
  const isExact = (key: 'calibration_runs' | 'verify_runs') => config.exact_runs.includes(key);
  return async (_input) => {
    const script = await readFile(config.pipeline_script, 'utf8').catch((error: Error) =>
      raise('setup_source_failed', `pipeline_script ${config.pipeline_script}: ${error.message}`),
    );
    await targetPython(config);
    const anchorCommit = await sourceControl.anchor();
    if ((await readTextIfAny(workdir.pipelineCopy)) === null) await writeFileAtomic(workdir.pipelineCopy, script);
    context.log(`anchored ${config.source_dir} at ${anchorCommit}`);
    return {
      anchorCommit,
      seeds: await seeds(),
      practices: knownPractices(decodesVideo(script)),
      repair: { retries: config.startup_failure_retries, experiments: config.startup_retryable_experiments },
      confirmation: {
        calibrationRuns: config.calibration_runs,
        confirmRuns: config.confirm_runs,
        verifyRuns: config.verify_runs,
        minImprovement: config.min_improvement,
        doubtsLowCeilings: true,
        weighsOdds: true,
        goesOnUndecided: true,
        measuresCeilingsAgain: true,
        heedsChildren: true,
        watchesDrift: true,
        bundlesSmallGains: true,
        weighsRepeats: true,
        expectsLargeGains: true,
        plansBetweenJobs: true,
        waitsForQueued: true,
        ignoresCancelled: true,
        verifiesAtLimits: true,
        keepsJobsToDecide: true,
        ...(config.calibration_runs === DEFAULT_CONFIRMATION.calibrationRuns && !isExact('calibration_runs')
          ? { calibratesAsNeeded: true as const }
          : {}),
        ...(config.verify_runs === DEFAULT_CONFIRMATION.verifyRuns && !isExact('verify_runs')
          ? { verifiesAsNeeded: true as const, verifiesUntilClose: true as const }
          : {}),
      },
      needsBaseline: true,
      needsMeasuredBaseline: true,
    };
  };

  async function seeds(): Promise<ExperimentIdentity[]> {
    const base = config.base_launch_command;
    const made: ExperimentIdentity[] = [];
    for (const seed of SEEDS) {
      const identity = { ...seed, tags: [...seed.tags], changeSet: [] };
      const spec = await specOf(workdir, config, initialState(config.run_id), identity);
      made.push({ ...identity, changeSet: changeSetOf(spec.changes, spec.launch_command, base) });
    }
    return made;
  }
}
