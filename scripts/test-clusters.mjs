// The tests on clusters: installs Slurm where it may (apt, as root), then runs test/clusters, arguments go to vitest.
// Tests of what cannot be had are skipped, and say why.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inProject, say } from './setup/process.mjs';

const PACKAGES = { slurmctld: 'slurm-wlm', munged: 'munge' };
const APT = 'apt-get';
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
const isThere = (program) => folders.some((folder) => existsSync(join(folder, program)));

const missing = Object.keys(PACKAGES)
  .filter((program) => !isThere(program))
  .map((program) => PACKAGES[program]);
if (missing.length > 0 && process.getuid?.() === 0 && isThere(APT)) {
  say(`installing ${missing.join(' and ')} (apt)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(APT, ['install', '--yes', '--no-install-recommends', ...missing], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  if (status !== 0) say(`apt could not install ${missing.join(' and ')}: tests on Slurm are skipped`);
}

const args = [
  inProject('scripts', 'test.mjs'),
  '--config',
  'test/clusters/clusters.config.ts',
  ...process.argv.slice(2),
];
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
