/**
 * A loopback server that speaks the Messages API: for the SDK, and for the real `claude` command, which streams. It
 * answers by a script, fails on demand, and keeps its own count of what each call used and cost.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as textOfStream } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { costOf, type TokenUsage } from '../../../agents/model-prices.js';
import { JSON_HEADERS, LoopbackServer } from './loopback-server.js';
import { type MessagesRequest, PromptCache, promptOf, tokensIn } from './messages-request.js';
import { errorBody, messageBody, sendStream, type WireMessage } from './messages-wire.js';

/** `cut` is a connection that closes before any byte, `cut_midway` one that closes within a streamed answer. */
export type Fault =
  | { kind: 'status'; status: number; headers?: Record<string, string>; message?: string }
  | { kind: 'cut' | 'cut_midway' | 'garbage' | 'empty' | 'not_json' | 'truncated' | 'refusal' | 'slow' };

export interface ServedCall {
  request: MessagesRequest;
  prompt: string;
  apiKey: string | undefined;
  fault: Fault | null;
  /** Whether the whole response has left. */
  isSent: boolean;
  /** Null when nothing was charged. */
  usage: TokenUsage | null;
  costUsd: number;
}

type Answer = string | { text: string; tool: { name: string; input: unknown } };

export interface MessagesScript {
  /** The text of an answer; JSON where the request asks for it. With `tool` the model asks for that one. */
  answer(prompt: string, request: MessagesRequest): Answer | Promise<Answer>;
  /** What goes wrong with this call; calls count from 0. */
  fault?(call: number, prompt: string): Fault | null;
  /** True for a server that sends every answer whole, as some proxies do. */
  neverStreams?: boolean;
}

export class MessagesServer extends LoopbackServer {
  readonly calls: ServedCall[] = [];
  private readonly cache = new PromptCache();

  private constructor(private readonly script: MessagesScript) {
    super();
  }

  static start(script: MessagesScript): Promise<MessagesServer> {
    return new MessagesServer(script).listen();
  }

  get costUsd(): number {
    return this.calls.reduce((sum, { costUsd }) => sum + costUsd, 0);
  }

  /** Waits until that many requests were answered; the test's own time limit ends a wait in vain. */
  async untilSent(count: number): Promise<void> {
    while (this.calls.filter(({ isSent }) => isSent).length < count) await sleep(LOOK_MS);
  }

  /** The same for requests that have come, answered or not. */
  async untilAsked(count: number): Promise<void> {
    while (this.calls.length < count) await sleep(LOOK_MS);
  }

  protected errorBody(status: number, message: string): object {
    return errorBody(status, message);
  }

  protected async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
    const body = await textOfStream(incoming);
    if (incoming.method !== 'POST' || !pathname.startsWith('/v1/messages')) {
      this.refuse(response, 404, `no ${pathname}`);
      return;
    }
    const request = JSON.parse(body) as MessagesRequest;
    if (pathname === '/v1/messages/count_tokens') {
      response.writeHead(200, JSON_HEADERS).end(JSON.stringify({ input_tokens: tokensIn(body) }));
      return;
    }
    const prompt = promptOf(request);
    const fault = this.script.fault?.(this.calls.length, prompt) ?? null;
    const bearer = incoming.headers.authorization?.replace(/^Bearer /, '');
    const apiKey = bearer ?? incoming.headers['x-api-key']?.toString();
    const call: ServedCall = { request, prompt, apiKey, fault, isSent: false, usage: null, costUsd: 0 };
    this.calls.push(call);
    response.once('finish', () => {
      call.isSent = true;
    });
    await this.reply(call, response);
  }

  private async reply(call: ServedCall, response: ServerResponse): Promise<void> {
    const { request, fault } = call;
    switch (fault?.kind) {
      case 'status': {
        const { status, headers, message } = fault;
        this.refuse(response, status, message ?? `scripted ${status}`, headers);
        return;
      }
      case 'cut':
        response.destroy();
        return;
      case 'slow':
        // Silence, until the caller goes away.
        return;
      case 'not_json':
        response.writeHead(200, JSON_HEADERS).end('<html>a proxy speaks</html>');
        return;
    }
    const message = await this.message(call);
    const isCut = fault?.kind === 'cut_midway';
    this.charge(call, isCut ? { ...message.usage, output_tokens: 1 } : message.usage);
    if (request.stream && !this.script.neverStreams) await sendStream(response, message, { cutMidway: isCut });
    else response.writeHead(200, JSON_HEADERS).end(JSON.stringify(messageBody(message)));
  }

  private async message({ request, prompt, fault }: ServedCall): Promise<WireMessage> {
    const answer =
      fault?.kind === 'garbage' ? 'Let us talk about the weather.' : await this.script.answer(prompt, request);
    const { text: whole, tool } = typeof answer === 'string' ? { text: answer, tool: undefined } : answer;
    const isEmpty = fault?.kind === 'empty' || fault?.kind === 'refusal';
    const text = isEmpty ? '' : fault?.kind === 'truncated' ? whole.slice(0, whole.length / 2) : whole;
    const stops: Record<string, string> = { truncated: 'max_tokens', refusal: 'refusal' };
    return {
      model: request.model,
      text,
      ...(tool ? { tool } : {}),
      stopReason: stops[fault?.kind ?? ''] ?? (tool ? 'tool_use' : 'end_turn'),
      usage: { ...this.cache.usageOf(request), output_tokens: Math.max(1, tokensIn(text)) },
    };
  }

  private charge(call: ServedCall, usage: TokenUsage): void {
    call.usage = usage;
    call.costUsd = costOf(call.request.model, usage) ?? 0;
  }
}

/** How often calls are looked at; only how soon a test goes on depends on it. */
const LOOK_MS = 5;
