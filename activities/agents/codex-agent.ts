/** The `codex` command: `codex exec [flags] -`, the prompt on standard input, the answer as plain text; it names no cost. */
import type { RunConfig } from '../../domain/formats/config.js';
import type { CodingAgent } from './agent.js';
import { agentFailure, UNKNOWN_SPENT } from './agent-failure.js';
import { type AgentHooks, runAgentCommand } from './agent-process.js';

export function createCodexAgent(config: RunConfig, hooks: AgentHooks): CodingAgent {
  const command = config.agent_command || 'codex';
  const flags = [
    'exec',
    ...(config.model === '' ? [] : ['--model', config.model]),
    ...(config.effort === '' ? [] : ['--config', `model_reasoning_effort=${config.effort}`]),
    ...config.claude_flags,
    '-',
  ];
  const timeoutMs = config.agent_timeout_s * 1000;
  return {
    name: 'codex',
    async answer(task, prompt, signal) {
      const output = await runAgentCommand({ command, flags, task, prompt, signal, timeoutMs, hooks });
      const { stdout, stderr, exitCode } = output;
      if (exitCode !== 0) {
        const how = exitCode === null ? 'was killed' : `failed (exit code ${exitCode})`;
        throw agentFailure(`${command} ${how}: ${(stderr || stdout).trim().slice(-1000)}`, {
          retryable: true,
          spent: UNKNOWN_SPENT,
        });
      }
      return { text: stdout, costUsd: null, usage: {}, raw: output };
    },
  };
}
