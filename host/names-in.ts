/** The names in a folder; none where there is no such folder. */
import { readdir } from 'node:fs/promises';

export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
