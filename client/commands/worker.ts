/** `worker`: serves a run from this process until it ends; what `start` leaves behind, and a worker of a cluster. */
import { createActivities } from '../../activities/index.js';
import { runWorkerProcess } from '../../worker/worker-main.js';
import { startNotifier } from '../run/notifier.js';
import { existingRun } from '../run/workdir-config.js';

export async function serve(path: string, { takeOver }: { takeOver: boolean }): Promise<{ end: string }> {
  const { workdir, config } = await existingRun(path);
  // What it prints stands in logs/worker.log where `start` has left it behind.
  const notifier = await startNotifier(workdir, config, (line) => process.stderr.write(`${line}\n`));
  try {
    return { end: await runWorkerProcess(workdir.root, { createActivities, takeOver }) };
  } finally {
    await notifier.close();
  }
}
