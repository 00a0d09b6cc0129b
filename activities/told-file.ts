/** Files of an experiment that an activity writes and the log then tells: its commit, the id of its job. */
import { rm } from 'node:fs/promises';
import type { ExperimentRow } from '../domain/run/experiment-record.js';
import { isTerminal } from '../domain/run/experiment-record.js';
import { writeFileAtomic } from '../host/atomic-file.js';
import type { RunLog } from '../workdir/event-log.js';

/**
 * Gone again where the experiment ended meanwhile without what the file says (somebody terminated its workflow): the log is
 * written before the files that follow from it, so that either this, or who renews those, removes it.
 */
export async function writeToldFile(
  path: string,
  text: string,
  {
    runLog,
    nodeId,
    told,
  }: { runLog: Pick<RunLog, 'state'>; nodeId: string; told: (row: ExperimentRow) => string | null },
): Promise<void> {
  await writeFileAtomic(path, `${text}\n`);
  const { experiments } = await runLog.state();
  const row = Object.hasOwn(experiments, nodeId) ? experiments[nodeId] : undefined;
  if (row && isTerminal(row) && told(row) === null) await rm(path, { force: true });
}
