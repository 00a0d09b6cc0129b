/** `worker`: serves a run from this process until it ends; what `start` leaves behind, and a worker of a cluster. */
import type { CommandDefinition } from '../command-definition.js';
import { TAKE_OVER } from '../flags/start-flags.js';
import { printed } from '../output/printed.js';

export const WORKER: CommandDefinition = {
  name: 'worker',
  args: '<workdir>',
  help: 'serve a run until it ends, without starting it (what start leaves behind; a worker of a cluster)',
  flags: [TAKE_OVER],
  async act([path = ''], options) {
    const [{ createActivities }, { runWorkerProcess }, { startNotifier }, { existingRun }] = await Promise.all([
      import('../../activities/index.js'),
      import('../../worker/worker-main.js'),
      import('../run/notifier.js'),
      import('../run/workdir-config.js'),
    ]);
    const { workdir, config } = await existingRun(path);
    // What it prints stands in logs/worker.log where `start` has left it behind.
    const notifier = await startNotifier(workdir, config, (line) => process.stderr.write(`${line}\n`));
    try {
      const takeOver = options.takeOver === true;
      const end = await runWorkerProcess(workdir.root, { createActivities, takeOver });
      return printed({ end }, () => `the worker ended: ${end}`);
    } finally {
      await notifier.close();
    }
  },
};
