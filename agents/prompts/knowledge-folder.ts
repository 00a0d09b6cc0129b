/** What the owner knows of the project: the text files of --knowledge, as a part of every prompt that teaches. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fenced } from './source-text.js';

/** Characters of all files together: some twenty pages, paid for with every uncached prompt. */
const TOTAL_LIMIT = 60_000;
const TEXT_FILE = /\.(md|txt)$/i;

/** '' without a folder. Files come by name; what does not fit is cut, and the text says so. */
export async function knowledgeText(folder: string): Promise<string> {
  if (folder === '') return '';
  const parts: string[] = [];
  const cut: string[] = [];
  let left = TOTAL_LIMIT;
  for (const name of await textFiles(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    const shown = text.slice(0, left);
    left -= shown.length;
    if (shown.length < text.length) cut.push(`${name} (${shown.length} of ${text.length} characters)`);
    if (shown !== '') parts.push(`### ${name}\n\n${fenced(shown, 'text')}`);
  }
  if (cut.length > 0) parts.push(`Cut to ${TOTAL_LIMIT} characters in all: ${cut.join(', ')}.`);
  return parts.length === 0 ? '' : `\n## What the owner says about this project\n\n${parts.join('\n\n')}\n`;
}

async function textFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => TEXT_FILE.test(name)).sort();
  const isFile = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).isFile()));
  return names.filter((_, index) => isFile[index]);
}
