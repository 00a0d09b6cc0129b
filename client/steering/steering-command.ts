/**
 * What commands that steer a running engine have alike: each sends one update under the name of a request, and prints
 * the engine's receipt.
 */
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import { isRequestId, REQUEST_RULE } from '../../domain/run/naming.js';
import type { CommandDefinition, FlagDefinition, Options } from '../command-definition.js';
import { printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export interface Repeatable {
  request?: string | undefined;
}

export const REQUEST: FlagDefinition = {
  flags: '--request <id>',
  help: 'names this request; sent twice under one name it acts once',
};

/** What an act steers with, loaded when it runs. */
type Steering = Awaited<ReturnType<typeof loadSteering>>;

/** A command whose act returns the engine's receipt; `--request` is among its flags. */
export function steeringCommand(
  definition: Omit<CommandDefinition, 'act'>,
  act: (args: readonly string[], options: Options & Repeatable, steering: Steering) => Promise<Receipt>,
): CommandDefinition {
  return {
    ...definition,
    flags: [...(definition.flags ?? []), REQUEST],
    async act(args, options) {
      const checked = checkRequest(options);
      return printed(await act(args, checked, await loadSteering()), receiptText);
    },
  };
}

export function checkRequest(options: Options): Options & Repeatable {
  const { request } = options;
  if (request !== undefined && !isRequestId(request)) {
    throw new Refusal('--request', request, REQUEST_RULE);
  }
  return options;
}

export async function loadSteering() {
  const [{ steer }, { nodeNamed }, messages] = await Promise.all([
    import('./steering-client.js'),
    import('../run/named-node.js'),
    import('../../domain/protocol/messages.js'),
  ]);
  return { steer, nodeNamed, messages };
}

export function receiptText({ message, node_id }: Receipt): string {
  return node_id === undefined ? message : `${node_id}: ${message}`;
}
