/**
 * A loopback server that speaks OpenAI's Responses API as the real `codex` command asks it: by server-sent events. It
 * answers by a script, fails on demand, and keeps its own count of the tokens of each call.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as textOfStream } from 'node:stream/consumers';
import { LoopbackServer } from './loopback-server.js';
import type { MessagesRequest } from './messages-request.js';
import { tokensIn } from './messages-request.js';

/** `cut` closes before any byte, `cut_midway` within the answer; `slow` is silence until the caller goes away. */
export type ResponsesFault =
  | { kind: 'status'; status: number }
  | { kind: 'cut' | 'cut_midway' | 'incomplete' | 'slow' };

export interface ResponsesScript {
  answer(prompt: string, request: Pick<MessagesRequest, 'output_config'>): string | Promise<string>;
  fault?(call: number): ResponsesFault | null;
}

interface ServedResponse {
  prompt: string;
  apiKey: string | undefined;
  /** What the command says of the session that it asks for, its sandbox among it. */
  session: Record<string, unknown>;
  /** Of the whole request and answer; 0 where nothing was charged. */
  tokens: number;
}

interface ResponsesRequest {
  input: { type?: string; role?: string; content?: { type: string; text?: string }[] }[];
}

export class ResponsesServer extends LoopbackServer {
  readonly calls: ServedResponse[] = [];

  private constructor(private readonly script: ResponsesScript) {
    super();
  }

  static start(script: ResponsesScript): Promise<ResponsesServer> {
    return new ResponsesServer(script).listen();
  }

  /** Flags of `codex` that make this server its provider, without repetitions of its own, which take minutes. */
  get codexFlags(): string[] {
    const provider = `{name="loopback",base_url="${this.url}/v1",env_key="OPENAI_API_KEY",wire_api="responses",request_max_retries=0,stream_max_retries=0}`;
    return ['--config', 'model_provider="loopback"', '--config', `model_providers.loopback=${provider}`];
  }

  get tokens(): number {
    return this.calls.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  protected errorBody(_status: number, message: string): object {
    return { error: { message, type: 'scripted', code: null } };
  }

  protected async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOfStream(incoming);
    if (incoming.method !== 'POST' || !incoming.url?.endsWith('/responses')) {
      this.refuse(response, 404, `no ${incoming.url}`);
      return;
    }
    const prompt = promptOf(JSON.parse(body) as ResponsesRequest);
    const fault = this.script.fault?.(this.calls.length) ?? null;
    const session = JSON.parse(incoming.headers['x-codex-turn-metadata']?.toString() ?? '{}');
    const apiKey = incoming.headers.authorization?.replace(/^Bearer /, '');
    const call: ServedResponse = { prompt, apiKey, session, tokens: 0 };
    this.calls.push(call);
    if (fault?.kind === 'slow') return;
    if (fault?.kind === 'cut') return void response.destroy();
    if (fault?.kind === 'status') return this.refuse(response, fault.status, `scripted ${fault.status}`);
    const text = await this.script.answer(prompt, {});
    const sent = { input_tokens: tokensIn(body), output_tokens: Math.max(1, tokensIn(text)) };
    const send = (type: string, fields: object) =>
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const id = `resp_${this.calls.length}`;
    send('response.created', { response: { id } });
    if (fault?.kind === 'incomplete') {
      send('response.incomplete', { response: { id, incomplete_details: { reason: 'max_output_tokens' } } });
      return void response.end();
    }
    const content = [{ type: 'output_text', text }];
    send('response.output_item.done', {
      output_index: 0,
      item: { type: 'message', id: `msg_${id}`, role: 'assistant', content },
    });
    if (fault?.kind === 'cut_midway') {
      // What was written must have left before the connection goes.
      await new Promise((written) => response.write(': no more\n\n', written));
      return void response.destroy();
    }
    call.tokens = sent.input_tokens + sent.output_tokens;
    const usage = {
      ...sent,
      input_tokens_details: { cached_tokens: Math.floor(sent.input_tokens / 2) },
      total_tokens: call.tokens,
    };
    send('response.completed', { response: { id, usage } });
    response.end();
  }
}

/** What the user said last. */
function promptOf({ input }: ResponsesRequest): string {
  const content = input.filter(({ role }) => role === 'user').at(-1)?.content ?? [];
  return content.map(({ text }) => text ?? '').join('\n\n');
}
