/**
 * Who may ask the dashboard: whoever has its link, by this host's own names, from its own page. Everything else gets
 * an empty refusal, whatever it asks for.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Access {
  /** The path that every request begins with, without slashes. */
  token: string;
  port: number;
}

const TOKEN_BYTES = 24;

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The path behind the token, as in `/api/runs`; null for a request that gets nothing. */
export function allowedPath(
  { method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  { token, port }: Access,
): string | null {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  // A page that was led here under another name is not this host's own (DNS rebinding).
  if (!hosts.includes(headers.host ?? '')) return null;
  const { origin } = headers;
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) return null;
  // What changes something comes from a page, which always says whose.
  if (method !== 'GET' && (method !== 'POST' || origin === undefined)) return null;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return null;
  const [, given = '', rest = ''] = /^\/([^/?]*)(\/[^?]*)?/.exec(url ?? '') ?? [];
  return isSame(given, token) ? rest : null;
}

function isSame(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
