// Installs Optuna into .tools/bench-venv, for the comparison of searches: no test and no other bench needs it.
import { existsSync, rmSync } from 'node:fs';
import { withSetupLock } from '../../scripts/setup/lock.mjs';
import { requirePython } from '../../scripts/setup/prerequisites.mjs';
import { inProject, run, say } from '../../scripts/setup/process.mjs';
import { contentHash, dropStamp, hasStamp, writeStamp } from '../../scripts/setup/stamp.mjs';

const REQUIREMENTS = 'scripts/requirements/optuna.txt';
const venv = inProject('.tools', 'bench-venv');
const python = inProject('.tools', 'bench-venv', 'bin', 'python');
const stampFile = inProject('.tools', 'bench-venv.stamp');
const isDone = () => existsSync(python) && hasStamp(stampFile, contentHash([REQUIREMENTS]));

async function install() {
  if (isDone()) return;
  const base = requirePython();
  dropStamp(stampFile);
  rmSync(venv, { recursive: true, force: true });
  say(`installing Optuna into .tools/bench-venv (${base}, pip, ${REQUIREMENTS})`);
  await run(base, ['-m', 'venv', venv], { failure: 'the virtual environment could not be made' });
  const flags = ['--disable-pip-version-check', '--require-hashes', '--no-deps', '--only-binary', ':all:'];
  await run(python, ['-m', 'pip', 'install', ...flags, '-r', REQUIREMENTS], {
    failure: `pip could not install ${REQUIREMENTS}; is the package index within reach?`,
  });
  writeStamp(stampFile, contentHash([REQUIREMENTS]));
}

/** Path of a Python that has Optuna in the pinned version; a SetupFailure says what is missing. */
export async function optunaPython() {
  if (!isDone()) await withSetupLock(install);
  return python;
}
