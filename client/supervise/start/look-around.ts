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
  const modules = using.map(({ path }) => path.split('/').at(-1)!.replace(/\.py$/, ''));
  // A script may import the module that makes the pipeline.
  const importing = python.filter(
    ({ path, text }) =>
      !using.some((each) => each.path === path) &&
      IS_STARTED.test(text) &&
      modules.some((name) => new RegExp(`^\\s*(?:from|import)\\s+[\\w.]*\\b${name}\\b`, 'm').test(text)),
  );
  const known = [...using, ...importing].filter(
    ({ path }) => !/(^|\/)(tests?\/|test_|conftest)/.test(relative(root, path)),
  );
  const texts = await Promise.all(files.filter((path) => TEXTS.test(path.split('/').at(-1)!)).map(textOf));
  const commands: Record<string, string[]> = {};
  for (const { path } of known) {
    const found = texts.flatMap((text) => (text === null ? [] : launchCommandsIn(text, relative(root, path))));
    commands[path] = [...new Set(found)];
  }
  const weight = ({ path, text }: { path: string; text: string }) =>
    (commands[path]!.length > 0 ? 4 : 0) +
    (IS_STARTED.test(text) ? 2 : 0) +
    (/train|main|run/.test(path.split('/').at(-1)!) ? 1 : 0);
  const scripts = [...known]
    .sort((a, b) => weight(b) - weight(a) || a.path.length - b.path.length)
    .map(({ path }) => path);
  const dockerfile = files.find((path) => /(^|\/)Dockerfile$/.test(path)) ?? null;
  return { root, scripts, commands, dockerfile };
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
  for (let depth = 0; folders.length > 0 && depth < DEEPEST && files.length < MOST_ENTRIES; depth += 1) {
    const next: string[] = [];
    for (const folder of folders) {
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
