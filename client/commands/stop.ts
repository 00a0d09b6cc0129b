/** `stop`: asks the engine to end, and waits until its process on this host is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, StopMessage } from '../../domain/protocol/steering-messages.js';
import type { Workdir } from '../../workdir/paths.js';
import type { CommandDefinition } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';
import { checkRequest, REQUEST, type Repeatable } from '../steering/steering-command.js';

export const STOP: CommandDefinition = {
  name: 'stop',
  args: '<workdir>',
  help: 'end a run; without a flag it is interrupted: jobs go on, and `run` goes on with it',
  examples: ['autoresearch stop ~/runs/first', 'autoresearch stop ~/runs/first --drain'],
  flags: [
    { flags: '--drain', help: 'let running experiments finish, start nothing new' },
    { flags: '--cancel-jobs', help: 'kill the running jobs' },
    { flags: '--no-wait', help: 'return with the receipt, not with the end of the engine' },
    REQUEST,
  ],
  async act([workdir = ''], options) {
    const { drain, cancelJobs, wait } = options;
    if (drain === true && cancelJobs === true) throw new Refusal('--drain', true, 'one of --drain and --cancel-jobs');
    const { request } = checkRequest(options);
    const mode = drain === true ? 'drain' : cancelJobs === true ? 'cancel_jobs' : 'interrupt';
    const answer = await stop(workdir, { mode, noWait: wait === false, request });
    return printed(answer, ({ message, engine_ended }) =>
      engine_ended ? `${message}\nthe engine has ended` : `${message}\nthe engine has not ended yet`,
    );
  },
};

interface StopAnswer extends Receipt {
  /** False when the engine's process still ran when the wait was over. */
  engine_ended: boolean;
}

interface StopOptions extends Repeatable {
  mode: StopMessage['mode'];
  /** Return with the receipt, without waiting for the end. */
  noWait: boolean;
}

export async function stop(path: string, { mode, noWait, request }: StopOptions): Promise<StopAnswer> {
  const [{ existingRun }, { engineLife }, { steer }, { stopUpdate }] = await Promise.all([
    import('../run/workdir-config.js'),
    import('../run/run-state.js'),
    import('../steering/steering-client.js'),
    import('../../domain/protocol/messages.js'),
  ]);
  const { workdir } = await existingRun(path);
  const left = mode === 'interrupt' ? await endServerLeftBehind(workdir) : null;
  if (left !== null) return left;
  const receipt = await steer(path, stopUpdate, [{ mode }], {
    request,
    about: { field: 'workdir', value: path },
    otherwise: () => afterItsWorkflow(workdir),
  });
  const deadline = mode === 'drain' ? Number.POSITIVE_INFINITY : Date.now() + END_TIMEOUT_MS;
  while (!noWait && Date.now() < deadline) {
    if ((await engineLife(workdir)) === null) return { ...receipt, engine_ended: true };
    await sleep(LOOK_MS);
  }
  return { ...receipt, engine_ended: (await engineLife(workdir)) === null };
}

/**
 * A process that serves the run although its workflow was terminated or deleted ends by itself, in seconds. A refusal
 * where there is none.
 */
async function afterItsWorkflow(workdir: Workdir): Promise<Receipt> {
  const [{ notServed }, { engineLife, readState }] = await Promise.all([
    import('../steering/steering-client.js'),
    import('../run/run-state.js'),
  ]);
  const isOver = (await readState(workdir))?.status === 'stopped';
  if (isOver || (await engineLife(workdir)) === null) throw await notServed(workdir);
  const message =
    'its workflow has ended, or was deleted from the Temporal server; its process ends by itself. Jobs go on';
  return { accepted: true, message };
}

/** What an engine that was killed left running. Null when an engine lives, or there is no such server. */
async function endServerLeftBehind(workdir: Workdir): Promise<StopAnswer | null> {
  const [{ configuredTarget }, { acquireEngineLock }, { runningServer, stopServer }, { engineLife }] =
    await Promise.all([
      import('../../worker/connection.js'),
      import('../../worker/engine-lock.js'),
      import('../../worker/server/embedded-server.js'),
      import('../run/run-state.js'),
    ]);
  if (configuredTarget() !== null || (await engineLife(workdir)) !== null) return null;
  const server = await runningServer(workdir);
  if (server === null) return null;
  // No engine may come up on it meanwhile.
  const lock = await acquireEngineLock(workdir);
  try {
    await stopServer(workdir);
  } finally {
    await lock.release();
  }
  const message = `no engine worked on it; its Temporal server, left running (process ${server.pid}), has ended. Jobs go on`;
  return { accepted: true, message, engine_ended: true };
}

/** An engine that was told to end takes a few seconds: running activities get their grace time. */
const END_TIMEOUT_MS = 60_000;
const LOOK_MS = 100;
