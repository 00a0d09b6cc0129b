/** Where a test of what keeps source code works: a folder of its own, and a repository by git and without it. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import { temporaryFolder } from '../activities/source-fixture.js';
import { removeFolder } from './remove-folder.js';

/** Of the test that runs now: its folder, the user's source directory below it, and the run's workdir. */
export let folder = '';
export let source = '';
export let workdir = '';

/** For all tests of a file, before any others of its hooks. */
export function usePlaces(): void {
  beforeEach(() => {
    folder = temporaryFolder();
    source = join(folder, 'repo');
    workdir = join(folder, 'workdir');
  });
  afterEach(async () => {
    delete process.env.AUTORESEARCH_NATIVE_GIT;
    await removeFolder(folder);
  });
}

/** The same tests twice: with the user's git, and without it. */
export function describeByEachGit(what: string, tests: () => void): void {
  describe.each(['native git', 'isomorphic-git'])(`${what}, by %s`, (backend) => {
    beforeEach(() => {
      if (backend === 'isomorphic-git') process.env.AUTORESEARCH_NATIVE_GIT = '0';
    });
    tests();
  });
}
