/**
 * Reads the body of a reply of the Messages API, streamed or whole, into one message. Streams are asked for because
 * Node's fetch gives up on an answer whose first byte takes five minutes, and because a cut one still says what it had
 * used.
 */
import { Stream } from '@anthropic-ai/sdk/streaming';
import { z } from 'zod';

const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

const UsageSchema = z.looseObject({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  cache_creation: z.looseObject({ ephemeral_1h_input_tokens: count }).nullish(),
});

const BlockSchema = z.looseObject({ type: z.string(), text: z.string().optional() });

export const MessageSchema = z.looseObject({
  model: z.string(),
  content: z.array(BlockSchema),
  stop_reason: z.string().nullable(),
  usage: UsageSchema,
});
export type Message = z.output<typeof MessageSchema>;

const EventSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('message_start'), message: MessageSchema }),
  z.looseObject({ type: z.literal('content_block_start'), index: z.number().int(), content_block: BlockSchema }),
  z.looseObject({
    type: z.literal('content_block_delta'),
    index: z.number().int(),
    delta: z.looseObject({ text: z.string().optional() }),
  }),
  z.looseObject({
    type: z.literal('message_delta'),
    delta: z.looseObject({ stop_reason: z.string().nullish() }),
    usage: z.record(z.string(), z.unknown()).nullish(),
  }),
  z.looseObject({ type: z.literal('message_stop') }),
  z.looseObject({ type: z.literal('error'), error: z.looseObject({ type: z.string(), message: z.string() }) }),
]);

/** The reply broke off or makes no sense; `partial` is what had arrived, with its usage so far. */
export class BrokenReply extends Error {
  constructor(
    message: string,
    readonly partial: Message | null,
    /** The provider's own name for the error, when it sent one into the stream. */
    readonly errorType: string | null = null,
  ) {
    super(message);
  }
}

/** Throws a BrokenReply. */
export async function readReply(contentType: string, body: string): Promise<Message> {
  return contentType.includes('text/event-stream') ? await readStream(body) : readWhole(body);
}

function readWhole(text: string): Message {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BrokenReply(`not JSON: ${text.slice(0, 200)}`, null);
  }
  const message = MessageSchema.safeParse(json);
  if (message.success) return message.data;
  throw new BrokenReply(`not a message: ${z.prettifyError(message.error)}`, null);
}

async function readStream(body: string): Promise<Message> {
  let message: Message | null = null;
  try {
    for await (const { data } of Stream.rawEvents(new Response(body))) {
      const event = EventSchema.safeParse(data === '' ? null : JSON.parse(data));
      // Pings, and kinds of events that are to come.
      if (!event.success) continue;
      if (event.data.type === 'error') {
        throw new BrokenReply(event.data.error.message, message, event.data.error.type);
      }
      if (event.data.type === 'message_start') message = event.data.message;
      else if (message !== null) applyEvent(message, event.data);
      if (event.data.type === 'message_stop' && message !== null) return message;
    }
  } catch (error) {
    if (error instanceof BrokenReply) throw error;
    throw new BrokenReply(error instanceof Error ? error.message : String(error), message);
  }
  throw new BrokenReply('the stream ended before its message', message);
}

type Event = Exclude<z.output<typeof EventSchema>, { type: 'error' | 'message_start' }>;

function applyEvent(message: Message, event: Event): void {
  switch (event.type) {
    case 'content_block_start':
      message.content[event.index] = event.content_block;
      break;
    case 'content_block_delta': {
      const block = message.content[event.index];
      if (block && event.delta.text !== undefined) block.text = (block.text ?? '') + event.delta.text;
      break;
    }
    case 'message_delta': {
      message.stop_reason = event.delta.stop_reason ?? message.stop_reason;
      // Counts are totals so far; what an event leaves out stays as it was.
      const known = Object.entries(event.usage ?? {}).filter(([, value]) => value !== null);
      message.usage = UsageSchema.catch(message.usage).parse({ ...message.usage, ...Object.fromEntries(known) });
      break;
    }
    case 'message_stop':
  }
}

/** The text blocks, without what the model thought. */
export function textOf(message: Message): string {
  return message.content
    .filter((block) => block?.type === 'text')
    .map((block) => block.text ?? '')
    .join('');
}
