/**
 * What the process that calls the Messages API is told and prints: first a line that says what became of the request,
 * then the reply's body, byte for byte as it arrives.
 */
import type { MessageCreateParamsStreaming } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';

/** On its standard input. */
export interface MessagesCall {
  body: MessageCreateParamsStreaming;
  timeoutMs: number;
}

const HeadSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('replied'), contentType: z.string() }),
  z.object({
    outcome: z.literal('refused'),
    status: z.number(),
    message: z.string(),
    retryAfter: z.string().nullable(),
    retryAfterMs: z.string().nullable(),
  }),
  z.object({ outcome: z.literal('unreachable'), message: z.string() }),
  z.object({ outcome: z.literal('not_sent'), message: z.string() }),
]);
export type Head = z.output<typeof HeadSchema>;
export type FailedHead = Exclude<Head, { outcome: 'replied' }>;

export function headLine(head: Head): string {
  return `${JSON.stringify(head)}\n`;
}

/** Null while the first line is not whole. */
export function readExchange(printed: string): { head: Head; body: string } | null {
  const end = printed.indexOf('\n');
  if (end < 0) return null;
  try {
    const head = HeadSchema.safeParse(JSON.parse(printed.slice(0, end)));
    return head.success ? { head: head.data, body: printed.slice(end + 1) } : null;
  } catch {
    return null;
  }
}
