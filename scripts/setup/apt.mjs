// Programs of Debian's packages, which apt-get installs as root alone.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, SetupFailure, say } from './process.mjs';

const APT = '/usr/bin/apt-get';

const isThere = (program) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((folder) => existsSync(join(folder, program)));

/** A step for set-up; `programs` says the package of each. */
export function fromApt(programs) {
  const missing = () => Object.keys(programs).filter((program) => !isThere(program));
  return {
    isDone: () => missing().length === 0,

    async run() {
      const packages = missing().map((program) => programs[program]);
      const names = packages.join(', ');
      if (process.getuid?.() !== 0 || !existsSync(APT))
        throw new SetupFailure(
          `${names}: installed by apt-get as root alone; install what has ${missing().join(', ')}`,
        );
      say(`installing ${names} (apt-get)`);
      const env = { DEBIAN_FRONTEND: 'noninteractive' };
      const failure = `apt-get could not install ${names}`;
      await run(APT, ['update', '-qq'], { env, failure });
      await run(APT, ['install', '--yes', '-qq', '--no-install-recommends', ...packages], { env, failure });
    },
  };
}
