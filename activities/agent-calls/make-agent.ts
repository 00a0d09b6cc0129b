/** The agents by name, and which of them a new run gets. */

import type { CodingAgent } from '../../agents/agent.js';
import type { AgentHooks } from '../../agents/agent-process.js';
import { hasAnthropicCredentials } from '../../agents/anthropic/anthropic-credentials.js';
import { createClaudeAgent } from '../../agents/claude-agent.js';
import { createCodexAgent } from '../../agents/codex-agent.js';
import { DEFAULT_ANTHROPIC_MODEL, priceOf } from '../../agents/model-prices.js';
import { createModuleAgent, loadUserAgent } from '../../agents/module-agent.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { raise } from '../../domain/protocol/thrown-failure.js';
import { isModulePath } from '../../host/module-path.js';
import { createPlaybookAgent } from '../../playbook/playbook-agent.js';

export const AGENT_NAMES = ['anthropic', 'claude', 'codex', 'playbook'] as const;

export function createAgent(config: RunConfig, hooks: AgentHooks): CodingAgent {
  switch (config.agent) {
    case 'anthropic':
      return anthropicAgent(config, hooks);
    case 'claude':
      return createClaudeAgent(config, hooks);
    case 'codex':
      return createCodexAgent(config, hooks);
    case 'playbook':
      return createPlaybookAgent({ withModel: searchesByModel(process.env.AUTORESEARCH_PLAYBOOK) });
    default:
      if (isModulePath(config.agent)) return createModuleAgent(config);
      return raise('agent_failed', `agent must be ${AGENT_CHOICE}, not ${JSON.stringify(config.agent)}`);
  }
}

/** `AUTORESEARCH_PLAYBOOK`: `rules` leaves the model of the pipeline out, to measure what it brings. */
function searchesByModel(choice: string | undefined): boolean {
  const problem = playbookProblem(choice);
  return problem === null ? choice !== 'rules' : raise('agent_failed', problem);
}

function playbookProblem(choice: string | undefined): string | null {
  if (!choice || choice === 'model' || choice === 'rules') return null;
  return `AUTORESEARCH_PLAYBOOK must be model or rules, not ${JSON.stringify(choice)}`;
}

/** The schemas are loaded by the first call: most commands never make one. */
function anthropicAgent(config: RunConfig, hooks: AgentHooks): CodingAgent {
  return {
    name: 'anthropic',
    async answer(...call) {
      const { createAnthropicAgent } = await import('../../agents/anthropic/anthropic-agent.js');
      return await createAnthropicAgent(config, hooks).answer(...call);
    },
  };
}

/** What `--agent` takes, for errors and help. */
export const AGENT_CHOICE = `one of ${AGENT_NAMES.join(', ')}, or the path of a module (./my-agent.mjs)`;

/** The agent of a run that names none: the API where it can be called, else the `claude` command. */
export function defaultAgent(env: NodeJS.ProcessEnv): (typeof AGENT_NAMES)[number] {
  return hasAnthropicCredentials(env) ? 'anthropic' : 'claude';
}

/** Why this agent cannot be used at all, or null. For the start of a run, before anything is written. */
export async function agentProblem(
  config: { agent: string; model: string; effort: string },
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const { agent } = config;
  if (isModulePath(agent)) {
    return await loadUserAgent(agent, config).then(
      () => null,
      (error: unknown) => (error as Error).message,
    );
  }
  if (!(AGENT_NAMES as readonly string[]).includes(agent)) return AGENT_CHOICE;
  if (agent === 'anthropic' && !hasAnthropicCredentials(env))
    return 'there is no ANTHROPIC_API_KEY and no Anthropic profile; set one, or give --agent playbook, which needs none';
  return agent === 'playbook' ? playbookProblem(env.AUTORESEARCH_PLAYBOOK) : null;
}

/**
 * Why the cost of this agent's calls cannot be known, or null: a budget in dollars needs to know. A module says it
 * itself.
 */
export function unknownCostReason({
  agent,
  model,
  prices,
}: Pick<RunConfig, 'agent' | 'model' | 'prices'>): string | null {
  if (agent === 'codex' && model === '')
    return 'codex says no cost, and which model it asks is not known; name it by --model, and its price under prices in config.json';
  const asked = model || DEFAULT_ANTHROPIC_MODEL;
  if ((agent !== 'anthropic' && agent !== 'codex') || priceOf(asked, prices)) return null;
  return `the price of ${asked} is not known; add it under prices in config.json`;
}
