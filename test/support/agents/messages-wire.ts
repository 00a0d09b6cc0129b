/** A message as the Messages API sends it: whole, as a stream of events, or as an error. */

import type { ServerResponse } from 'node:http';
import type { TokenUsage } from '../../../agents/model-prices.js';

export interface WireMessage {
  model: string;
  text: string;
  tool?: { name: string; input: unknown };
  stopReason: string;
  usage: TokenUsage;
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

export function errorBody(status: number, message: string) {
  return { type: 'error', error: { type: ERROR_TYPES[status] ?? 'api_error', message } };
}

let serial = 0;

export function messageBody({ model, text, tool, stopReason, usage }: WireMessage) {
  const asked = tool ? [{ type: 'tool_use', id: `toolu_${serial}`, ...tool }] : [];
  return {
    id: `msg_${serial++}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [...(text === '' ? [] : [{ type: 'text', text }]), ...asked],
    stop_reason: stopReason,
    stop_sequence: null,
    usage,
  };
}

/** In pieces of this many characters. */
const PIECE = 400;

export async function sendStream(response: ServerResponse, message: WireMessage, { cutMidway = false } = {}) {
  const send = (type: string, fields: object = {}) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const { usage } = message;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const start = { ...messageBody(message), content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  send('message_start', { message: start });
  send('ping');
  if (message.text !== '') {
    send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
    for (let at = 0; at < message.text.length; at += PIECE) {
      const text = message.text.slice(at, at + PIECE);
      send('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
      if (cutMidway) break;
    }
    if (!cutMidway) send('content_block_stop', { index: 0 });
  }
  if (message.tool && !cutMidway) {
    const index = message.text === '' ? 0 : 1;
    const { name, input } = message.tool;
    send('content_block_start', { index, content_block: { type: 'tool_use', id: `toolu_${serial}`, name, input: {} } });
    send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) } });
    send('content_block_stop', { index });
  }
  if (cutMidway) {
    // What was written must have left before the connection goes.
    await new Promise((written) => response.write(': no more\n\n', written));
    response.destroy();
    return;
  }
  const delta = { stop_reason: message.stopReason, stop_sequence: null };
  send('message_delta', { delta, usage: { output_tokens: usage.output_tokens } });
  send('message_stop');
  response.end();
}
