/**
 * Whom events had granted a slot that the log gave up: the engine is told by the export that let the log fork. Its
 * answer may be lost with its worker, and the log does not fork again for the next try, so that it is kept in a file.
 */
import { z } from 'zod';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import type { Workdir } from './paths.js';

const ForkSchema = z.object({ first: z.number().int(), granted: z.array(z.string()) });

export class LogForks {
  constructor(private readonly workdir: Pick<Workdir, 'logFork'>) {}

  /** `first`: number of the first event of the export. A second fork of the same export adds to the first. */
  async keep(first: number, granted: readonly string[]): Promise<void> {
    if (granted.length === 0) return;
    const all = [...new Set([...(await this.grantedBefore(first)), ...granted])];
    await writeJsonAtomic(this.workdir.logFork, { first, granted: all });
  }

  /** Node ids; none where the export of that first event let nothing fork. */
  async grantedBefore(first: number): Promise<string[]> {
    const kept = ForkSchema.safeParse(await readJsonIfAny(this.workdir.logFork).catch(() => null));
    return kept.success && kept.data.first === first ? kept.data.granted : [];
  }
}
