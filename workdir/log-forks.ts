/**
 * Whom events had granted a slot that the log gave up, and which: the engine is told by the export that let the log
 * fork. Its answer may be lost with its worker, and the log does not fork again for the next try, so that it is kept in
 * a file.
 */
import { z } from 'zod';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import type { Workdir } from './paths.js';

/** Slots by node id; files of earlier versions lack them. */
type Slots = Record<string, number>;
const ForkSchema = z.object({
  first: z.number().int(),
  granted: z.array(z.string()),
  slots: z.record(z.string(), z.number().int()).default({}),
});

interface GivenUp {
  granted: string[];
  slots: Slots;
}

export class LogForks {
  constructor(private readonly workdir: Pick<Workdir, 'logFork'>) {}

  /**
   * `first`: number of the first event of the export. A second fork of the same export adds to the first; of one that
   * both give up the first slot counts, as only that one can have been told.
   */
  async keep(first: number, slots: Slots): Promise<void> {
    if (Object.keys(slots).length === 0) return;
    const before = await this.grantedBefore(first);
    const granted = [...new Set([...before.granted, ...Object.keys(slots)])];
    await writeJsonAtomic(this.workdir.logFork, { first, granted, slots: { ...slots, ...before.slots } });
  }

  /** Nobody where the export of that first event let nothing fork. */
  async grantedBefore(first: number): Promise<GivenUp> {
    const kept = ForkSchema.safeParse(await readJsonIfAny(this.workdir.logFork).catch(() => null));
    return kept.success && kept.data.first === first ? kept.data : { granted: [], slots: {} };
  }
}
