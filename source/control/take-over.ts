/**
 * Carries what an experiment changed over to another commit of the user's repository, without what autoresearch had put
 * in: a merge in the object database. No working tree, no index and no branch is touched, and no hook runs.
 */
import { decodeText } from './file-text.js';
import { type GitPlace, git, gitBytes, gitList } from './git-command.js';
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
   * `instrumentation`: the change stands in the lines that time the loop; `branch`: the code went on in the same lines.
   */
  | { ok: false; because: 'instrumentation' | 'branch'; conflicts: Conflict[] };

/** What instrumentation puts into scripts. */
const INSTRUMENTED = /_autoresearch_\w+|\[autoresearch\]/;
const HUNKS_SHOWN = 5;

/** `onto`: a commit of the same repository. Objects are written, nothing refers to them. */
export async function takeOver(
  place: GitPlace,
  { base, winner, anchor }: Change,
  onto: string,
  { withInstrumentation }: { withInstrumentation: boolean },
): Promise<TakenOver> {
  // What `onto` lacks of the base is taken out of the winner: the instrumentation, and what was not committed.
  const from = withInstrumentation ? anchor : base;
  const merged = await merge(place, from, onto, winner);
  if (merged.conflicts.length > 0) {
    const own = withInstrumentation ? [] : (await merge(place, base, anchor, winner)).conflicts;
    return { ok: false, because: own.length > 0 ? 'instrumentation' : 'branch', conflicts: merged.conflicts };
  }
  const files = await gitList(['diff-tree', '-r', '-z', '--name-only', onto, merged.tree], { place });
  const left = withInstrumentation ? [] : await instrumentedAnew(place, onto, merged.tree, files);
  return left.length > 0
    ? { ok: false, because: 'instrumentation', conflicts: left }
    : { ok: true, tree: merged.tree, files };
}

async function merge(
  place: GitPlace,
  from: string,
  ours: string,
  theirs: string,
): Promise<{ tree: string; conflicts: Conflict[] }> {
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
async function instrumentedAnew(place: GitPlace, onto: string, tree: string, files: string[]): Promise<Conflict[]> {
  const found = await Promise.all(
    files.map(async (path): Promise<Conflict[]> => {
      const lines = (text: string) => text.split('\n').filter((line) => INSTRUMENTED.test(line));
      const before = new Set(lines(await fileAt(place, onto, path)));
      const anew = lines(await fileAt(place, tree, path)).filter((line) => !before.has(line));
      return anew.length === 0 ? [] : [{ path, hunks: anew.slice(0, HUNKS_SHOWN).join('\n') }];
    }),
  );
  return found.flat();
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
