/**
 * Turns an agent's edits into new texts of whole files, or into a refusal that tells the agent what to do better.
 * Everything is checked before anything is used; nothing is written here.
 */
import type { FileEdit } from '../../domain/formats/agent-replies.js';
import { pathProblem, plainPath, similarPaths } from '../../domain/proposals/edit-path.js';
import { lostReports } from '../../domain/proposals/instrumentation.js';
import { type Draft, replaceOnce, rewriteLike } from '../../domain/proposals/replace-once.js';
import { letterBeyondCoding } from '../control/file-text.js';
import type { SourceControl } from '../control/source-control.js';
import { wrongNames, wrongNameText } from '../libraries/name-check.js';
import { checkPython, type PythonSource } from './compile-check.js';

/** What edits apply to; paths are relative to the source directory. */
export interface EditableSource {
  read(path: string): Promise<string | null>;
  files: ReadonlySet<string>;
  /** Links that no edit may touch or go through. */
  linked: readonly string[];
}

export interface EditOptions {
  /** Globs that must stay as they are. */
  protectedPaths?: readonly string[];
  /** Refuse to lose what `[autoresearch]` lines report: for every phase but `instrument`. */
  keepInstrumentation?: boolean;
  /** The target's interpreter; without it Python files are not compiled. */
  python?: string;
}

export type EditOutcome =
  | {
      ok: true;
      /** New texts of the files that change. */
      files: Map<string, string>;
      /** Edited, but the same as before. */
      unchanged: string[];
    }
  | { ok: false; reason: string };

/** A larger text is data, not code. */
const FILE_LIMIT_CHARACTERS = 2_000_000;
const SHOWN_PROBLEMS = 10;

export async function editableSource(code: SourceControl, commit: string): Promise<EditableSource> {
  const [files, linked] = await Promise.all([code.listFiles(commit), code.linkedPaths(commit)]);
  return { read: (path) => code.readFile(commit, path), files: new Set(files), linked };
}

export async function applyEdits(
  source: EditableSource,
  edits: readonly FileEdit[],
  options: EditOptions = {},
): Promise<EditOutcome> {
  const problems: string[] = [];
  const before = new Map<string, string | null>();
  const drafts = new Map<string, Draft>();
  const rewritten = new Set<string>();
  const rules = { files: source.files, linked: source.linked, protectedPaths: options.protectedPaths ?? [] };

  for (const [index, edit] of edits.entries()) {
    const path = plainPath(edit.path);
    const refuse = (reason: string) => problems.push(`edit ${index + 1} (${edit.path}): ${reason}`);
    const problem = pathProblem(path, rules) ?? newFolderProblem(path, drafts);
    if (problem !== null) {
      refuse(problem);
      continue;
    }
    if (!before.has(path)) before.set(path, source.files.has(path) ? await source.read(path) : null);
    const original = before.get(path) ?? null;
    if (original?.includes('\0')) {
      refuse('the file is binary');
    } else if ('content' in edit) {
      if (edit.content.length > FILE_LIMIT_CHARACTERS)
        refuse(`the content has ${edit.content.length} characters; at most ${FILE_LIMIT_CHARACTERS} are taken`);
      else if (edit.content.includes('\0')) refuse('the content contains a NUL character');
      else {
        const text = original === null ? edit.content : rewriteLike(original, edit.content);
        drafts.set(path, { text, inserted: [] });
        rewritten.add(path);
      }
    } else {
      const draft = drafts.get(path) ?? (original === null ? null : { text: original, inserted: [] });
      if (draft === null) {
        const similar = similarPaths(path, source.files);
        refuse(`there is no such file${similar.length > 0 ? `; did you mean ${similar.join(' or ')}?` : ''}`);
        continue;
      }
      drafts.set(path, draft);
      const miss = replaceOnce(draft, edit.old, edit.new);
      if (miss !== null) refuse(miss);
    }
  }
  if (problems.length > 0) return refusal(problems);

  const files = new Map<string, string>();
  const unchanged: string[] = [];
  for (const [path, { text }] of drafts) {
    const beyond = letterBeyondCoding(before.get(path) ?? '', text);
    if (/\.pyw?$/.test(path) && beyond !== null)
      problems.push(
        `${path}: the file says that its coding is ${beyond.coding}; write ${JSON.stringify(beyond.letter)} as an escape`,
      );
    if (before.get(path) === text) unchanged.push(path);
    else files.set(path, text);
  }
  if (options.keepInstrumentation) problems.push(...silenced(before, files));
  const { python } = options;
  if (python !== undefined) problems.push(...(await pythonProblems(python, before, files, rewritten)));
  if (python !== undefined && problems.length === 0) {
    const wrong = await wrongNames(python, pythonSources(before, files), source);
    problems.push(...wrong.map(wrongNameText));
  }
  return problems.length > 0 ? refusal(problems) : { ok: true, files, unchanged };
}

/** A new file cannot stand where another edit of the same answer needs a folder. */
function newFolderProblem(path: string, drafts: ReadonlyMap<string, Draft>): string | null {
  for (const other of drafts.keys()) {
    if (path.startsWith(`${other}/`)) return `${other} is a file, not a directory`;
    if (other.startsWith(`${path}/`)) return 'the path is a directory';
  }
  return null;
}

function silenced(before: ReadonlyMap<string, string | null>, files: ReadonlyMap<string, string>): string[] {
  const old = [...files.keys()].map((path) => before.get(path) ?? '');
  const lost = lostReports(old, files.values());
  if (lost.length === 0) return [];
  return [
    `the edits remove what the pipeline reports in its [autoresearch] lines (${lost.join(', ')}); keep these prints, or the experiment cannot be measured`,
  ];
}

function pythonSources(before: ReadonlyMap<string, string | null>, files: ReadonlyMap<string, string>): PythonSource[] {
  return [...files]
    .filter(([path]) => /\.pyw?$/.test(path))
    .map(([path, after]) => ({ path, before: before.get(path) ?? null, after }));
}

async function pythonProblems(
  python: string,
  before: ReadonlyMap<string, string | null>,
  files: ReadonlyMap<string, string>,
  rewritten: ReadonlySet<string>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const report of await checkPython(python, pythonSources(before, files))) {
    const { path, problem } = report;
    if (problem) {
      const shown = problem.line === null ? '' : lineOf(files.get(path) ?? '', problem.line);
      problems.push(`${path}${problem.line === null ? '' : `, line ${problem.line}`}: ${problem.message}${shown}`);
    }
    // A whole-file answer that lost a definition was cut short; a replacement removes what it names on purpose.
    const lost = rewritten.has(path) ? report.dropped : report.dropped_but_used;
    if (lost.length > 0) {
      const used = rewritten.has(path) ? '' : ' although the file still uses it';
      problems.push(`${path}: the edits drop the top-level definition of ${lost.join(', ')}${used}; keep it`);
    }
  }
  return problems;
}

function lineOf(text: string, line: number): string {
  const found = text.split(/\r?\n/)[line - 1];
  return found === undefined ? '' : `\n    ${found.trim()}`;
}

function refusal(problems: readonly string[]): EditOutcome {
  const more = problems.length > SHOWN_PROBLEMS ? [`and ${problems.length - SHOWN_PROBLEMS} more`] : [];
  return { ok: false, reason: [...problems.slice(0, SHOWN_PROBLEMS), ...more].join('\n') };
}
