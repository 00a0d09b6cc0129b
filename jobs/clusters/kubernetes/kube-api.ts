/**
 * Questions to an API server, by the client's own configuration (kubeconfig, the service account of a pod, programs
 * that give tokens). The bodies go as they are: the client's classes drop each field that they do not know, a manifest
 * of the user's must arrive whole, and the server says what is wrong with it.
 */
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { SchedulerBusy } from '../scheduler.js';

/** A server that is alive answers in seconds; asked again later is better than waited for. */
const ANSWER_LIMIT_MS = 30_000;
/** A peer of a long connection that is gone without a word is noticed so. */
const KEEP_ALIVE_MS = 30_000;
/** The server's own words for "later": it has no leader, starts, is told too much. */
const BUSY_CODES = new Set([408, 429, 500, 502, 503, 504]);

const StatusSchema = z.object({ message: z.string().default(''), reason: z.string().default('') });

const VersionSchema = z.object({ gitVersion: z.string() });

/** The server's refusal. */
export class KubeRefusal extends Error {
  override readonly name = 'KubeRefusal';
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Question {
  path: string;
  query?: Readonly<Record<string, string>>;
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
}

export class KubeApi {
  private constructor(private readonly config: KubeConfig) {}

  /** `context` of the kubeconfig; '' for the current one, or the service account of the pod that this runs in. */
  static async open(context: string): Promise<KubeApi> {
    // 57 MB on disk: whoever runs no job there never loads it.
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromDefault();
    if (context !== '') config.setCurrentContext(context);
    if (config.getCurrentCluster() !== null) return new KubeApi(config);
    const known = config.getContexts().map(({ name }) => name);
    const what = context === '' ? 'no current context' : `no context ${JSON.stringify(context)}`;
    throw new Error(`the kubeconfig has ${what} (contexts: ${known.join(', ') || 'none'}): give --kube-context`);
  }

  /** Of the context; '' where it names none. */
  get namespace(): string {
    return this.config.getContextObject(this.config.getCurrentContext())?.namespace ?? '';
  }

  /** Throws a SchedulerBusy for what passes, a KubeRefusal for what does not. */
  async ask(question: Question, limitMs = ANSWER_LIMIT_MS): Promise<unknown> {
    const response = await this.send(question, limitMs);
    const body = await text(response).catch((error: Error) => {
      throw new SchedulerBusy(`Kubernetes: ${error.message}`);
    });
    refuse(response.statusCode ?? 0, body);
    return JSON.parse(body) as unknown;
  }

  /** For a person. Nobody needs a right to ask for it. */
  async version(limitMs: number): Promise<string> {
    const { gitVersion } = VersionSchema.parse(await this.ask({ path: '/version' }, limitMs));
    return `${gitVersion} at ${this.config.getCurrentCluster()?.server}`;
  }

  /**
   * A body that may grow for as long as the server likes. Here an error 500 is a KubeRefusal: the server tells by it
   * that the host of a pod does not answer.
   */
  async read(question: Question): Promise<IncomingMessage> {
    const response = await this.send(question, null);
    const code = response.statusCode ?? 0;
    if (code === 200) return response;
    const body = await text(response).catch(() => '');
    if (code === 500) throw new KubeRefusal(code, '', statusIn(body).message || body.slice(0, 500));
    refuse(code, body);
    return response;
  }

  private async send({ path, query = {}, method = 'GET', body }: Question, limitMs: number | null) {
    const server = this.config.getCurrentCluster()?.server ?? '';
    const url = new URL(`${server.replace(/\/$/, '')}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const options: RequestOptions = { method, headers: { accept: 'application/json, */*' } };
    await this.config.applyToHTTPSOptions(options).catch((error: Error) => {
      throw new SchedulerBusy(`there are no credentials for Kubernetes: ${error.message}`);
    });
    const sent = body === undefined ? '' : JSON.stringify(body);
    if (body !== undefined) {
      // Node tells the length by itself of some methods only; a DELETE's body would not be seen as one.
      const described = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
      options.headers = { ...options.headers, ...described };
    }
    if (limitMs !== null) options.signal = AbortSignal.timeout(limitMs);
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = (url.protocol === 'http:' ? requestHttp : requestHttps)(url, options, resolve);
      asked.once('error', (error) => reject(notReached(error, url.host)));
      asked.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
      asked.end(sent);
    });
  }
}

/** A name that does not resolve and a certificate that does not fit pass, too: networks and clusters are mended. */
function notReached(error: Error, host: string): SchedulerBusy {
  const text = error.name === 'AbortError' || error.name === 'TimeoutError' ? 'no answer' : error.message;
  return new SchedulerBusy(`the API server of Kubernetes at ${host} cannot be reached: ${text}`);
}

function refuse(code: number, body: string): void {
  if (code >= 200 && code < 300) return;
  const { message, reason } = statusIn(body);
  const said = message || body.slice(0, 500) || `HTTP ${code}`;
  const isQuota = code === 403 && /exceeded quota/i.test(message);
  if (BUSY_CODES.has(code) || isQuota) throw new SchedulerBusy(`Kubernetes: ${said}`);
  throw new KubeRefusal(code, reason, said);
}

function statusIn(body: string): z.output<typeof StatusSchema> {
  try {
    return StatusSchema.parse(JSON.parse(body));
  } catch {
    return { message: '', reason: '' };
  }
}
