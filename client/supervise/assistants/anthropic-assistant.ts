/** A chat with a model of the Messages API: it streams, uses the tools, and its cost is shown after each answer. */
import Anthropic from '@anthropic-ai/sdk';
import type {
  Message,
  MessageParam,
  Tool as ToolParam,
  ToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';
import { costOf, DEFAULT_ANTHROPIC_MODEL, type TokenUsage } from '../../../agents/model-prices.js';
import type { Prices } from '../../../domain/formats/prices.js';
import { errorText } from '../../output/error-text.js';
import { TOOLS } from '../../tools/tools.js';
import { type Assistant, type Desk, useTool } from '../desk.js';
import { briefing, changesSomething, MOST_CALLS, shortened } from './briefing.js';
import type { Purse } from './purse.js';

const MAX_TOKENS = 2000;
/** Characters for a token, on the safe side. */
const TOKEN_LENGTH = 3;
/** Of what was said before; older turns are left out. */
const HISTORY_LENGTH = 400_000;
const TIMEOUT_MS = 120_000;

export function anthropicAssistant(desk: Desk, purse: Purse, given: { model: string; prices: Prices }): Assistant {
  const model = given.model || DEFAULT_ANTHROPIC_MODEL;
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseURL } = process.env;
  const client = new Anthropic({
    ...(apiKey ? { apiKey } : {}),
    ...(baseURL ? { baseURL } : {}),
    timeout: TIMEOUT_MS,
    logLevel: 'off',
  });
  const system = [
    { type: 'text' as const, text: briefing(desk.workdir), cache_control: { type: 'ephemeral' as const } },
  ];
  const tools = TOOLS.map(toolParam);
  let history: MessageParam[] = [];

  async function call(messages: MessageParam[]): Promise<Message> {
    const promptTokens = JSON.stringify([system, tools, messages]).length / TOKEN_LENGTH;
    const refusal = purse.refusal(costOf(model, usageOf(promptTokens, MAX_TOKENS), given.prices));
    if (refusal !== null) throw new Error(refusal);
    const stream = client.messages.stream(
      { model, max_tokens: MAX_TOKENS, system, tools, messages },
      { signal: desk.conversation.left },
    );
    stream.on('text', (piece) => desk.conversation.stream(piece));
    try {
      const message = await stream.finalMessage();
      purse.book(costOf(model, tokenUsage(message.usage), given.prices));
      return message;
    } catch (error) {
      // What had arrived was paid for.
      const began = stream.currentMessage;
      if (began) purse.book(costOf(model, tokenUsage(began.usage), given.prices));
      throw error;
    }
  }

  return {
    name: `${model} (${purse.limitUsd === null ? 'without a limit' : `at most ${purse.limitUsd} US dollars`})`,
    async answer(line) {
      const { conversation } = desk;
      const messages: MessageParam[] = [...recent(history), { role: 'user', content: line }];
      try {
        for (let calls = 0; calls < MOST_CALLS; calls += 1) {
          if (conversation.left.aborted) return 'leave';
          const { content, stop_reason } = await call(messages);
          messages.push({ role: 'assistant', content });
          if (stop_reason !== 'tool_use') break;
          const results: ToolResultBlockParam[] = [];
          for (const block of content) {
            if (block.type !== 'tool_use') continue;
            if (!changesSomething(block.name))
              conversation.answer(`  (looks at: ${block.name} ${JSON.stringify(block.input)})`);
            const { text, isError } = await useTool(desk, block.name, block.input);
            if (changesSomething(block.name)) conversation.answer(`  ${text}`);
            results.push({ type: 'tool_result', tool_use_id: block.id, content: shortened(text), is_error: isError });
          }
          messages.push({ role: 'user', content: results });
        }
        history = messages;
      } catch (error) {
        if (conversation.left.aborted) return 'leave';
        conversation.answer(`no answer: ${errorText(error)}`);
      }
      conversation.answer(`  [spent ${purse.spentText()}]`);
      return 'stay';
    },
  };
}

function toolParam({ name, says, changes, input }: (typeof TOOLS)[number]): ToolParam {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' });
  const description = changes ? `${says} It changes something: the person is asked before.` : says;
  return { name, description, input_schema: schema as ToolParam['input_schema'] };
}

function usageOf(input: number, output: number): TokenUsage {
  return { input_tokens: 0, output_tokens: output, cache_read_input_tokens: 0, cache_creation_input_tokens: input };
}

function tokenUsage(usage: Message['usage']): TokenUsage {
  return {
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    cache_read_input_tokens: usage.cache_read_input_tokens ?? 0,
    cache_creation_input_tokens: usage.cache_creation_input_tokens ?? 0,
  };
}

/** From a question of the person on: results of tools may not stand without their calls. */
function recent(history: readonly MessageParam[]): MessageParam[] {
  let from = 0;
  while (JSON.stringify(history.slice(from)).length > HISTORY_LENGTH) {
    const next = history.findIndex(
      ({ role, content }, at) => at > from && role === 'user' && typeof content === 'string',
    );
    if (next < 0) return [];
    from = next;
  }
  return history.slice(from);
}
