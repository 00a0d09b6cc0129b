// Makes sure of what a command of package.json needs: `node scripts/setup.mjs [step…]`, all steps when none is named.
// Needs no package, does nothing when nothing is missing, and says in one line each thing that it does.
import { browser } from './setup/browser.mjs';
import { build } from './setup/build.mjs';
import { exampleData } from './setup/example-data.mjs';
import { kubernetes } from './setup/kubernetes.mjs';
import { withSetupLock } from './setup/lock.mjs';
import { nodeModules } from './setup/node-modules.mjs';
import { requireNode } from './setup/prerequisites.mjs';
import { SetupFailure, say } from './setup/process.mjs';
import { slurm, slurmAccounts } from './setup/slurm.mjs';
import { tools } from './setup/tools.mjs';
import { torchx } from './setup/torchx.mjs';

/** In the order in which they need one another. */
const STEPS = { 'node-modules': nodeModules, build, tools, 'example-data': exampleData };
/** Made only when they are named: no command of package.json needs them. */
const OPTIONAL = { browser, kubernetes, slurm, 'slurm-accounts': slurmAccounts, torchx };

async function setUp(names) {
  requireNode();
  const known = { ...STEPS, ...OPTIONAL };
  const unknown = names.find((name) => !(name in known));
  if (unknown !== undefined) {
    throw new SetupFailure(`unknown step "${unknown}"; the steps are ${Object.keys(known).join(', ')}`, 2);
  }
  const steps = Object.entries(names.length === 0 ? STEPS : known)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([, step]) => step);
  if (steps.every((step) => step.isDone())) return;
  await withSetupLock(async () => {
    // Asked again one by one: another set-up may have done it meanwhile, and a step may need a redo after the one
    // before it.
    for (const step of steps) if (!step.isDone()) await step.run();
  });
}

try {
  await setUp(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
