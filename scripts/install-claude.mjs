// Installs the real `claude` command into .tools/claude, for `npm run test:claude`: 364 MB that no other test needs.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { withSetupLock } from './setup/lock.mjs';
import { requireNpm } from './setup/prerequisites.mjs';
import { inProject, run, SetupFailure, say } from './setup/process.mjs';
import { dropStamp, hasStamp, writeStamp } from './setup/stamp.mjs';

const PACKAGE = '@anthropic-ai/claude-code@2.1.330';
const folder = inProject('.tools', 'claude');
const installed = inProject('.tools', 'claude', 'node_modules', '@anthropic-ai', 'claude-code');
const command = inProject('.tools', 'claude', 'node_modules', '.bin', 'claude');
const stampFile = inProject('.tools', 'claude.stamp');
const isDone = () => existsSync(command) && hasStamp(stampFile, PACKAGE);

async function install() {
  if (isDone()) return;
  const npm = requireNpm();
  dropStamp(stampFile);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  say(`installing ${PACKAGE} into .tools/claude (npm)`);
  // It runs as a binary of its own; the version of Node that the package names is that of its npm wrapper.
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--engine-strict=false'];
  await run(npm.command, [...npm.args, 'install', '--prefix', folder, ...flags, PACKAGE], {
    failure: `npm could not install ${PACKAGE}; is the registry within reach?`,
  });
  // The one script that it needs: it puts the binary of this platform in its place.
  await run(process.execPath, [`${installed}/install.cjs`], {
    failure: 'the claude command could not be put in place',
  });
  writeStamp(stampFile, PACKAGE);
}

try {
  if (!isDone()) await withSetupLock(install);
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
