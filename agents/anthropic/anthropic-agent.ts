/**
 * The agent that calls the Anthropic Messages API, through a process of its own whose reply outlives the engine. It
 * tries nothing again by itself: repetitions and waits are the caller's.
 */
import type { MessageCreateParamsStreaming, TextBlockParam } from '@anthropic-ai/sdk/resources/messages';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Prices } from '../../domain/formats/prices.js';
import type { AgentAnswer, AgentTask, CodingAgent } from '../agent.js';
import {
  agentFailure,
  type CallCost,
  CutReply,
  NOTHING_SPENT,
  spentTogether,
  UNKNOWN_SPENT,
} from '../agent-failure.js';
import { type AgentHooks, replyIn, runAgentCommand, timeLimitFailure } from '../agent-process.js';
import { costOf, DEFAULT_ANTHROPIC_MODEL, priceOf } from '../model-prices.js';
import type { PromptParts } from '../prompts/prompt-parts.js';
import { anthropicCommand } from './anthropic-command.js';
import { hasAnthropicCredentials } from './anthropic-credentials.js';
import { type FailedHead, type MessagesCall, readExchange } from './anthropic-exchange.js';
import { brokenReplyFailure, headFailure, interruptedFailure } from './anthropic-failure.js';
import { BrokenReply, type Message, readReply, textOf } from './anthropic-reply.js';
import { answerText, outputFormat } from './anthropic-schemas.js';

/** Tokens of one answer: what edits and plans need, then as much as every current model can give. */
const MAX_TOKENS = [16_000, 64_000] as const;
/** Stop reasons of a reply that was cut at its limit, or refused: paid for, and of no use. */
const CUT_BY: readonly string[] = ['max_tokens', 'refusal', 'model_context_window_exceeded'];
/** The API takes four cache marks in a request. */
const CACHE_MARKS = 4;

const SYSTEM =
  'You improve data loading pipelines of training jobs. Your answer is read by a program: where the prompt offers several ' +
  'forms of an answer, give the one that your output format has.';

export function createAnthropicAgent(
  config: RunConfig,
  hooks: AgentHooks,
  env: NodeJS.ProcessEnv = process.env,
): CodingAgent {
  const timeoutMs = config.agent_timeout_s * 1000;
  const model = config.model || DEFAULT_ANTHROPIC_MODEL;

  async function read(printed: string): Promise<Reading> {
    const exchange = readExchange(printed);
    if (exchange === null) return { is: 'nothing' };
    if (exchange.head.outcome !== 'replied') return { is: 'failure', head: exchange.head };
    try {
      return { is: 'message', message: await readReply(exchange.head.contentType, exchange.body) };
    } catch (error) {
      if (!(error instanceof BrokenReply)) throw error;
      return {
        is: 'broken',
        error,
        spent: error.partial ? spentOn(error.partial, model, config.prices) : NOTHING_SPENT,
      };
    }
  }

  /** Throws whatever is no answer. */
  function answerFrom(phase: AgentTask['phase'], reading: Exclude<Reading, { is: 'nothing' }>): AgentAnswer {
    if (reading.is === 'failure') throw headFailure(reading.head, Date.now());
    if (reading.is === 'broken') throw brokenReplyFailure(reading.error, reading.spent);
    const { message } = reading;
    const { costUsd, usage } = spentOn(message, model, config.prices);
    const answer = { text: answerText(phase, textOf(message)), costUsd, usage, raw: message };
    const { stop_reason: reason } = message;
    if (reason !== null && CUT_BY.includes(reason)) throw new CutReply(reason, answer);
    return answer;
  }

  return {
    name: 'anthropic',
    async answer(task, prompt, signal, parts = { stable: [], rest: prompt }, cuts = 0) {
      const { phase } = task;
      const left = await read(await replyIn(hooks.replyFile));
      if (left.is === 'broken' && left.error.errorType === null) throw interruptedFailure(left.spent);
      if (left.is !== 'nothing') return answerFrom(phase, left);
      if (hooks.elsewhere === undefined && !hasAnthropicCredentials(env)) throw noCredentials();

      const maxTokens = MAX_TOKENS[Math.min(cuts, MAX_TOKENS.length - 1)]!;
      const body = requestFor({ phase, model, effort: config.effort, maxTokens, parts });
      const call: MessagesCall = { body, timeoutMs };
      const command = { ...anthropicCommand(), prompt: JSON.stringify(call), env };
      const output = await runAgentCommand({ ...command, task, signal, timeoutMs, hooks });
      const reading = await read(output.stdout);
      if (output.timedOut && reading.is !== 'message' && reading.is !== 'failure') {
        const known = reading.is === 'broken' ? reading.spent : NOTHING_SPENT;
        throw timeLimitFailure('the Messages API', timeoutMs, spentTogether([known, UNKNOWN_SPENT]));
      }
      if (reading.is !== 'nothing') return answerFrom(phase, reading);
      const said = output.stderr.trim().slice(-1000) || `exit code ${output.exitCode}`;
      throw agentFailure(`the process that calls the Messages API failed: ${said}`, {
        retryable: true,
        spent: UNKNOWN_SPENT,
      });
    },
  };
}

/** What the process has printed so far comes to. */
type Reading =
  | { is: 'nothing' }
  | { is: 'failure'; head: FailedHead }
  | { is: 'broken'; error: BrokenReply; spent: CallCost }
  | { is: 'message'; message: Message };

function noCredentials() {
  return agentFailure('there is no ANTHROPIC_API_KEY and no Anthropic profile; set one, or choose another --agent', {
    retryable: false,
  });
}

interface Request {
  phase: AgentTask['phase'];
  model: string;
  effort: RunConfig['effort'];
  maxTokens: number;
  parts: PromptParts;
}

function requestFor({ phase, model, effort, maxTokens, parts }: Request): MessageCreateParamsStreaming {
  const format = outputFormat(phase);
  const stable = parts.stable.map(
    (text, index): TextBlockParam => ({
      type: 'text',
      text,
      // Each mark ends a prefix that later calls share: knowledge alone, then with what the code calls for, and so on.
      ...(index >= parts.stable.length - CACHE_MARKS ? { cache_control: { type: 'ephemeral' } } : {}),
    }),
  );
  const output = { ...(effort === '' ? {} : { effort }), ...(format === null ? {} : { format }) };
  return {
    model,
    max_tokens: maxTokens,
    stream: true,
    system: SYSTEM,
    messages: [{ role: 'user', content: [...stable, { type: 'text', text: parts.rest }] }],
    ...(Object.keys(output).length === 0 ? {} : { output_config: output }),
  };
}

function spentOn(reply: Message, askedModel: string, prices: Prices): CallCost {
  const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens, cache_creation } =
    reply.usage;
  const usage = { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens };
  // A reply may name its model in another way than the request did.
  const model = priceOf(reply.model, prices) ? reply.model : askedModel;
  const costUsd = costOf(model, usage, prices, cache_creation?.ephemeral_1h_input_tokens ?? 0);
  return { costUsd, usage, unansweredCalls: 0 };
}
