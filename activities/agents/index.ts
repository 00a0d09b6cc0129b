/** The agents by name. */
import type { RunConfig } from '../../domain/formats/config.js';
import { raise } from '../activity-failure.js';
import { createPlaybookAgent } from '../playbook/playbook-agent.js';
import type { CodingAgent } from './agent.js';
import { type CommandAgentHooks, createClaudeAgent } from './command-agent.js';

export const AGENT_NAMES = ['claude', 'playbook'] as const;

export function createAgent(config: RunConfig, hooks: CommandAgentHooks): CodingAgent {
  switch (config.agent) {
    case 'claude':
      return createClaudeAgent(config, hooks);
    case 'playbook':
      return createPlaybookAgent();
    default:
      return raise(
        'agent_failed',
        `agent must be one of ${AGENT_NAMES.join(', ')}, not ${JSON.stringify(config.agent)}`,
      );
  }
}
