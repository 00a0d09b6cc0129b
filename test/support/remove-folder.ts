import { rm } from 'node:fs/promises';

/**
 * Removes a test's folder, whether it is there or not. A process that the test started may be about to end and still
 * put its last file there while the folder goes: the removal is tried again, for some seconds in all.
 */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
