/** What stands in for a provider on this host: how it begins and ends, and how it tells of a script that fails. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const JSON_HEADERS = { 'content-type': 'application/json' };

export abstract class LoopbackServer implements AsyncDisposable {
  readonly #server = createServer();

  protected abstract serve(incoming: IncomingMessage, response: ServerResponse): Promise<void>;
  /** An error as the provider words it. */
  protected abstract errorBody(status: number, message: string): object;

  protected async listen(): Promise<this> {
    this.#server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
      this.serve(incoming, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500, JSON_HEADERS);
        response.end(JSON.stringify(this.errorBody(500, `the script failed: ${String(error)}`)));
      });
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  protected refuse(response: ServerResponse, status: number, message: string, headers: object = {}): void {
    response.writeHead(status, { ...JSON_HEADERS, ...headers });
    response.end(JSON.stringify(this.errorBody(status, message)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
