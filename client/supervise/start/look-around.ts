/** What a directory says about how its pipeline is run: for defaults that a person only has to agree to. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { launchCommandsIn } from './launch-commands.js';

export interface Found {
  /** The repository, else the directory itself. */
  root: string;
  /** Absolute; those that make a pipeline and are started come first. */
  scripts: string[];
  /** Of each script, by its path. */
  commands: Record<string, string[]>;
  dockerfile: string | null;
}

/** A large repository is not read whole: what is found until then is what is proposed. */
const MOST_ENTRIES = 4000;
const DEEPEST = 6;
/** Whose commands are looked for: nobody is shown more. */
const MOST_SCRIPTS = 40;
const MOST_BYTES = 300_000;
const PASSED_BY = /^(\..*|node_modules|__pycache__|venv|env|build|dist|site-packages|trees|source\.git)$/;
const TEXTS = /^(readme.*|makefile|justfile|.*\.(md|rst|sh|mk|toml))$/i;
const IMPORTS_SPDL = /^\s*(?:from\s+spdl[.\s]|import\s+spdl\b)/m;
const IS_STARTED = /__name__\s*==\s*["']__main__["']/;

export async function lookAround(cwd: string): Promise<Found> {
  const root = (await repositoryOf(cwd)) ?? cwd;
  const files = await filesBelow(root);
  const python: { path: string; text: string }[] = [];
  for (const path of files.filter((each) => each.endsWith('.py'))) {
    const text = await textOf(path);
    if (text !== null) python.push({ path, text });
  }
  const using = python.filter(({ text }) => IMPORTS_SPDL.test(text));
  const modules = new Set(using.map(({ path }) => path.split('/').at(-1)!.replace(/\.py$/, '')));
  const imports = new RegExp(`^\\s*(?:from|import)\\s+[\\w.]*\\b(?:${[...modules].map(escaped).join('|')})\\b`, 'm');
  const ofSpdl = new Set(using.map(({ path }) => path));
  // A script may import the module that makes the pipeline.
  const importing = python.filter(
    ({ path, text }) => modules.size > 0 && !ofSpdl.has(path) && IS_STARTED.test(text) && imports.test(text),
  );
  const known = [...using, ...importing].filter(
    ({ path }) => !/(^|\/)(tests?\/|test_|conftest)/.test(relative(root, path)),
  );
  const likely = ({ path, text }: { path: string; text: string }) =>
    (IS_STARTED.test(text) ? 2 : 0) + (/train|main|run/.test(path.split('/').at(-1)!) ? 1 : 0);
  const first = inOrder(known, likely).slice(0, MOST_SCRIPTS);
  const texts = await Promise.all(files.filter((path) => TEXTS.test(path.split('/').at(-1)!)).map(textOf));
  const commands: Record<string, string[]> = {};
  for (const { path } of first) {
    const name = path.split('/').at(-1)!.replace(/\.py$/, '');
    const found = texts.flatMap((text) => (text?.includes(name) ? launchCommandsIn(text, relative(root, path)) : []));
    commands[path] = [...new Set(found)];
  }
  const scripts = inOrder(first, (script) => (commands[script.path]!.length > 0 ? 4 : 0) + likely(script));
  const dockerfile = files.find((path) => /(^|\/)Dockerfile$/.test(path)) ?? null;
  return { root, scripts: scripts.map(({ path }) => path), commands, dockerfile };
}

/** What weighs most first, and of those the shortest path. */
function inOrder<T extends { path: string }>(all: readonly T[], weight: (each: T) => number): T[] {
  return [...all].sort((a, b) => weight(b) - weight(a) || a.path.length - b.path.length);
}

/** As a part of a regular expression. */
function escaped(name: string): string {
  return name.replace(/[^\w]/g, '\\$&');
}

/** The one around a folder, or null. */
export async function repositoryOf(folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    for (const marker of ['.git', '.sl', '.hg']) if (await stat(join(at, marker)).catch(() => null)) return at;
    if (dirname(at) === at) return null;
  }
}

/** Breadth first, links left alone. */
async function filesBelow(root: string): Promise<string[]> {
  const files: string[] = [];
  let folders = [root];
  // Folders count as well: a home folder has levels of which each alone is more than anybody waits for.
  let looked = 0;
  for (let depth = 0; folders.length > 0 && depth < DEEPEST && files.length < MOST_ENTRIES; depth += 1) {
    const next: string[] = [];
    for (const folder of folders) {
      if (files.length >= MOST_ENTRIES || looked >= MOST_ENTRIES) break;
      looked += 1;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (PASSED_BY.test(entry.name)) continue;
        if (entry.isDirectory()) next.push(join(folder, entry.name));
        else if (entry.isFile()) files.push(join(folder, entry.name));
      }
    }
    folders = next;
  }
  return files.slice(0, MOST_ENTRIES);
}

async function textOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.size > MOST_BYTES) return null;
  return await readFile(path, 'utf8').catch(() => null);
}
