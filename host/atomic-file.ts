/** Files that are whole or absent: temp file beside the target, fsync, rename. */
import { constants, copyFile, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

let serial = 0;

/** `mode` as the umask leaves it: by default nobody else may read what is written. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await putInPlace(path, data, mode, rename);
}

/** The same where there must be no such file yet; false where there is one, which stays as it is. */
export async function makeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<boolean> {
  try {
    await putInPlace(path, data, mode, async (temporary) => {
      await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
        // Some file systems know no second name of a file.
        if (error.code === 'EEXIST' || (await readTextIfAny(path)) !== null) throw error;
        await copyFile(temporary, path, constants.COPYFILE_EXCL);
      });
      await rm(temporary);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function putInPlace(
  path: string,
  data: string | Uint8Array,
  mode: number,
  put: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${serial++}.tmp`;
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await put(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw namingDirectory(error, path);
  }
}

export async function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** The file's text, or null when there is none. */
export async function readTextIfAny(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return null;
    throw namingDirectory(error, path);
  }
}

/** What the system says of it names no path, or that of a draft. */
function namingDirectory(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EISDIR') return error;
  const message = `${path} is a directory, and a file of the run belongs there: move it away (EISDIR)`;
  return Object.assign(new Error(message, { cause: error }), { code: 'EISDIR', path });
}

/** Parsed JSON, or null when there is no such file. A SyntaxError names the file. */
export async function readJsonIfAny(path: string): Promise<unknown> {
  const text = await readTextIfAny(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path} is not JSON: ${(error as Error).message}`);
  }
}

/** The same of a file that can be made anew or done without: null also where somebody emptied or broke it. */
export async function readJsonIfWhole(path: string): Promise<unknown> {
  return await readJsonIfAny(path).catch((error: unknown) => {
    if (error instanceof SyntaxError) return null;
    throw error;
  });
}
