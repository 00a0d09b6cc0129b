/** The flags of a worker that calls agents for runs of other hosts: its queue, its program, its slots and its rate. */
import type { FlagDefinition } from '../command-definition.js';

export const AGENTS_FLAGS = [
  {
    flags: '--agents <queue>',
    option: 'agents',
    help: 'serve no workdir, and make calls of the agent for the runs that were started with --agent-queue <queue>',
  },
  {
    flags: '--agent <name>',
    option: 'agent',
    help: 'with --agents: anthropic (taken when ANTHROPIC_API_KEY is set), claude or codex (default: claude)',
  },
  {
    flags: '--agent-command <command>',
    option: 'agentCommand',
    help: "with --agents: another binary for a command agent (default: the agent's own name)",
  },
  {
    flags: '--claude-flags <flags>',
    option: 'claudeFlags',
    help: 'with --agents: more flags for the claude command',
    repeatable: true,
  },
  {
    flags: '--codex-flags <flags>',
    option: 'codexFlags',
    help: 'with --agents: more flags for the codex command',
    repeatable: true,
  },
  {
    flags: '--agent-slots <n>',
    option: 'agentSlots',
    help: 'with --agents: calls at the same time, of this process (default: 4)',
  },
  {
    flags: '--agent-rate <n>',
    option: 'agentRate',
    help: 'with --agents: calls that begin in a second, on average and of all workers of the queue (default: no limit)',
  },
] as const satisfies readonly FlagDefinition[];
