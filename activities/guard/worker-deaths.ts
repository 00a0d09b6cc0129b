/**
 * How often a worker has died while an activity was under way: a mark in engine/attempts that only the end of an
 * attempt removes. The server would ask for such work again without end, and each worker that takes it would die of it.
 */
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { readJsonIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import { processIdentity } from '../../host/process-identity.js';
import type { Workdir } from '../../workdir/paths.js';

const MarkSchema = z.object({ pid: z.number(), process_start: z.string(), deaths: z.number().int().min(0) });

export class WorkerDeaths {
  constructor(private readonly workdir: Workdir) {}

  /**
   * Answers how many workers in a row have died of it. A mark that cannot be kept (a full disk) keeps nothing from its
   * work.
   */
  async begin(key: string): Promise<number> {
    const process_start = (await processIdentity(process.pid)) ?? 'unknown';
    try {
      const left = MarkSchema.safeParse(await readJsonIfAny(this.file(key)).catch(() => null));
      const isOwn = left.success && left.data.pid === process.pid && left.data.process_start === process_start;
      const before = left.success ? left.data.deaths : 0;
      const deaths = left.success && !isOwn ? before + 1 : before;
      await writeJsonAtomic(this.file(key), { pid: process.pid, process_start, deaths });
      return deaths;
    } catch {
      return 0;
    }
  }

  async end(key: string): Promise<void> {
    await rm(this.file(key), { force: true }).catch(() => undefined);
  }

  private file(key: string): string {
    return this.workdir.at('engine', 'attempts', `${key.replace(/[^\w-]+/g, '_')}.json`);
  }
}
