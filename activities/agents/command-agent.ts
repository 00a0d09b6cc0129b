/**
 * A `claude`-like command: `claude --print --output-format json --no-session-persistence [flags]`, the prompt on standard
 * input, and on standard output banner lines followed by one JSON object with the result, its cost and its usage.
 */
import type { ApplicationFailure } from '@temporalio/common';
import { execa } from 'execa';
import { z } from 'zod';
import { failure } from '../../domain/failure.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { failureToThrow } from '../activity-failure.js';
import type { AgentAnswer, AgentTask, CodingAgent } from './agent.js';
import { jsonInReply } from './reply-text.js';

const FIXED_FLAGS = ['--print', '--output-format', 'json', '--no-session-persistence'];

const CommandReplySchema = z.looseObject({
  result: z.string(),
  is_error: z.boolean().default(false),
  total_cost_usd: z.number().nullish(),
  usage: z.record(z.string(), z.unknown()).nullish(),
});

export interface CommandAgentHooks {
  /** Called with the process id once the command runs, so that a leftover can be found after a crash. */
  onStart(pid: number): Promise<void>;
}

export function createClaudeAgent(config: RunConfig, hooks: CommandAgentHooks): CodingAgent {
  const command = config.agent_command || 'claude';
  const flags = [...FIXED_FLAGS, ...config.claude_flags];
  return {
    name: 'claude',
    async answer(task, prompt, signal) {
      const output = await runAgentCommand({
        command,
        flags,
        task,
        prompt,
        signal,
        timeoutMs: config.agent_timeout_s * 1000,
        hooks,
      });
      return parseCommandReply(output);
    },
  };
}

interface AgentCommand {
  command: string;
  flags: string[];
  task: AgentTask;
  prompt: string;
  signal: AbortSignal;
  timeoutMs: number;
  hooks: CommandAgentHooks;
}

/** Runs in a process group of its own, which is killed whole at the time limit or when the call is given up. */
async function runAgentCommand({
  command,
  flags,
  task,
  prompt,
  signal,
  timeoutMs,
  hooks,
}: AgentCommand): Promise<string> {
  const child = execa(command, flags, {
    input: prompt,
    cwd: task.source.dir,
    env: { AUTORESEARCH_PHASE: task.phase, AUTORESEARCH_NODE: task.nodeId ?? '' },
    detached: true,
    cleanup: false,
    reject: false,
    maxBuffer: 64 * 1024 * 1024,
  });
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended already.
    }
  };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill, { once: true });
  try {
    if (child.pid !== undefined) await hooks.onStart(child.pid);
    const result = await child;
    signal.throwIfAborted();
    if (timedOut) throw agentFailure(`${command} did not answer within ${timeoutMs / 1000} s`, true);
    if (result.failed) {
      const cause =
        result.code === 'ENOENT'
          ? 'there is no such command'
          : (result.stderr || result.stdout || result.shortMessage || '').toString();
      throw agentFailure(
        `${command} failed (exit code ${result.exitCode ?? 'none'}): ${cause.slice(-1000)}`,
        result.code !== 'ENOENT',
      );
    }
    return result.stdout;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    kill();
  }
}

export function parseCommandReply(stdout: string): AgentAnswer {
  const raw = jsonInReply(stdout);
  const parsed = CommandReplySchema.safeParse(raw);
  if (!parsed.success)
    throw agentFailure(`the agent command printed no JSON object with a result: ${stdout.slice(-500)}`, true);
  const { result, is_error, total_cost_usd, usage } = parsed.data;
  if (is_error) throw agentFailure(`the agent command reports an error: ${result.slice(0, 1000)}`, true);
  const numbers = Object.entries(usage ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return { text: result, costUsd: total_cost_usd ?? null, usage: Object.fromEntries(numbers), raw };
}

function agentFailure(message: string, retryable: boolean): ApplicationFailure {
  return failureToThrow(failure('agent_failed', message, Date.now(), { retryable }));
}
