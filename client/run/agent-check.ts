/**
 * Whether the agent of a run can be asked at all: looked at before anything is written or started, and within a second.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { refusedKey } from '../../agents/anthropic/key-check.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { Refusal } from '../output/refusal.js';

const COMMAND_AGENTS: readonly string[] = ['claude', 'codex'];

/** What stands in an error before the names of the two settings. */
export interface AgentFields {
  agent: string;
  command: string;
}

/** Throws a Refusal where the agent's command is not there, or the Messages API does not take the key. */
export async function checkAgentAnswers(
  fields: AgentFields,
  { agent, agent_command: given, agent_queue: queue }: Pick<RunConfig, 'agent' | 'agent_command' | 'agent_queue'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (queue !== '') return;
  if (COMMAND_AGENTS.includes(agent)) {
    const problem = await commandProblem(given || agent, env);
    if (problem === null) return;
    if (given !== '') throw new Refusal(fields.command, given, `${problem}; name a program that runs${OTHERWISE}`);
    throw new Refusal(fields.agent, agent, `${problem}; install it, name another by --agent-command${OTHERWISE}`);
  }
  if (agent !== 'anthropic') return;
  const refused = await refusedKey(env);
  if (refused !== null) {
    throw new Refusal(fields.agent, agent, `the Messages API refuses the key (${refused}); set another${OTHERWISE}`);
  }
}

const OTHERWISE = ', or give --agent playbook, which needs no agent';

/**
 * Null where it may be run; as the system looks for it when the agent is called: a path as it stands, a name on PATH.
 */
export async function commandProblem(command: string, { PATH = '' }: NodeJS.ProcessEnv): Promise<string | null> {
  if (command.includes('/')) {
    if (await isProgram(command)) return null;
    return (await isThere(command)) ? 'this is no program that you may run' : 'there is no such program';
  }
  for (const folder of PATH.split(delimiter)) {
    if (folder !== '' && (await isProgram(join(folder, command)))) return null;
  }
  return `there is no command ${command} on PATH`;
}

async function isProgram(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
