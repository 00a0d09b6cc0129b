/**
 * A `claude`-like command: `claude --print --output-format json --no-session-persistence [flags]`, the prompt on
 * standard input, and on standard output banner lines followed by one JSON object with the result, its cost and its
 * usage.
 */
import { z } from 'zod';
import type { RunConfig } from '../domain/formats/config.js';
import type { AgentAnswer, CodingAgent } from './agent.js';
import {
  agentFailure,
  type CallCost,
  CREDENTIALS_ADVICE,
  FINAL_STATUS,
  saysNotAllowed,
  UNKNOWN_SPENT,
  WAIT_MS_BY_STATUS,
} from './agent-failure.js';
import {
  type AgentHooks,
  type AgentProgram,
  type CommandOutput,
  failedText,
  type ProgramSettings,
  replyIn,
  runAgentCommand,
  timeLimitFailure,
} from './agent-process.js';
import { jsonInReply } from './reply-text.js';

const FIXED_FLAGS = ['--print', '--output-format', 'json', '--no-session-persistence'];

const CommandReplySchema = z.looseObject({
  result: z.string().nullish(),
  is_error: z.boolean().default(false),
  total_cost_usd: z.number().nullish(),
  usage: z.record(z.string(), z.unknown()).nullish(),
  /** Of the API's error, when that is why it failed. */
  api_error_status: z.number().nullish(),
  stop_reason: z.string().nullish(),
});

export function claudeCommand(config: ProgramSettings): AgentProgram {
  const flags = [
    ...FIXED_FLAGS,
    ...(config.model === '' ? [] : ['--model', config.model]),
    ...(config.effort === '' ? [] : ['--effort', config.effort]),
    ...config.claude_flags,
  ];
  return { command: config.agent_command || 'claude', flags };
}

export function createClaudeAgent(config: RunConfig, hooks: AgentHooks): CodingAgent {
  const { command, flags } = claudeCommand(config);
  const timeoutMs = config.agent_timeout_s * 1000;
  return {
    name: 'claude',
    async answer(task, prompt, signal) {
      const left = await replyIn(hooks.replyFile);
      if (isWhole(left)) return parseCommandReply({ stdout: left, stderr: '', exitCode: 0 }, command);
      const output = await runAgentCommand({ command, flags, task, prompt, signal, timeoutMs, hooks });
      if (output.timedOut && !isWhole(output.stdout)) throw timeLimitFailure(command, timeoutMs);
      return parseCommandReply(output.timedOut ? { ...output, exitCode: 0 } : output, command);
    },
  };
}

/** Whether a command said all that it had to say before it, or its engine, was ended: what is cut short is no JSON. */
function isWhole(stdout: string): boolean {
  const reply = CommandReplySchema.safeParse(jsonInReply(stdout));
  return reply.success && (reply.data.is_error || typeof reply.data.result === 'string');
}

/** A reply that says what went wrong is more than an exit code, and may have cost something. */
export function parseCommandReply(printed: Printed, command: string): AgentAnswer {
  const { stdout, exitCode } = printed;
  const raw = jsonInReply(stdout);
  const parsed = CommandReplySchema.safeParse(raw);
  const reply = parsed.success ? parsed.data : null;
  if (exitCode !== 0 || reply?.is_error) throw failedCommand(reply, printed, command);
  if (typeof reply?.result !== 'string') {
    throw agentFailure(`${command} printed no JSON object with a result: ${failedText(printed)}`, {
      retryable: true,
      spent: UNKNOWN_SPENT,
    });
  }
  const { costUsd, usage } = spentOn(reply);
  return { text: reply.result, costUsd, usage, raw };
}

type CommandReply = z.output<typeof CommandReplySchema>;
type Printed = Pick<CommandOutput, 'stdout' | 'stderr' | 'exitCode'> & Partial<Pick<CommandOutput, 'interrupted'>>;

function failedCommand(reply: CommandReply | null, output: Printed, command: string) {
  const reason = reply?.is_error ? reply.result?.trim() : undefined;
  const said = reason ? reason.slice(-1000) : failedText({ ...output, stdout: reply?.result ?? output.stdout });
  const status = reply?.api_error_status ?? 0;
  const how = output.exitCode === null ? 'was killed' : `failed (exit code ${output.exitCode})`;
  const waitMs = WAIT_MS_BY_STATUS[status];
  const advice = saysNotAllowed(said) ? CREDENTIALS_ADVICE : '';
  return agentFailure(`${command} ${how}: ${said}${advice}`, {
    // What was refused once is refused again, and paid for again.
    retryable: !FINAL_STATUS.includes(status) && reply?.stop_reason !== 'refusal' && !saysNotAllowed(said),
    spent: reply ? spentOn(reply) : UNKNOWN_SPENT,
    httpStatus: status || null,
    interrupted: output.interrupted === true,
    ...(waitMs === undefined ? {} : { waitMs }),
  });
}

function spentOn({ total_cost_usd, usage }: CommandReply): CallCost {
  const counts = Object.entries(usage ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return { costUsd: total_cost_usd ?? null, usage: Object.fromEntries(counts), unansweredCalls: 0 };
}
