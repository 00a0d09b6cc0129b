/** Serves a run from this process: the worker's parts, with our activities, and its errors in a person's words. */
import type { Workdir } from '../../workdir/paths.js';
import { RunOwnedElsewhere } from '../../worker/claim-run.js';
import { KeyMissing } from '../../worker/encryption/readable-engine.js';
import { EngineAlreadyRunning } from '../../worker/engine-lock.js';
import { type OpenOptions, type OpenRun, openRun } from '../../worker/open-run.js';
import { ServerElsewhere } from '../../worker/server/embedded-server.js';
import { Refusal } from '../output/refusal.js';
import { secondEngine } from './prepare-run.js';

export interface EngineHost extends Pick<OpenRun, 'target' | 'client'> {
  /** Rejects when the worker cannot go on; never resolves. */
  failed: Promise<never>;
  /** Jobs run on; the workdir's own server is stopped. */
  close(): Promise<void>;
}

/** A Refusal when another process serves this workdir. */
export async function openEngineHost(workdir: Workdir, options: OpenOptions = {}): Promise<EngineHost> {
  try {
    const { target, client, worker, whyLeft, close } = await openRun(workdir.root, options);
    const failed = worker.run.then(() => {
      throw new Error(whyLeft() ?? 'the worker ended before its run');
    });
    failed.catch(() => undefined);
    return { target, client, failed, close: () => close({ stopServer: true }) };
  } catch (error) {
    if (error instanceof RunOwnedElsewhere || error instanceof ServerElsewhere || error instanceof KeyMissing)
      throw new Refusal('workdir', workdir.root, error.message);
    if (error instanceof EngineAlreadyRunning) throw secondEngine(workdir, error.holder);
    throw error;
  }
}
