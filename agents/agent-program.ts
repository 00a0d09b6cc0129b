/** Which program answers for an agent, where its call needs nothing of a workdir. */
import type { AgentElsewhere } from '../domain/protocol/agent-calls.js';
import type { AgentProgram, ProgramSettings } from './agent-process.js';
import { anthropicCommand } from './anthropic/anthropic-command.js';
import { claudeCommand } from './claude-agent.js';
import { codexCommand } from './codex-agent.js';

const PROGRAMS = {
  anthropic: anthropicCommand,
  claude: claudeCommand,
  codex: codexCommand,
} as const satisfies Record<AgentElsewhere, (settings: ProgramSettings) => AgentProgram>;

export function programOf(agent: AgentElsewhere, settings: ProgramSettings): AgentProgram {
  return PROGRAMS[agent](settings);
}
