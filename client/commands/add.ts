/** `add`: queues an experiment of a person's own, from a JSON file, from flags, or from a file that flags amend. */
import { randomUUID } from 'node:crypto';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';
import type { OwnExperiment, OwnExperimentOptions } from '../steering/own-experiment.js';
import { loadSteering, type Repeatable, steeringCommand } from '../steering/steering-command.js';

export const ADD = steeringCommand(
  {
    name: 'add',
    args: '<workdir>',
    help: 'queue an experiment of your own',
    examples: [
      "autoresearch add ~/runs/first --name batch_64 --description 'batch size 64' --launch-command 'python train.py --epochs 1 --batch-size 64'",
      'autoresearch add ~/runs/first --name mine --patch mine.diff --priority -10',
    ],
    flags: [
      { flags: '--file <path>', help: 'the experiment as a JSON object; flags amend it' },
      { flags: '--name <name>', help: 'letters, digits, - and _' },
      { flags: '--description <text>', help: 'what to change; the agent makes the change, unless --patch does' },
      { flags: '--hypothesis <text>', help: 'why it should help' },
      { flags: '--change <text>', help: 'one change, in a few words', repeatable: true },
      {
        flags: '--launch-command <command>',
        help: 'another launch command; only flags may differ from the base one',
      },
      {
        flags: '--patch <path>',
        help: 'a unified diff (git diff --relative), or a JSON array of {"path", "old", "new"} or {"path", "content"}',
      },
      { flags: '--goto <commit>', help: "start from this commit of an experiment (default: the run's base)" },
      { flags: '--priority <n>', help: 'lower runs first (default: 0)' },
      { flags: '--tag <name>', help: 'a best practice that it tries', repeatable: true },
    ],
  },
  async ([path = ''], options) => {
    const { ownExperiment } = await import('../steering/own-experiment.js');
    return await queueOwn(path, await ownExperiment(options as OwnExperimentOptions), options);
  },
);

/** Also to a run that nobody serves: it is checked, and waits. */
export async function queueOwn(
  path: string,
  experiment: OwnExperiment,
  { request = randomUUID() }: Repeatable,
): Promise<Receipt> {
  const { steer, messages } = await loadSteering();
  const { edits: _, patch: __, ...plain } = experiment;
  const message = { experiment: plain, request };
  const about = { field: 'experiment', value: experiment.name };
  // A message alone may come from anybody on the host: this file says that it is the owner's, and holds the code.
  const beforehand = (workdir: Workdir) => writeJsonAtomic(workdir.offer(request), experiment);
  const otherwise = async (workdir: Workdir, config: RunConfig): Promise<Receipt> => {
    await beforehand(workdir);
    const [{ createAcceptExperiment }, { giveLater }] = await Promise.all([
      import('../../activities/index.js'),
      import('../steering/give-later.js'),
    ]);
    const accept = createAcceptExperiment({ workdir, config, log: () => undefined });
    const answer = await accept({ run: config.run_id, request, experiment: plain });
    if (!answer.accepted) throw new Refusal(about.field, about.value, answer.reason);
    return await giveLater(workdir, { request, do: 'add', message: { experiment: plain } });
  };
  return steer(path, messages.addUpdate, [message], { request, about, beforehand, otherwise });
}
