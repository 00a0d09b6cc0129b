// A Chromium for the tests of the web page, from Debian's packages: `node scripts/setup.mjs browser`. Nothing else
// needs it, so that it is installed only when it is asked for.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, SetupFailure, say } from './process.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The Chromium that tests use: AUTORESEARCH_CHROMIUM, else the first on PATH; null when there is none. */
export function findChromium(env = process.env) {
  if (env.AUTORESEARCH_CHROMIUM) return env.AUTORESEARCH_CHROMIUM;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}

export const browser = {
  isDone: () => findChromium() !== null,

  async run() {
    const advice = 'install Chromium yourself, or name one by AUTORESEARCH_CHROMIUM';
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
      throw new SetupFailure(`Chromium is installed by apt-get as root alone: ${advice}`);
    }
    say('installing chromium (apt-get)');
    const failure = `apt-get could not install chromium: ${advice}`;
    await run('apt-get', ['update', '-qq'], { failure });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { failure });
  },
};
