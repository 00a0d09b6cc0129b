/**
 * The agent that calls the Anthropic Messages API. It tries nothing again by itself but an answer that was cut or refused:
 * the waits and repetitions of a call are the activity's retries, which outlive this process.
 */
import Anthropic from '@anthropic-ai/sdk';
import type { MessageCreateParamsStreaming, TextBlockParam } from '@anthropic-ai/sdk/resources/messages';
import type { RunConfig } from '../../domain/formats/config.js';
import type { Prices } from '../../domain/formats/prices.js';
import type { PromptParts } from '../prompts/task-prompt.js';
import type { AgentTask, CodingAgent } from './agent.js';
import { agentFailure, type CallCost, NOTHING_SPENT, spentTogether } from './agent-failure.js';
import { hasAnthropicCredentials } from './anthropic-credentials.js';
import { anthropicFailure } from './anthropic-failure.js';
import { BrokenReply, type Message, readReply, textOf } from './anthropic-reply.js';
import { answerText, outputFormat } from './anthropic-schemas.js';
import { costOf, DEFAULT_ANTHROPIC_MODEL, priceOf } from './prices.js';

/** Tokens of one answer: what edits and plans need, then as much as every current model can give. */
const MAX_TOKENS = [16_000, 64_000] as const;
/** The API takes four cache marks in a request. */
const CACHE_MARKS = 4;

const SYSTEM =
  'You improve data loading pipelines of training jobs. Your answer is read by a program: where the prompt offers several ' +
  'forms of an answer, give the one that your output format has.';

export function createAnthropicAgent(config: RunConfig, env: NodeJS.ProcessEnv = process.env): CodingAgent {
  const timeoutMs = config.agent_timeout_s * 1000;
  const model = config.model || DEFAULT_ANTHROPIC_MODEL;

  async function call(body: MessageCreateParamsStreaming, signal: AbortSignal, before: CallCost): Promise<Message> {
    const client = openClient(env, timeoutMs);
    const timer = AbortSignal.timeout(timeoutMs);
    try {
      const limits = { signal: AbortSignal.any([signal, timer]), timeout: timeoutMs };
      return await readReply(await client.messages.create(body, limits).asResponse());
    } catch (error) {
      signal.throwIfAborted();
      const partial = error instanceof BrokenReply ? error.partial : null;
      const spent = spentTogether([before, partial ? spentOn(partial, model, config.prices) : NOTHING_SPENT]);
      throw anthropicFailure(error, { spent, timedOutAfterMs: timer.aborted ? timeoutMs : null, nowMs: Date.now() });
    }
  }

  return {
    name: 'anthropic',
    async answer(task, prompt, signal, parts = { stable: [], rest: prompt }) {
      const replies: Message[] = [];
      let spent = NOTHING_SPENT;
      for (const maxTokens of MAX_TOKENS) {
        const body = requestFor({ phase: task.phase, model, effort: config.effort, maxTokens, parts });
        const reply = await call(body, signal, spent);
        replies.push(reply);
        spent = spentTogether([spent, spentOn(reply, model, config.prices)]);
        if (!isUnusable(reply)) {
          const { costUsd, usage } = spent;
          return { text: answerText(task.phase, textOf(reply)), costUsd, usage, raw: { replies } };
        }
      }
      const reasons = replies.map((reply) => reply.stop_reason).join(', then ');
      throw agentFailure(`the model gave no whole answer (${reasons}); ask for smaller changes, or use another model`, {
        retryable: false,
        spent,
      });
    },
  };
}

function openClient(env: NodeJS.ProcessEnv, timeoutMs: number): Anthropic {
  if (!hasAnthropicCredentials(env)) {
    throw agentFailure('there is no ANTHROPIC_API_KEY and no Anthropic profile; set one, or choose another --agent', {
      retryable: false,
    });
  }
  return new Anthropic({
    ...(env.ANTHROPIC_API_KEY ? { apiKey: env.ANTHROPIC_API_KEY } : {}),
    ...(env.ANTHROPIC_BASE_URL ? { baseURL: env.ANTHROPIC_BASE_URL } : {}),
    maxRetries: 0,
    timeout: timeoutMs,
    // What it would log holds prompts and headers.
    logLevel: 'off',
    openTelemetry: false,
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
      // Each mark ends a prefix that later calls share: knowledge alone, then knowledge and code.
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

/** Cut at its limit, or refused: paid for, and of no use. */
function isUnusable(reply: Message): boolean {
  return ['max_tokens', 'refusal', 'model_context_window_exceeded'].includes(reply.stop_reason ?? '');
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
