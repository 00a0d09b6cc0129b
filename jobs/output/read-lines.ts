/** Text files of any size and content, in bounded memory: lines by streaming, small tables up to a limit. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

/** What lies beyond this in one line cannot matter to a reader of metrics, and must not fill the memory. */
const LINE_KEPT = 64 * 1024;

/** Calls back for each line; bytes that are not UTF-8 become U+FFFD. False when there is no such file. */
export async function eachLine(path: string, onLine: (line: string) => void): Promise<boolean> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split(/\r\n|[\r\n]/);
    rest = (lines.pop() ?? '').slice(0, LINE_KEPT);
    for (const line of lines) onLine(line);
  };
  try {
    for await (const chunk of createReadStream(path)) take(decoder.write(chunk as Buffer));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  take(decoder.end());
  if (rest !== '') onLine(rest);
  return true;
}

/** The first `maxBytes` of a file, or null when there is none. */
export async function readStart(path: string, maxBytes: number): Promise<{ text: string; cut: boolean } | null> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(size, maxBytes));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return { text: buffer.toString('utf8', 0, bytesRead), cut: size > maxBytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
