/**
 * Carries what an experiment changed over to another commit of the user's repository, without what autoresearch had put
 * in: a merge in the object database. No working tree, no index and no branch is touched, and no hook runs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeText } from './file-text.js';
import { type GitPlace, git, gitBytes, gitList } from './git-command.js';
import { mergeLines } from './line-merge.js';
import { AUTHOR } from './object-database.js';

export interface Change {
  /** The code that the experiment began with: the user's own with the instrumentation. */
  base: string;
  /** The experiment's commit. */
  winner: string;
  /** The user's code as it was when the run began. */
  anchor: string;
}

export interface Conflict {
  path: string;
  /** The places in question with git's marks, at most a few; '' where the conflict is not one of lines. */
  hunks: string;
}

export type TakenOver =
  | { ok: true; tree: string; files: string[] }
  /**
   * `instrumentation`: the change stands in the lines that time the loop; `branch`: the code went on in the same lines;
   * `uncommitted`: the lines were not committed when the run began, and have not been since.
   */
  | { ok: false; because: 'instrumentation' | 'branch' | 'uncommitted'; conflicts: Conflict[] };

/** Names that this program puts into scripts. */
const OWN_NAMES = /_[Aa]utoresearch_?\w+/g;
const HUNKS_SHOWN = 5;

/** `onto`: a commit of the same repository. Objects are written, nothing refers to them. */
export async function takeOver(
  place: GitPlace,
  { base, winner, anchor }: Change,
  onto: string,
  { withInstrumentation }: { withInstrumentation: boolean },
): Promise<TakenOver> {
  const bare = withInstrumentation
    ? { tree: winner, conflicts: [] }
    : await withoutInstrumentation(place, { base, winner, anchor });
  if (bare.conflicts.length > 0) return { ok: false, because: 'instrumentation', conflicts: bare.conflicts };
  // What `onto` lacks of the anchor, because it was not committed, is taken out as well.
  const merged = await merge(place, anchor, onto, bare.tree);
  const { conflicts } = merged;
  if (conflicts.length > 0) {
    const since = await changedSince(place, anchor, onto);
    return { ok: false, because: conflicts.some(({ path }) => since.has(path)) ? 'branch' : 'uncommitted', conflicts };
  }
  const files = await gitList(['diff-tree', '-r', '-z', '--name-only', onto, merged.tree], { place });
  return { ok: true, tree: merged.tree, files };
}

/** Paths that `onto` has otherwise than the commit on which the anchor stands; all of its own where there was none. */
async function changedSince(place: GitPlace, anchor: string, onto: string): Promise<Set<string>> {
  const [began] = await gitList(['log', '-1', '-z', '--format=%P', anchor], { place });
  const list = began === undefined ? ['ls-tree', '-r'] : ['diff-tree', '-r', began];
  return new Set(await gitList([...list, '-z', '--name-only', onto], { place }));
}

interface Merged {
  tree: string;
  conflicts: Conflict[];
}

async function withoutInstrumentation(place: GitPlace, { base, winner, anchor }: Change): Promise<Merged> {
  const merged = await merge(place, base, anchor, winner);
  const told: [string, string][] = [];
  const conflicts: Conflict[] = [];
  for (const conflict of merged.conflicts) {
    const { path } = conflict;
    const [from, ours, theirs] = await Promise.all([base, anchor, winner].map((commit) => fileAt(place, commit, path)));
    // Git takes a change that touches the timer's lines for one of them; an agent often puts its own beside them.
    const text = from && ours && theirs ? mergeLines(from, ours, theirs) : null;
    if (text === null) conflicts.push(conflict);
    else told.push([path, text]);
  }
  if (conflicts.length > 0) return { tree: merged.tree, conflicts };
  const tree = await withFiles(place, merged.tree, told);
  const files = await gitList(['diff-tree', '-r', '-z', '--name-only', anchor, tree], { place });
  return { tree, conflicts: await timedStill(place, { base, anchor }, tree, files) };
}

/** The tree with other text in files that it has. */
async function withFiles(place: GitPlace, tree: string, files: readonly [string, string][]): Promise<string> {
  if (files.length === 0) return tree;
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-index-'));
  try {
    const at = { ...place, indexFile: join(folder, 'index') };
    await git(['read-tree', tree], { place: at });
    for (const [path, text] of files) {
      const oid = await git(['hash-object', '-w', '--stdin'], { place: at, input: text });
      const [entry = ''] = await gitList(['ls-tree', '-z', '--full-tree', tree, '--', path], { place });
      await git(['update-index', '--cacheinfo', `${entry.split(' ')[0]},${oid},${path}`], { place: at });
    }
    return await git(['write-tree'], { place: at });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function merge(place: GitPlace, from: string, ours: string, theirs: string): Promise<Merged> {
  // A common parent made for the purpose: what lies between the commits is theirs, and need not be history.
  const root = await commitTree(place, from, null);
  const [a, b] = [await commitTree(place, ours, root), await commitTree(place, theirs, root)];
  const output = await gitBytes(['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', a, b], {
    place,
    answers: [0, 1],
  });
  const [tree = '', ...paths] = output.toString('utf8').split('\0').filter(Boolean);
  const hunksOf = async (path: string) => hunks(await fileAt(place, tree, path)).replaceAll(a, 'yours');
  const conflicts = await Promise.all(
    [...new Set(paths)].map(async (path) => ({
      path,
      hunks: (await hunksOf(path)).replaceAll(b, 'the experiment'),
    })),
  );
  return { tree, conflicts };
}

async function commitTree(place: GitPlace, of: string, parent: string | null): Promise<string> {
  const [name, email] = [AUTHOR.name, AUTHOR.email];
  return await git(['commit-tree', `${of}^{tree}`, ...(parent === null ? [] : ['-p', parent])], {
    place,
    input: '\n',
    env: { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
  });
}

/** Code that moved may have taken a timer's call with it, whose definition is gone: that would not run. */
async function timedStill(
  place: GitPlace,
  { base, anchor }: Pick<Change, 'base' | 'anchor'>,
  tree: string,
  files: readonly string[],
): Promise<Conflict[]> {
  const found = await Promise.all(
    files.map(async (path): Promise<Conflict[]> => {
      const [timed, before, now] = await Promise.all([base, anchor, tree].map((of) => fileAt(place, of, path)));
      const own = new Set(namesIn(before!));
      const names = new Set(namesIn(timed!).filter((name) => !own.has(name)));
      const left = now!.split('\n').filter((line) => namesIn(line).some((name) => names.has(name)));
      return left.length === 0 ? [] : [{ path, hunks: left.slice(0, HUNKS_SHOWN).join('\n') }];
    }),
  );
  return found.flat();
}

function namesIn(code: string): string[] {
  return code.match(OWN_NAMES) ?? [];
}

/** '' where there is none. */
async function fileAt(place: GitPlace, tree: string, path: string): Promise<string> {
  const [entry] = await gitList(['ls-tree', '-z', '--full-tree', tree, '--', path], { place });
  const oid = /^100\d{3} blob ([0-9a-f]+)\t/.exec(entry ?? '')?.[1];
  return oid === undefined ? '' : (decodeText(await gitBytes(['cat-file', 'blob', oid], { place })) ?? '');
}

function hunks(text: string): string {
  const found = text.match(/^<{7} [\s\S]*?^>{7} .*$/gm) ?? [];
  const more = found.length - HUNKS_SHOWN;
  return [...found.slice(0, HUNKS_SHOWN), ...(more > 0 ? [`… ${more} more`] : [])].join('\n');
}
