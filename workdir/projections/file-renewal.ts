/** Writes files whose content changed and no others. Nobody else writes them, so that what one holds is read once. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { readTextIfAny, writeFileAtomic } from '../../host/atomic-file.js';

export class FileRenewal {
  /** Hash of what stands in each file; null where there is none. */
  private readonly written = new Map<string, string | null>();

  /** Makes each file hold its text; null removes it. */
  async renew(texts: ReadonlyMap<string, string | null>): Promise<void> {
    const files = [...texts];
    // A few at a time: the first export of a long run looks at thousands of files.
    for (let at = 0; at < files.length; at += FILES_AT_A_TIME) {
      const some = files.slice(at, at + FILES_AT_A_TIME);
      const renewed = await Promise.allSettled(some.map(([path, text]) => this.renewOne(path, text)));
      // Not before all are done: a write that went on could undo the next renewal's.
      const failed = renewed.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
      if (failed) throw failed.reason;
    }
  }

  private async renewOne(path: string, text: string | null): Promise<void> {
    const wanted = hashOf(text);
    if (!this.written.has(path)) this.written.set(path, hashOf(await readTextIfAny(path)));
    if (this.written.get(path) === wanted) return;
    if (text === null) await rm(path, { force: true });
    else await writeFileAtomic(path, text);
    this.written.set(path, wanted);
  }
}

const FILES_AT_A_TIME = 16;

function hashOf(text: string | null): string | null {
  return text === null ? null : createHash('sha1').update(text).digest('base64');
}
