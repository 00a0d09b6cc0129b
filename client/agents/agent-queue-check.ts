/** Whether a run may have its agent called on other hosts: looked at before anything is written. */
import type { RunConfig } from '../../domain/formats/config.js';
import { AGENTS_ELSEWHERE } from '../../domain/protocol/agent-calls.js';
import { configuredTarget } from '../../worker/connection.js';
import { Refusal } from '../output/refusal.js';
import { commandFlags } from './command-flags.js';

type Checked = Pick<RunConfig, 'agent' | 'agent_command' | 'agent_queue' | 'claude_flags' | 'codex_flags'>;

const ITS_OWN =
  "with --agent-queue the program is the agents' worker's own: give this to `autoresearch worker --agents`";

/** Whether the agent of this name can be called where no workdir is. */
export function isCalledElsewhere(agent: string): boolean {
  return (AGENTS_ELSEWHERE as readonly string[]).includes(agent);
}

export function checkAgentQueue(config: Checked, env: NodeJS.ProcessEnv = process.env): void {
  const { agent, agent_command: command, agent_queue: queue } = config;
  if (queue === '') return;
  if (!isCalledElsewhere(agent))
    throw new Refusal('--agent', agent, `with --agent-queue one of ${AGENTS_ELSEWHERE.join(', ')}: others read files`);
  if (command !== '') throw new Refusal('--agent-command', command, ITS_OWN);
  for (const { name, flags } of commandFlags(config)) if (flags.length > 0) throw new Refusal(name, flags, ITS_OWN);
  if (configuredTarget(env) === null)
    throw new Refusal('--agent-queue', queue, 'needs a Temporal server that other hosts reach: set TEMPORAL_ADDRESS');
}
