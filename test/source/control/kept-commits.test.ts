import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { open, repository, run, write } from '../../activities/source-fixture.js';
import { describeByEachGit, source, usePlaces, workdir } from '../../support/source-place.js';

const PREFIX = 'refs/autoresearch/run-1';
const CHANGED = 'print("faster")\n';

const git = (...args: string[]) => run(source, ...args);
const isThere = (oid: string) => git('cat-file', '--batch-check', '--batch-all-objects').includes(oid);

usePlaces();

describeByEachGit("a run's commits in the user's repository", () => {
  beforeEach(() => {
    repository(source);
    git('tag', 'v1');
    write(source, { 'train.py': 'print("not committed")\n' });
  });

  /** Anchor and one experiment on it. */
  async function begun() {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    return { code, anchor, commit: await code.commitEdits('001_x', anchor, new Map([['train.py', CHANGED]]), 'x') };
  }

  it("stand in no log of the user's, and leave nothing when they are given up", async () => {
    const before = git('log', '--all', '--oneline');
    const { code, commit } = await begun();
    await code.openTree('001_x', commit);
    expect(git('log', '--all', '--oneline')).toBe(before);
    expect(git('fsck', '--no-dangling')).toBe('');
    await code.closeTree('001_x');
    await code.dropRefs();
    expect(git('log', '--all', '--oneline')).toBe(before);
    expect(git('for-each-ref', 'refs/autoresearch')).toBe('');
  });

  it('outlive the housekeeping of the repository, during a run and after it', async () => {
    const { code, anchor, commit } = await begun();
    const before = await code.diff(anchor, commit);
    const content = await code.contentHash(commit);
    git('gc', '-q', '--prune=now');
    expect(isThere(commit)).toBe(false);
    const tree = await code.openTree('001_x', commit);
    expect(isThere(commit)).toBe(true);
    expect(readFileSync(join(tree.sourceDir, 'train.py'), 'utf8')).toBe(CHANGED);
    expect(run(tree.root, 'log', '--oneline').trim().split('\n')).toHaveLength(3);

    for (const use of [
      (later: typeof code) => later.diff(anchor, commit).then((diff) => expect(diff).toBe(before)),
      (later: typeof code) => later.contentHash(commit).then((hash) => expect(hash).toBe(content)),
      (later: typeof code) => later.contentHashes([commit]).then((all) => expect(all.get(commit)).toBe(content)),
      (later: typeof code) => later.readFile(commit, 'train.py').then((text) => expect(text).toBe(CHANGED)),
      (later: typeof code) => later.commitOf('001_x').then((kept) => expect(kept).toBe(commit)),
      async (later: typeof code) => expect(await later.commitEdits('002_y', commit, new Map(), 'y')).toBe(commit),
    ]) {
      git('gc', '-q', '--prune=now');
      const later = await open(workdir, source);
      expect(await later.anchor()).toBe(anchor);
      await use(later);
    }
  });

  it('keep the history below them, even where the user writes it anew', async () => {
    const { code, commit } = await begun();
    git('tag', '--delete', 'v1');
    git('commit', '--amend', '--quiet', '-am', 'another first commit');
    git('reflog', 'expire', '--expire=now', '--all');
    git('gc', '-q', '--prune=now');
    const tree = await code.openTree('001_x', commit);
    expect(run(tree.root, 'log', '--format=%s').trim().split('\n')).toHaveLength(3);
  });

  it('are read as an earlier version kept them, and hidden from then on', async () => {
    const { anchor, commit } = await begun();
    for (const ref of git('for-each-ref', '--format=%(refname)', 'refs/autoresearch').split('\n').filter(Boolean))
      git('update-ref', '-d', ref);
    git('update-ref', `${PREFIX}/anchor`, anchor);
    git('update-ref', `${PREFIX}/001_x`, commit);
    const resumed = await open(workdir, source);
    expect(await resumed.commitOf('001_x')).toBe(commit);
    expect(await resumed.anchor()).toBe(anchor);
    expect(git('log', '--all', '--oneline').trim().split('\n')).toHaveLength(1);
    expect(await resumed.commitOf('001_x')).toBe(commit);
    expect(git('rev-parse', `${PREFIX}/001_x:source`)).toBe(git('rev-parse', `${commit}^{tree}`));
  });
});
