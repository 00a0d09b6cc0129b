// node_modules as package-lock.json says. `npm install`, not `npm ci`: a lock file lacks the optional packages of
// platforms that its registry did not serve, and only `npm install` adds those of the user's own.
import { readFileSync, writeFileSync } from 'node:fs';
import { requireNpm } from './prerequisites.mjs';
import { inProject, run, say } from './process.mjs';
import { contentHash, dropStamp, hasStamp, writeStamp } from './stamp.mjs';

const stampFile = inProject('node_modules', '.autoresearch-setup');
const inputs = () => contentHash(['package-lock.json', '.npmrc'], process.platform, process.arch);

export const nodeModules = {
  isDone: () => hasStamp(stampFile, inputs()),

  async run() {
    const npm = requireNpm();
    const lockFile = inProject('package-lock.json');
    const tracked = readFileSync(lockFile);
    const value = inputs();
    dropStamp(stampFile);
    say('installing node modules from package-lock.json (npm install)');
    try {
      await run(npm.command, [...npm.args, 'install', '--no-save', '--include=dev', '--no-audit', '--no-fund'], {
        failure: 'npm install failed; is the npm registry within reach?',
      });
    } finally {
      // --no-save leaves the lock file alone in every npm seen so far; the checkout must stay clean in those to come.
      if (!readFileSync(lockFile).equals(tracked)) writeFileSync(lockFile, tracked);
    }
    writeStamp(stampFile, value);
  },
};
