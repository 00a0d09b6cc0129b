/** The dashboard's server: on loopback alone, for whoever has its link (access.ts). One response for each path. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../../host/free-ports.js';
import { requestBody } from '../../host/request-body.js';
import { allowedPath, newToken } from './access.js';
import { ChangeSchema, makeChange } from './asked-changes.js';
import { openEventStream } from './event-stream.js';
import { followLog } from './follow-log.js';
import { servedDocument } from './page-document.js';
import { pageModules, styleSheet } from './page-files.js';
import { type ChartName, RunAnswers } from './run-answers.js';
import type { RunFeed } from './run-feed.js';

export interface Dashboard extends AsyncDisposable {
  /** The link, with the token in it. */
  url: string;
}

const BODY_LIMIT_BYTES = 1 << 20;
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** `port` 0: any that is free. */
export async function startDashboard(feeds: readonly RunFeed[], port: number): Promise<Dashboard> {
  const runs = feeds.map((feed) => new RunAnswers(feed));
  const [modules, style] = await Promise.all([pageModules(), styleSheet()]);
  const page = servedDocument(modules.keys());
  const token = newToken();
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = allowedPath(request, { token, port: (server.address() as AddressInfo).port });
    if (path === null) return void response.writeHead(403).end();
    answer(request, response, path).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(error.message);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const query = new URL(request.url ?? '/', `http://${LOOPBACK}`).searchParams;
    if (path === '') return void response.writeHead(308, { location: `/${token}/` }).end();
    if (path === '/') {
      response.setHeader('content-security-policy', page.policy);
      return send(response, 'text/html; charset=utf-8', page.html);
    }
    const asset = /^\/assets\/([\w./-]+)$/.exec(path)?.[1];
    if (asset === 'style.css') return send(response, 'text/css; charset=utf-8', style);
    const module = asset === undefined ? undefined : modules.get(asset);
    if (module !== undefined) return send(response, JAVASCRIPT, module);
    if (path === '/api/runs')
      return sendJson(
        response,
        feeds.map(({ info }) => info),
      );
    if (path === '/api/events') return tellChanges(response);
    const [, index = '', what = '', node = ''] = /^\/api\/runs\/(\d+)\/([\w.-]+)(?:\/([^/]+))?$/.exec(path) ?? [];
    const run = runs[Number(index || Number.NaN)];
    if (!run) return notFound(response);
    if (request.method === 'POST') {
      return what === 'changes' ? await change(run.feed, request, response) : notFound(response);
    }
    const named = decodedOf(node);
    if (named === null) return notFound(response);
    await answerRun(run, what, named, query, response);
  }

  function tellChanges(response: ServerResponse): void {
    const stream = openEventStream(response);
    const tell = ({ info, version }: RunFeed) => stream.send({ run: info.index, version });
    const ends = feeds.map((feed) => feed.onChange(() => tell(feed)));
    for (const feed of feeds) tell(feed);
    stream.signal.addEventListener('abort', () => {
      for (const end of ends) end();
    });
  }

  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/${token}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Of every response: nothing is kept by caches, guessed by browsers, framed, or told to other sites. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

async function answerRun(
  run: RunAnswers,
  what: string,
  node: string,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  switch (what) {
    case 'board':
      return sendJson(response, await run.board());
    case 'progress.svg':
    case 'progress-all.svg':
    case 'tree.svg': {
      const width = Math.round(Math.min(2400, Math.max(300, Number(query.get('width')) || 1080)));
      return send(response, 'image/svg+xml', run.chart(what.slice(0, -'.svg'.length) as ChartName, width));
    }
    case 'experiment':
      return sendJson(response, await run.experiment(node));
    case 'diff':
      return sendJson(response, await run.diff(node, query.get('against') ?? 'parent'));
    case 'comparison':
      return sendJson(response, run.comparison(node, query.get('with') ?? ''));
    case 'log': {
      const path = await run.logFile(node, query.get('stream') === 'stderr' ? 'stderr' : 'stdout');
      if (path === null) return notFound(response);
      return await followLog(path, openEventStream(response), () => run.isOpen(node));
    }
    default:
      return notFound(response);
  }
}

async function change(feed: RunFeed, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A form of another page could not send this type without being asked first.
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return notFound(response);
  const body = await jsonBody(request);
  const parsed = ChangeSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    const message = body === null ? 'what was sent is no JSON' : `${where}${issue?.message}`;
    return sendJson(response, { accepted: false, message }, 400);
  }
  sendJson(response, await makeChange(feed, parsed.data));
}

/** Null where it is no JSON. */
async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const text = await requestBody(request, BODY_LIMIT_BYTES);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A part of a path without its escapes; null where they are none. */
function decodedOf(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function send(response: ServerResponse, type: string, text: string, code = 200): void {
  response.writeHead(code, { 'content-type': type }).end(text);
}

function sendJson(response: ServerResponse, value: unknown, code = 200): void {
  if (value === null || value === undefined) notFound(response);
  else send(response, 'application/json; charset=utf-8', JSON.stringify(value), code);
}

function notFound(response: ServerResponse): void {
  response.writeHead(404).end();
}
