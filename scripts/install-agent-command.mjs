// Installs a real agent command into .tools/<name>, for the tests that drive it: hundreds of megabytes that no other
// test needs. `node scripts/install-agent-command.mjs claude` or `… codex`.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { withSetupLock } from './setup/lock.mjs';
import { requireNpm } from './setup/prerequisites.mjs';
import { inProject, run, SetupFailure, say } from './setup/process.mjs';
import { dropStamp, hasStamp, writeStamp } from './setup/stamp.mjs';

const COMMANDS = {
  // Its one script puts the binary of this platform in its place.
  claude: { module: '@anthropic-ai/claude-code', version: '2.1.330', script: 'install.cjs' },
  // The binary of this platform is a dependency.
  codex: { module: '@openai/codex', version: '0.171.0', script: null },
};

async function install(name) {
  const { module, version, script } = COMMANDS[name];
  const wanted = `${module}@${version}`;
  const folder = inProject('.tools', name);
  const stampFile = inProject('.tools', `${name}.stamp`);
  const isDone = () => existsSync(`${folder}/node_modules/.bin/${name}`) && hasStamp(stampFile, wanted);
  if (isDone()) return;
  await withSetupLock(async () => {
    if (isDone()) return;
    const npm = requireNpm();
    dropStamp(stampFile);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    say(`installing ${wanted} into .tools/${name} (npm)`);
    // It runs as a binary of its own; the version of Node that the package names is that of its npm wrapper.
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--engine-strict=false'];
    await run(npm.command, [...npm.args, 'install', '--prefix', folder, ...flags, wanted], {
      failure: `npm could not install ${wanted}; is the registry within reach?`,
    });
    if (script !== null) {
      await run(process.execPath, [`${folder}/node_modules/${module}/${script}`], {
        failure: `the ${name} command could not be put in place`,
      });
    }
    writeStamp(stampFile, wanted);
  });
}

try {
  const [name] = process.argv.slice(2);
  if (!Object.hasOwn(COMMANDS, name ?? ''))
    throw new SetupFailure(`install-agent-command: ${name}: one of ${Object.keys(COMMANDS).join(', ')}`);
  await install(name);
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
