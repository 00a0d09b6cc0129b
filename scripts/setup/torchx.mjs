// torchx for the tests of that platform, in an environment of its own below the tool folder: `node scripts/setup.mjs
// torchx`. Nothing else needs it, so that it is installed only when it is asked for.
import { existsSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { requirePython } from './prerequisites.mjs';
import { inTools, run, say } from './process.mjs';
import { contentHash, dropStamp, hasStamp, writeStamp } from './stamp.mjs';

const REQUIREMENTS = 'scripts/requirements/torchx.txt';
const folder = () => inTools('torchx');
const stampFile = () => inTools('torchx.stamp');

/** The torchx that tests use: AUTORESEARCH_TORCHX_PROGRAM, else the first on PATH, else set-up's; null without one. */
export function findTorchx(env = process.env) {
  if (env.AUTORESEARCH_TORCHX_PROGRAM) return env.AUTORESEARCH_TORCHX_PROGRAM;
  const folders = (env.PATH ?? '').split(delimiter).filter((each) => each !== '');
  return (
    [...folders, join(folder(), 'bin')].map((each) => join(each, 'torchx')).find((path) => existsSync(path)) ?? null
  );
}

export const torchx = {
  isDone: () => existsSync(join(folder(), 'bin', 'torchx')) && hasStamp(stampFile(), contentHash([REQUIREMENTS])),

  async run() {
    const base = requirePython();
    say(`installing torchx into ${folder()} (pip, ${REQUIREMENTS})`);
    dropStamp(stampFile());
    rmSync(folder(), { recursive: true, force: true });
    await run(base, ['-m', 'venv', folder()], { failure: 'the virtual environment could not be made' });
    const options = ['--disable-pip-version-check', '--require-hashes', '--no-deps', '--only-binary', ':all:'];
    await run(join(folder(), 'bin', 'python'), ['-m', 'pip', 'install', ...options, '-r', REQUIREMENTS], {
      failure: 'pip could not install torchx; is the package index within reach?',
    });
    writeStamp(stampFile(), contentHash([REQUIREMENTS]));
  },
};
