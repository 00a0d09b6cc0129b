// Which code a build is: the commit of the checkout; with a hash of the sources where they differ from it. Nothing
// where there is no checkout of its own: a release is known by the version of its package.
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';

const COMMIT_DIGITS = 12;
const HASH_DIGITS = 8;

function git(root, args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** `sources` are what is compiled, and `hash` is theirs. '' for a release. */
export function buildIdOf(root, sources, hash) {
  // A package that was unpacked inside of another repository is no checkout of it.
  const top = git(root, ['rev-parse', '--show-toplevel']);
  if (top === null || realpathSync(top) !== realpathSync(root)) return '';
  const commit = git(root, ['rev-parse', `--short=${COMMIT_DIGITS}`, 'HEAD']);
  if (commit === null) return '';
  const changed = git(root, ['status', '--porcelain', '--', ...sources]);
  return changed === '' ? commit : `${commit}-${hash.slice(0, HASH_DIGITS)}`;
}
