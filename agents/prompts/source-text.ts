/** The code that a prompt shows: the script whole, and the project's other files as far as they fit. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceView } from '../../source/experiment-source.js';

/** Characters of other files in one prompt: enough for a small package, little beside a model's context. */
const OTHER_FILES_LIMIT = 60_000;
const SHOWN = /\.(py|json|ya?ml|toml|cfg|ini)$/;
const SKIPPED = /^(\.|__pycache__$|node_modules$|data$)/;

/** A fence longer than any in the text, so that the text cannot end it. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`{3,}/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.endsWith('\n') ? text : `${text}\n`}${fence}`;
}

export interface ShownSource {
  script: string;
  /** By path, the script left out. */
  others: { path: string; text: string }[];
}

export async function readSource(source: SourceView): Promise<ShownSource> {
  const paths = (await listShown(source.dir, '')).filter((path) => path !== source.script);
  const read = (path: string) => readFile(join(source.dir, path), 'utf8');
  return {
    script: await read(source.script),
    others: await Promise.all(paths.map(async (path) => ({ path, text: await read(path) }))),
  };
}

/** What has no room is named with its length, and in `leftOut`. */
export function otherFilesText({ others }: ShownSource, mostCharacters: number): { text: string; leftOut: string[] } {
  const parts: string[] = [];
  const leftOut: string[] = [];
  let left = Math.min(mostCharacters, OTHER_FILES_LIMIT);
  for (const { path, text } of others) {
    if (text.length > left) {
      parts.push(`(${path}: ${text.length} characters, not shown)`);
      leftOut.push(path);
      continue;
    }
    left -= text.length;
    parts.push(`### ${path}\n\n${fenced(text, path.endsWith('.py') ? 'python-other' : '')}`);
  }
  return { text: parts.length === 0 ? '' : `\n## Other files\n\n${parts.join('\n\n')}\n`, leftOut };
}

/** Depth-first, by name; links are left out, because ignored data and environments are linked in. */
async function listShown(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED.test(entry.name)) found.push(...(await listShown(root, path)));
    else if (entry.isFile() && SHOWN.test(entry.name) && (await stat(join(root, path))).size < OTHER_FILES_LIMIT)
      found.push(path);
  }
  return found;
}
