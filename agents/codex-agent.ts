/**
 * The `codex` command: `codex exec [flags] -`, the prompt on standard input, the answer as plain text; it names no
 * cost.
 */
import type { RunConfig } from '../domain/formats/config.js';
import type { AgentAnswer, CodingAgent } from './agent.js';
import { agentFailure, CREDENTIALS_ADVICE, NOTHING_SPENT, saysNotAllowed, UNKNOWN_SPENT } from './agent-failure.js';
import { type AgentHooks, isInterruption, replyIn, runAgentCommand, timeLimitFailure } from './agent-process.js';

/** Plain text does not show that it is whole: the exit code behind it does. */
const WITH_EXIT_CODE = '"$@"; code=$?; printf "\\n[exit code %d]\\n" "$code"; exit "$code"';
const EXIT_CODE = /\n\[exit code (\d+)\]\n$/;
/** The shell's words for a program that is not there, or may not be run. */
const NOT_STARTED: readonly number[] = [126, 127];

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

  function answerIn(printed: string, stderr: string): AgentAnswer | null {
    const end = EXIT_CODE.exec(printed);
    if (end === null) return null;
    const text = printed.slice(0, end.index);
    const exitCode = Number(end[1]);
    if (exitCode === 0) return { text, costUsd: null, usage: {}, raw: { stdout: text, stderr, exitCode } };
    const isStarted = !NOT_STARTED.includes(exitCode);
    const said = (stderr || text).trim();
    const isRefused = saysNotAllowed(said);
    const advice = isRefused ? CREDENTIALS_ADVICE : '';
    throw agentFailure(`${command} failed (exit code ${exitCode}): ${said.slice(-1000)}${advice}`, {
      retryable: isStarted && !isRefused,
      spent: isStarted ? UNKNOWN_SPENT : NOTHING_SPENT,
      interrupted: isInterruption(exitCode),
    });
  }

  return {
    name: 'codex',
    async answer(task, prompt, signal) {
      const left = answerIn(await replyIn(hooks.replyFile), '');
      if (left) return left;
      const inShell = { command: '/bin/sh', flags: ['-c', WITH_EXIT_CODE, 'sh', command, ...flags] };
      const { stdout, stderr, timedOut, interrupted } = await runAgentCommand({
        ...inShell,
        task,
        prompt,
        signal,
        timeoutMs,
        hooks,
      });
      const answer = answerIn(stdout, stderr);
      if (answer) return answer;
      if (timedOut) throw timeLimitFailure(command, timeoutMs);
      throw agentFailure(`${command} was killed: ${(stderr || stdout).trim().slice(-1000)}`, {
        retryable: true,
        spent: UNKNOWN_SPENT,
        interrupted,
      });
    },
  };
}
