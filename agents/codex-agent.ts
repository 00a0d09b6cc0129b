/** The `codex` command: `codex exec --json [flags] -`, the prompt on standard input, an event a line as its answer. */
import type { RunConfig } from '../domain/formats/config.js';
import type { CodingAgent } from './agent.js';
import {
  type AgentHooks,
  type AgentProgram,
  type ProgramSettings,
  replyIn,
  runAgentCommand,
  timeLimitFailure,
} from './agent-process.js';
import { parseCodexReply, wholeCodexReply } from './codex-reply.js';

/**
 * It works in a tree that is thrown away, which may be no git repository, changes nothing there, and keeps no record
 * of the session in the person's own folder. The sandbox is a setting and no flag: a person's flags may name another.
 */
export const CODEX_FLAGS = [
  ...['exec', '--json', '--ephemeral', '--skip-git-repo-check'],
  ...['--config', 'sandbox_mode="read-only"'],
] as const;

export function codexCommand(config: ProgramSettings): AgentProgram {
  const flags = [
    ...CODEX_FLAGS,
    ...(config.model === '' ? [] : ['--model', config.model]),
    ...(config.effort === '' ? [] : ['--config', `model_reasoning_effort=${config.effort}`]),
    ...config.codex_flags,
    '-',
  ];
  return { command: config.agent_command || 'codex', flags };
}

export function createCodexAgent(config: RunConfig, hooks: AgentHooks): CodingAgent {
  const { command, flags } = codexCommand(config);
  const timeoutMs = config.agent_timeout_s * 1000;
  return {
    name: 'codex',
    async answer(task, prompt, signal) {
      const left = wholeCodexReply(await replyIn(hooks.replyFile), config);
      if (left) return left;
      const output = await runAgentCommand({ command, flags, task, prompt, signal, timeoutMs, hooks });
      if (!output.timedOut) return parseCodexReply(output, command, config);
      const whole = wholeCodexReply(output.stdout, config);
      if (whole) return whole;
      throw timeLimitFailure(command, timeoutMs);
    },
  };
}
