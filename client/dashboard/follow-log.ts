/** Sends a job's output as it grows: its end first, then what is added, until the job has ended and all was sent. */
import { StringDecoder } from 'node:string_decoder';
import { untilChange } from '../../host/file-change.js';
import type { EventStream } from './event-stream.js';
import { readBytes } from './run-answers.js';

/** Of what is there already; a page with more of it is slow, and the file is in the workdir. */
const TAIL_BYTES = 200_000;
const CHUNK_BYTES = 1 << 20;

export async function followLog(path: string, stream: EventStream, isOpen: () => boolean): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let offset: number | null = null;
  while (!stream.signal.aborted) {
    // Asked before the file is read: what came after its end is then read below.
    const mayGrow = isOpen();
    const size: number = (await readBytes(path, 0, 0))?.size ?? 0;
    if (offset === null) {
      offset = Math.max(0, size - TAIL_BYTES);
      if (offset > 0) stream.send({ skipped: offset });
    }
    if (size < offset) offset = 0;
    while (offset < size) {
      const read = await readBytes(path, offset, CHUNK_BYTES);
      if (read === null || read.data.length === 0) break;
      offset += read.data.length;
      stream.send({ text: decoder.write(read.data) });
    }
    if (!mayGrow) {
      stream.send({ ended: true });
      // The page closes it; a browser that is told nothing would connect again.
      return;
    }
    await untilChange(path, stream.signal);
  }
}
