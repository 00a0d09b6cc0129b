/**
 * The process that makes one request to the Messages API: told on standard input, it prints what comes back as it
 * comes. The engine gives it a file to print to, so that a reply outlives an engine that is killed, like that of any
 * agent command.
 */
import { text } from 'node:stream/consumers';
import Anthropic, { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import { type Head, headLine, type MessagesCall } from './anthropic-exchange.js';

async function callMessages({ body, timeoutMs }: MessagesCall): Promise<void> {
  let response: Response;
  try {
    const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseURL } = process.env;
    const client = new Anthropic({
      ...(apiKey ? { apiKey } : {}),
      ...(baseURL ? { baseURL } : {}),
      maxRetries: 0,
      timeout: timeoutMs,
      // What it would log holds prompts and headers.
      logLevel: 'off',
      openTelemetry: false,
    });
    response = await client.messages.create(body).asResponse();
  } catch (error) {
    process.stdout.write(headLine(headOf(error)));
    return;
  }
  process.stdout.write(headLine({ outcome: 'replied', contentType: response.headers.get('content-type') ?? '' }));
  for await (const bytes of response.body ?? []) process.stdout.write(bytes);
}

function headOf(error: unknown): Head {
  if (error instanceof APIError && error.status !== undefined) {
    return {
      outcome: 'refused',
      status: error.status,
      message: error.apiMessage ?? error.message,
      retryAfter: error.headers?.get('retry-after') ?? null,
      retryAfterMs: error.headers?.get('retry-after-ms') ?? null,
    };
  }
  return { outcome: error instanceof APIConnectionError ? 'unreachable' : 'not_sent', message: withCause(error) };
}

function withCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? withCause(error.cause) : '';
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message} (${cause})`;
}

const told = await text(process.stdin);
// An engine that was killed before it gave its request closes the pipe.
if (told !== '') {
  await callMessages(JSON.parse(told) as MessagesCall).catch((error: unknown) => {
    process.stderr.write(withCause(error));
    process.exitCode = 1;
  });
}
