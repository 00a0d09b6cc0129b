/** What a request to the Messages API holds, and which of its tokens a prompt cache would know. */
import { createHash } from 'node:crypto';
import type { TokenUsage } from '../../../agents/model-prices.js';

interface Block {
  type: string;
  text?: string;
  cache_control?: { type: 'ephemeral'; ttl?: '5m' | '1h' } | null;
}

export interface MessagesRequest {
  model: string;
  max_tokens: number;
  stream?: boolean;
  system?: string | Block[];
  tools?: Block[];
  messages: { role: 'user' | 'assistant'; content: string | Block[] }[];
  output_config?: { effort?: string; format?: { type: string; schema: Record<string, unknown> } };
}

/** Four characters, as a rule of thumb; the server is its own authority. */
export function tokensIn(text: string): number {
  return Math.ceil(text.length / 4);
}

/** The text of what the user said last, its blocks joined. */
export function promptOf({ messages }: MessagesRequest): string {
  const content = messages.filter(({ role }) => role === 'user').at(-1)?.content ?? '';
  return typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('\n\n');
}

/** Remembers marked prefixes as the API does: what a call wrote, a later one that begins alike reads. */
export class PromptCache {
  private readonly prefixes = new Set<string>();

  usageOf(request: MessagesRequest): Omit<TokenUsage, 'output_tokens'> {
    const blocks = [...(request.tools ?? []), ...asBlocks(request.system)].concat(
      request.messages.flatMap(({ content }) => asBlocks(content)),
    );
    const hash = createHash('sha256').update(request.model);
    let [total, marked, read] = [0, 0, 0];
    for (const { cache_control, ...block } of blocks) {
      const json = JSON.stringify(block);
      hash.update(json);
      total += tokensIn(json);
      if (!cache_control) continue;
      const prefix = hash.copy().digest('hex');
      marked = total;
      if (this.prefixes.has(prefix)) read = total;
      this.prefixes.add(prefix);
    }
    return {
      input_tokens: total - marked,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: marked - read,
    };
  }
}

function asBlocks(content: string | Block[] | undefined): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
}
