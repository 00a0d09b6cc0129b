/** Finds what keeps a source directory: a git repository that we may use, or nothing (then a private store does). */
import { existsSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { GitError, git } from './git-command.js';

export type SourceLocation =
  | {
      kind: 'git';
      /** Of this working tree: where HEAD and the index are. */
      gitDir: string;
      /** Of the whole repository: where objects and refs are. */
      commonDir: string;
      top: string;
      /** The source directory relative to `top`: '' or ending in `/`. */
      prefix: string;
    }
  | { kind: 'private'; top: string; prefix: ''; reason: string };

export async function locateSource(
  sourceDir: string,
  scm: 'git' | 'sl' | '',
  native: boolean,
): Promise<SourceLocation> {
  const dir = await realpath(sourceDir);
  const mine = (reason: string): SourceLocation => ({ kind: 'private', top: dir, prefix: '', reason });
  const holder = nearestRepository(dir);
  if (scm === 'sl' || holder?.marker === '.sl' || holder?.marker === '.hg')
    return mine('the source directory is in Sapling');
  if (holder === null) return mine('the source directory is in no repository');
  if (!native) {
    const plain = (await lstat(join(holder.top, '.git'))).isDirectory();
    if (!plain) return mine('a linked working tree cannot be read without the git command');
    const gitDir = join(holder.top, '.git');
    return { kind: 'git', gitDir, commonDir: gitDir, top: holder.top, prefix: prefixOf(holder.top, dir) };
  }
  try {
    const asked = ['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-dir', '--git-common-dir'];
    const [top, gitDir, commonDir] = (await git(asked, { cwd: dir })).split('\n');
    if (!top || !gitDir || !commonDir) return mine('the repository has no working tree');
    if (dir !== top && (await isIgnored(dir, top)))
      return mine('the repository around it ignores the source directory');
    return { kind: 'git', gitDir, commonDir, top, prefix: prefixOf(top, dir) };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return mine(`git cannot use the repository: ${error.stderr.trim().split('\n')[0] ?? ''}`);
  }
}

/** A directory with .git counts as git's even when Sapling keeps its own data in it. */
function nearestRepository(from: string): { top: string; marker: '.git' | '.sl' | '.hg' } | null {
  for (let folder = from; ; folder = dirname(folder)) {
    for (const marker of ['.git', '.sl', '.hg'] as const) {
      if (existsSync(join(folder, marker))) return { top: folder, marker };
    }
    if (folder === dirname(folder)) return null;
  }
}

function prefixOf(top: string, dir: string): string {
  const path = relative(top, dir).split(sep).join('/');
  return path === '' ? '' : `${path}/`;
}

async function isIgnored(dir: string, top: string): Promise<boolean> {
  try {
    // check-ignore refuses to run where pathspecs are literal.
    await git(['check-ignore', '--quiet', dir], { cwd: top, env: { GIT_LITERAL_PATHSPECS: '0' } });
    return true;
  } catch (error) {
    if (error instanceof GitError && error.exitCode === 1) return false;
    throw error;
  }
}
