/** A proxy before a test's API server, which loses the answer to what is created while it is told to. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Admin } from './admin-client.js';

export class LossyProxy {
  losesAnswers = false;
  /** Method and path of all that was asked. */
  readonly asked: string[] = [];
  private readonly server = createServer((request, response) => this.pass(request, response));

  private constructor(private readonly to: Pick<Admin, 'url' | 'ca'>) {}

  static async before(to: Pick<Admin, 'url' | 'ca'>): Promise<LossyProxy> {
    const proxy = new LossyProxy(to);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', headers, url = '/' } = request;
    this.asked.push(`${method} ${url}`);
    const { ca } = this.to;
    const far = requestHttps(new URL(url, this.to.url), { method, headers, ca }, (answer) => {
      if (method === 'POST' && this.losesAnswers) {
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    far.on('error', () => response.destroy());
    response.on('close', () => far.destroy());
    request.pipe(far);
  }
}
