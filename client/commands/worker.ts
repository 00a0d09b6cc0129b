/** `worker`: serves a run from this process until it ends; what `start` leaves behind, and a worker of a cluster. */
import { createActivities } from '../../activities/index.js';
import { runWorkerProcess } from '../../worker/worker-main.js';
import { existingRun } from '../run/workdir-config.js';

export async function serve(path: string, { takeOver }: { takeOver: boolean }): Promise<{ end: string }> {
  const { workdir } = await existingRun(path);
  return { end: await runWorkerProcess(workdir.root, { createActivities, takeOver }) };
}
