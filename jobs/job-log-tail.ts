/** The end of a job's output, for prompts. */
import type { Platform } from './platforms/platform.js';

/** Of each stream: a traceback and what led to it. */
const TAIL_BYTES = 6000;

export async function jobLogTail(platform: Platform, jobId: string | null): Promise<string> {
  if (jobId === null) return '';
  const { stdout, stderr } = await platform.logs(jobId, TAIL_BYTES);
  return [stdout, stderr]
    .filter((text) => text.trim() !== '')
    .join('\n')
    .trim();
}
