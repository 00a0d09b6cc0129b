/** Takes up a run that the Python engine began: once, under the lock of an engine, before one starts. */

import type { RunConfig } from '../../domain/formats/config.js';
import type { AdoptedRun } from '../../workdir/adoption/adopted-run.js';
import { writeConfig } from '../../workdir/config-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { acquireEngineLock } from '../../worker/engine-lock.js';
import { refusingFiles } from '../output/refused-file.js';
import { adoptWorkdir, keepOriginals } from './adopt-workdir.js';

/** Returns what to tell a person. Throws EngineAlreadyRunning when another process has the workdir. */
export async function takeUpRun(workdir: Workdir, config: RunConfig): Promise<string> {
  const lock = await acquireEngineLock(workdir);
  try {
    await keepOriginals(workdir);
    await writeConfig(workdir, config);
    const adopted = await refusingFiles(() => adoptWorkdir(workdir, config));
    return noticeOf(workdir, adopted);
  } finally {
    await lock.release();
  }
}

function noticeOf(workdir: Workdir, adopted: AdoptedRun | null): string {
  const kept = `what it wrote is kept in ${workdir.adopted()}`;
  if (adopted === null) return `the Python engine had measured nothing yet, so the run begins anew; ${kept}`;
  const experiments = adopted.events.filter(({ type }) => type === 'experiment_added').length;
  const jobs = adopted.jobs.size;
  return `goes on with a run of the Python engine: ${experiments} experiments, ${jobs} of them with a job that was out; ${kept}`;
}
