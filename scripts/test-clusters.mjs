// The tests on clusters: installs Slurm, its accounts and torchx where it may, then runs test/clusters and the tests of
// all platforms; arguments go to vitest. Tests of what cannot be had are skipped, and say why. The API server of
// Kubernetes is built only when somebody asks for it (setup/kubernetes.mjs): it takes long.
import { spawnSync } from 'node:child_process';
import { inProject, say } from './setup/process.mjs';

for (const step of ['slurm', 'slurm-accounts', 'torchx']) {
  const { status } = spawnSync(process.execPath, [inProject('scripts', 'setup.mjs'), step], { stdio: 'inherit' });
  if (status !== 0) say(`there is no ${step} here: its tests are skipped`);
}

const args = [
  inProject('scripts', 'test.mjs'),
  '--config',
  'test/clusters/clusters.config.ts',
  ...process.argv.slice(2),
];
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
