/**
 * New branches of the user's repository, and what a person should know of them: no working tree, index or hook is
 * touched.
 */
import { GitError, type GitPlace, git, gitList } from './git-command.js';

export class BranchRefused extends Error {
  constructor(
    /** What is to be mended. */
    readonly subject: 'commit' | 'name' | 'identity',
    readonly advice: string,
  ) {
    super(advice);
    this.name = 'BranchRefused';
  }
}

const NONE = '0'.repeat(40);

export class UserRepository {
  constructor(
    readonly place: GitPlace,
    readonly top: string,
  ) {}

  /** The commit that a revision names. */
  async commitAt(revision: string): Promise<string> {
    try {
      return await this.#git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      throw new BranchRefused('commit', `a commit of the repository ${this.top}`);
    }
  }

  /** Refuses a name that no branch can have, or one has. */
  async checkNew(name: string): Promise<void> {
    const shown = await this.#git('check-ref-format', '--branch', name).catch(() => null);
    if (shown !== name) throw new BranchRefused('name', 'the name of a branch');
    const there = await gitList(['for-each-ref', '--format=%(refname:short)%00', `refs/heads/${name}`], {
      place: this.place,
    });
    const taken = there.map((each) => each.trim()).filter(Boolean);
    if (taken.length > 0) throw new BranchRefused('name', `a branch that does not exist yet; ${taken[0]} does`);
  }

  /** By the person's own name. The branch appears with the whole commit on it, or not at all. */
  async commit(branch: string, tree: string, onto: string, message: string): Promise<string> {
    try {
      const input = `${message.trim()}\n`;
      const commit = await git(['commit-tree', tree, '-p', onto], { place: this.place, cwd: this.top, input });
      await this.#git('update-ref', `refs/heads/${branch}`, commit, NONE.padEnd(onto.length, '0'));
      return commit;
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      if (error.args[0] === 'commit-tree') {
        throw new BranchRefused('identity', 'your name and address, for the commit (git config user.name, user.email)');
      }
      throw new BranchRefused('name', `a branch that git can make (${error.stderr.trim().split('\n')[0]})`);
    }
  }

  /** `anchor`: the code when a run began, on top of what was committed then. */
  async notes(anchor: string, onto: string): Promise<string[]> {
    const ask = (...args: string[]) => this.#git(...args).catch(() => '');
    const notes: string[] = [];
    const began = await ask('rev-parse', '--verify', '--quiet', `${anchor}^`);
    if (began !== '') {
      const changed = await gitList(['diff-tree', '-r', '-z', '--name-only', began, anchor], {
        place: this.place,
      }).catch(() => []);
      if (changed.length > 0)
        notes.push(`what was not committed when the run began is not on the branch: ${changed.join(', ')}`);
      const since = Number(await ask('rev-list', '--count', `${began}..${onto}`));
      if (since > 0) {
        const commits = `${since} commit${since > 1 ? 's' : ''}`;
        notes.push(`the code went on by ${commits} since: measure it again before you rely on the gain`);
      }
    }
    if ((await ask('config', '--type=bool', '--get', 'commit.gpgSign')) === 'true') {
      notes.push('the commit is not signed, and no hook has seen it: `git commit --amend` on the branch does both');
    }
    return notes;
  }

  #git(...args: string[]): Promise<string> {
    return git(args, { place: this.place, cwd: this.top });
  }
}
