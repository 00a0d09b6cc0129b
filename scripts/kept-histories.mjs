// Kept histories may only be added: whatever changes or removes one takes away what shows that a run under way still
// replays. Prints each that is not as it was, from the commit given (else from the first one below) to the files that
// are there.
import { spawnSync } from 'node:child_process';
import { projectRoot } from './setup/process.mjs';

const FOLDER = 'test/replay/histories';

function git(...args) {
  return spawnSync('git', args, { cwd: projectRoot, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** The newest commit that was allowed to record the histories anew: nobody had a run under way then. */
const SINCE = '59072e2';

const base = process.argv[2] ?? SINCE;
if (git('rev-parse', '--verify', '--quiet', `${base}^{commit}`).status !== 0) {
  // A package without its history, or a shallow clone.
  process.stdout.write(`kept histories are not compared: there is no commit ${base} here\n`);
} else {
  // Those of commits since, and those that nobody has committed yet.
  const committed = git(
    'log',
    '--no-renames',
    '--diff-filter=MDT',
    '--format=',
    '--name-status',
    `${base}..HEAD`,
    '--',
    FOLDER,
  );
  const pending = git('diff', '--no-renames', '--diff-filter=MDT', '--name-status', 'HEAD', '--', FOLDER);
  const failed = [committed, pending].find(({ status }) => status !== 0);
  const changed = `${committed.stdout}${pending.stdout}`.split('\n').filter((line) => line !== '');
  if (failed) process.stdout.write(`${failed.stderr}\n`);
  for (const line of new Set(changed)) {
    const [status, path] = line.split('\t');
    process.stdout.write(
      `${path} was ${status === 'D' ? 'removed' : 'changed'}: keep it as it was recorded, and add another\n`,
    );
  }
  if (failed || changed.length > 0) process.exitCode = 1;
}
