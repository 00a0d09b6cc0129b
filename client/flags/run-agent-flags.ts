/** The flags of the agent that a run asks: which one, how it is called, and what it may do. */
import { EFFORTS, LEAST_PROMPT_BUDGET } from '../../domain/formats/choices.js';
import { ALLOWED, SCOPES } from '../../domain/proposals/work-effect.js';
import { moduleInConfig } from '../../host/module-path.js';
import { programFrom } from '../../host/program-path.js';
import { every, isGlob, oneOf, texts, wholeNumber } from './flag-values.js';
import { flag, type RunFlag } from './run-flag.js';

export const RUN_AGENT_FLAGS: readonly RunFlag[] = [
  flag(
    '--agent <name or module>',
    ['agent'],
    'anthropic (taken when ANTHROPIC_API_KEY is set), claude, codex, playbook (no network) or a module (default: claude)',
    { read: (given) => moduleInConfig(String(given), process.cwd()) },
  ),
  flag('--model <name>', ['model'], "the agent's model (default: the agent's own)", { mayChange: true }),
  flag('--effort <level>', ['effort'], "how much the model may think (default: the model's own)", {
    mayChange: true,
    read: oneOf('--effort', EFFORTS.slice(1)),
  }),
  flag(
    '--agent-command <command>',
    ['agent_command'],
    "another binary for a command agent (default: the agent's own name)",
    // The agent is called from within a tree of its task.
    { mayChange: true, read: (given) => programFrom(process.cwd(), String(given)) },
  ),
  flag(
    '--agent-queue <name>',
    ['agent_queue'],
    'have the agent called by `autoresearch worker --agents <name>` on a host that has the key (default: called here)',
  ),
  flag('--agent-timeout <seconds>', ['agent_timeout_s'], 'of one agent call (default: 900)', {
    read: wholeNumber('--agent-timeout', 1),
  }),
  flag('--claude-flags <flags>', ['claude_flags'], 'more flags for the claude command', {
    repeatable: true,
    read: texts,
  }),
  flag('--codex-flags <flags>', ['codex_flags'], 'more flags for the codex command', {
    repeatable: true,
    read: texts,
  }),
  flag(
    '--prompt-budget <tokens>',
    ['prompt_budget'],
    'for the stable part of a prompt: what is known of SPDL, what is installed, and the code (default: 30000)',
    { mayChange: true, read: wholeNumber('--prompt-budget', LEAST_PROMPT_BUDGET) },
  ),
  flag('--protect <glob>', ['protect'], 'files that no agent may change, as in "conf/**"', {
    repeatable: true,
    read: every('--protect', isGlob, 'a glob of paths relative to --source-dir, as in "conf/**" or "*.yaml"'),
  }),
  flag(
    '--allow-agent-commands',
    ['allow_agent_commands'],
    'let the agent propose launch commands that differ in more than flags',
    { read: () => true },
  ),
  flag('--allow <what>', ['allow'], 'other-work: run also what changes the work of a job, kept apart in reports', {
    repeatable: true,
    read: every('--allow', (text) => (ALLOWED as readonly string[]).includes(text), ALLOWED.join(', ')),
  }),
  flag('--scope <side>', ['scope'], 'training: with --allow other-work, also changes of the model’s side', {
    read: oneOf('--scope', SCOPES),
  }),
];
