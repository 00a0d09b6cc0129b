/**
 * Files that a supervisor may read: those of the workdir and of the source directory. Nothing beyond the two is ever
 * opened: no `..`, no link, whatever a model asks for; nor what by its name holds secrets.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../output/refusal.js';
import { existingRun } from '../run/workdir-config.js';

export const PLACES = ['workdir', 'source'] as const;
export type Place = (typeof PLACES)[number];

/** Characters of a file in one answer. */
const PAGE = 16_000;
const ENTRIES = 500;
/** Names by which people keep keys, and git its credentials. */
const SECRET =
  /^(\.env(\..*)?|\.netrc|\.git|\.git-credentials|\.ssh|\.aws|\.npmrc|\.pypirc|id_[a-z0-9]+|.*\.(pem|key|p12))$/i;

export interface FilePage {
  path: string;
  text: string;
  offset: number;
  /** Null at the end. */
  next_offset: number | null;
}

/** `path` is relative to the place; a Refusal says why a file is not read. */
export async function readBounded(workdir: string, place: Place, path: string, offset: number): Promise<FilePage> {
  const whole = await boundedPath(workdir, place, path);
  const file = await open(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (file === null) throw new Refusal('path', path, 'a file that can be read');
  try {
    const { size } = await regular(file.stat(), path);
    const data = Buffer.alloc(Math.min(Math.max(0, size - offset), PAGE));
    const { bytesRead } = await file.read(data, 0, data.length, offset);
    const bytes = data.subarray(0, bytesRead);
    if (bytes.includes(0)) throw new Refusal('path', path, 'a text file');
    const end = offset + bytesRead;
    return { path, text: bytes.toString('utf8'), offset, next_offset: end < size ? end : null };
  } finally {
    await file.close();
  }
}

/** Folders end with a slash; links are not among them. */
export async function listBounded(workdir: string, place: Place, path: string): Promise<string[]> {
  const whole = await boundedPath(workdir, place, path);
  const entries = await readdir(whole, { withFileTypes: true }).catch(() => null);
  if (entries === null) throw new Refusal('path', path, 'a folder that can be read');
  return entries
    .filter((entry) => (entry.isFile() || entry.isDirectory()) && !SECRET.test(entry.name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
    .slice(0, ENTRIES);
}

/** The real path of what is meant, which lies below the place and passes no link. */
async function boundedPath(workdir: string, place: Place, path: string): Promise<string> {
  const { workdir: home, config } = await existingRun(workdir);
  const root = await realpath(place === 'workdir' ? home.root : config.source_dir).catch(() => null);
  if (root === null) throw new Refusal('where', place, 'a place that is still there');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) {
    throw new Refusal('path', path, `a path below the ${place}, relative to it and without ".."`);
  }
  const secret = parts.find((part) => SECRET.test(part));
  if (secret !== undefined) throw new Refusal('path', path, `a file that is no secret: ${secret} is never read`);
  let at = root;
  for (const part of parts) {
    at = join(at, part);
    const found = await lstat(at).catch(() => null);
    if (found === null) throw new Refusal('path', path, `a file of the ${place} (there is no ${part})`);
    if (found.isSymbolicLink()) throw new Refusal('path', path, `a file of the ${place} itself: ${part} is a link`);
  }
  // Whatever stands between the two looks: what is opened must be what was checked.
  if ((await realpath(at)) !== at) throw new Refusal('path', path, `a file below the ${place}`);
  return at;
}

async function regular<T extends { isFile(): boolean }>(stat: Promise<T>, path: string): Promise<T> {
  const found = await stat;
  if (!found.isFile()) throw new Refusal('path', path, 'a file, not a folder or a device');
  return found;
}
