/**
 * Writes a ref beside other programs that do: by the rule of git, whoever creates `<ref>.lock` writes, and a rename
 * shows the ref whole.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** `may` is asked under the lock; where it says no, the ref stays as it is. */
export async function writeRef(
  gitDir: string,
  ref: string,
  commit: string,
  may: () => Promise<boolean> = async () => true,
): Promise<void> {
  const file = join(gitDir, ref);
  await mkdir(dirname(file), { recursive: true });
  const lock = await takeLock(`${file}.lock`);
  let shown = false;
  try {
    if (!(await may())) return;
    await lock.writeFile(`${commit}\n`);
    await lock.sync();
    await rename(`${file}.lock`, file);
    shown = true;
  } finally {
    await lock.close();
    if (!shown) await rm(`${file}.lock`, { force: true });
  }
}

/** Waits up to ten seconds: a ref write takes milliseconds. */
async function takeLock(path: string): Promise<FileHandle> {
  for (let tries = 0; ; tries++) {
    try {
      return await open(path, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries >= 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
