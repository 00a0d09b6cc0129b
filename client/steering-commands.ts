/** Commands that steer a running engine. Each prints the engine's receipt. */

import type { Receipt } from '../domain/protocol/steering-messages.js';
import { isRequestId, REQUEST_RULE } from '../domain/run/naming.js';
import type { CommandDefinition, FlagDefinition, Options } from './command-definition.js';
import type { Repeatable } from './commands/steer.js';
import { RUN_FLAGS } from './flags/run-flags.js';
import { type Printed, printed } from './output/printed.js';
import { Refusal } from './output/refusal.js';

const REQUEST: FlagDefinition = {
  flags: '--request <id>',
  help: 'names this request; sent twice under one name it acts once',
};

type Steering = typeof import('./commands/steer.js');

/** A command whose act is one function of commands/steer.ts. */
function steeringCommand(
  definition: Omit<CommandDefinition, 'act'>,
  act: (steering: Steering, args: readonly string[], options: Options & Repeatable) => Promise<Receipt>,
): CommandDefinition {
  return {
    ...definition,
    flags: [...(definition.flags ?? []), REQUEST],
    act: async (args, options) => receipt(await act(await import('./commands/steer.js'), args, checkRequest(options))),
  };
}

function checkRequest(options: Options): Options & Repeatable {
  const { request } = options;
  if (request !== undefined && !isRequestId(request)) {
    throw new Refusal('--request', request, REQUEST_RULE);
  }
  return options;
}

function receipt(answer: Receipt): Printed {
  return printed(answer, ({ message, node_id }) => (node_id === undefined ? message : `${node_id}: ${message}`));
}

export const STEERING_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'stop',
    args: '<workdir>',
    help: 'end a run; without a flag it is interrupted: jobs go on, and `run` goes on with it',
    flags: [
      { flags: '--drain', help: 'let running experiments finish, start nothing new' },
      { flags: '--cancel-jobs', help: 'kill the running jobs' },
      { flags: '--no-wait', help: 'return with the receipt, not with the end of the engine' },
      REQUEST,
    ],
    async act([workdir = ''], options) {
      const { drain, cancelJobs, wait } = options;
      if (drain === true && cancelJobs === true) throw new Refusal('--drain', true, 'one of --drain and --cancel-jobs');
      const { request } = checkRequest(options);
      const { stop } = await import('./commands/stop.js');
      const mode = drain === true ? 'drain' : cancelJobs === true ? 'cancel_jobs' : 'interrupt';
      const answer = await stop(workdir, { mode, noWait: wait === false, request });
      return printed(answer, ({ message, engine_ended }) =>
        engine_ended ? `${message}\nthe engine has ended` : `${message}\nthe engine has not ended yet`,
      );
    },
  },
  steeringCommand(
    { name: 'pause', args: '<workdir>', help: 'start nothing new; running jobs go on' },
    ({ pause }, [workdir = ''], options) => pause(workdir, options),
  ),
  steeringCommand({ name: 'resume', args: '<workdir>', help: 'end a pause' }, ({ resume }, [workdir = ''], options) =>
    resume(workdir, options),
  ),
  steeringCommand(
    {
      name: 'prioritize',
      args: '<workdir> <node> <priority>',
      help: 'give a queued experiment another priority; lower runs first',
    },
    ({ prioritize }, [workdir = '', node = '', priority = ''], options) => prioritize(workdir, node, priority, options),
  ),
  steeringCommand(
    {
      name: 'add',
      args: '<workdir>',
      help: 'queue an experiment of your own',
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
    ({ add }, [workdir = ''], options) => add(workdir, options),
  ),
  steeringCommand(
    { name: 'remove', args: '<workdir> <node>', help: 'take an experiment out of the queue' },
    ({ remove }, [workdir = '', node = ''], options) => remove(workdir, node, options),
  ),
  steeringCommand(
    { name: 'cancel', args: '<workdir> <node>', help: 'end an experiment; its job is killed' },
    ({ cancel }, [workdir = '', node = ''], options) => cancel(workdir, node, options),
  ),
  steeringCommand(
    {
      name: 'set',
      args: '<workdir>',
      help: 'change the limits of a run',
      flags: RUN_FLAGS.filter(({ limit }) => limit !== undefined),
    },
    ({ setLimits }, [workdir = ''], options) => setLimits(workdir, options, options),
  ),
  steeringCommand(
    { name: 'note', args: '<workdir> <text>', help: 'tell the planner something; the next plan takes it into account' },
    ({ note }, [workdir = '', text = ''], options) => note(workdir, text, options),
  ),
];
