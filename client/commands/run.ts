/** `run`: starts a run or goes on with it, and shows its progress until it ends or is interrupted. */
import { resolve } from 'node:path';
import type { CommandDefinition } from '../command-definition.js';
import { HOW_TO_START, START_FLAGS } from '../flags/start-flags.js';
import { outcomeText } from '../output/outcome-text.js';
import { printed } from '../output/printed.js';

export const RUN: CommandDefinition = {
  name: 'run',
  args: '<workdir>',
  help: 'start a run or go on with it, and show its progress; Ctrl+C interrupts it',
  examples: [
    "autoresearch run ~/runs/first --pipeline-script train.py --source-dir . --base-launch-command 'python train.py --epochs 1' --agent playbook",
    'autoresearch run ~/runs/first     # goes on where it was',
    'autoresearch run ~/runs/first --max-iterations 20 --patience 5',
  ],
  flags: START_FLAGS,
  after: HOW_TO_START,
  async act([workdir = ''], options, { output }) {
    const [{ prepareRun }, { namingFullDisk }] = await Promise.all([
      import('../run/prepare-run.js'),
      import('../output/named-full-disk.js'),
    ]);
    const at = resolve(workdir);
    const prepared = await namingFullDisk(at, () => prepareRun(workdir, options));
    const [{ runHere, watched }, { openEngineHost }] = await Promise.all([
      import('../run/run-here.js'),
      import('../run/engine-host.js'),
    ]);
    const takeOver = options.takeOver === true;
    const outcome = await namingFullDisk(at, () =>
      watched(output, options.json === true, (view, { signal }) =>
        runHere(prepared, view, signal, (opened) => openEngineHost(opened, { takeOver })),
      ),
    );
    return printed(outcome, outcomeText, outcome.exit_code);
  },
};
