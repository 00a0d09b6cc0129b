/** Questions to a test's own API server, as one who may do everything. */
import { request } from 'node:https';
import { json } from 'node:stream/consumers';

export interface Admin {
  url: string;
  ca: string;
  token: string;
}

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, of which a test reads what it likes.
export type Answer = { code: number; body: any };

export async function asked(
  { url, ca, token }: Admin,
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = body === undefined ? '' : JSON.stringify(body);
    const length = { 'content-type': type, 'content-length': Buffer.byteLength(sent) };
    const headers = { authorization: `Bearer ${token}`, ...length };
    const call = request(`${url}${path}`, { method, ca, headers, timeout: 20_000 }, (response) => {
      json(response).then(
        (answer) => resolve({ code: response.statusCode ?? 0, body: answer }),
        () => resolve({ code: response.statusCode ?? 0, body: null }),
      );
    });
    call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer`)));
    call.on('error', reject);
    call.end(sent);
  });
}

/** Throws with what the server says where it refuses. */
export async function done(admin: Admin, method: string, path: string, body?: unknown, type?: string) {
  const { code, body: answer } = await asked(admin, method, path, body, type);
  if (code < 200 || code > 299) throw new Error(`${method} ${path}: ${code} ${JSON.stringify(answer)}`);
  return answer;
}

export const MERGE = 'application/strategic-merge-patch+json';
