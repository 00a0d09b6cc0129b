/** The dashboard's server over real HTTP: what it tells, what it changes, and who gets nothing. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { markdownHtml } from '../../../client/dashboard/markdown-html.js';
import type { BoardAnswer, ChangeAnswer, ExperimentAnswer } from '../../../domain/board/page-answers.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { dashboardOf } from '../../support/dashboard.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';
import { autoresearch } from '../command-line.js';

async function shownRun(events?: number) {
  const run = syntheticRun({ followUps: 12, open: 3, seed: 11 });
  const { workdir } = await syntheticWorkdir(run);
  await mkdir(workdir.engine, { recursive: true });
  const log = openRunLog(workdir);
  await log.append(run.events.slice(0, events));
  const { url } = await dashboardOf(workdir.root);
  return { workdir, url, run, log };
}

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;

interface Answer {
  status: number;
  body: string;
}

/** With headers that `fetch` would not send. */
function ask(url: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('error', reject).end(body);
  });
}

describe('the dashboard', () => {
  it('says which flag asks for a port that is taken', async () => {
    const { workdir, url } = await shownRun();
    const { code, err } = await autoresearch('dashboard', workdir.root, '--port', new URL(url).port);
    expect(err).toContain(`error: --port: "${new URL(url).port}": a port that is free`);
    expect(code).toBe(2);
  });

  it('gives nothing to a wrong token, a foreign Origin, a forged Host', async () => {
    const { url } = await shownRun();
    const { port } = new URL(url);
    const nothing = { status: 403, body: '' };
    expect(await ask(`http://127.0.0.1:${port}/`, {})).toEqual(nothing);
    expect(await ask(`http://127.0.0.1:${port}/${'A'.repeat(32)}/api/runs`, {})).toEqual(nothing);
    expect(await ask(`${url}api/runs`, { host: 'evil.example' })).toEqual(nothing);
    expect(await ask(`${url}api/runs`, { origin: 'http://evil.example' })).toEqual(nothing);
    const change = JSON.stringify({ do: 'pause', request: 'r1' });
    const type = { 'content-type': 'application/json' };
    expect(await ask(`${url}api/runs/0/changes`, type, 'POST', change)).toEqual(nothing);
    expect(await ask(`${url}api/runs/0/changes`, { ...type, origin: 'null' }, 'POST', change)).toEqual(nothing);
    const plain = { 'content-type': 'text/plain', origin: new URL(url).origin };
    expect(await ask(`${url}api/runs/0/changes`, plain, 'POST', change)).toMatchObject({ status: 404, body: '' });
    expect((await fetch(url)).headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('tells of a run from its files alone, and of what is appended', async () => {
    const { url, run, log, workdir } = await shownRun(60);
    const first = await json<BoardAnswer>(`${url}api/runs/0/board`);
    expect(first).toMatchObject({ served: false, temporal: null, board: { seq: 60 } });
    const changes = await fetch(`${url}api/events`);
    const reader = changes.body!.pipeThrough(new TextDecoderStream()).getReader();
    let told = '';
    const until = async (part: string) => {
      while (!told.includes(part)) told += (await reader.read()).value ?? '';
    };
    await until('"version":1');
    await log.append(run.events);
    await until('"version":2');
    await reader.cancel();
    const { board } = await json<BoardAnswer>(`${url}api/runs/0/board`);
    expect(board?.seq).toBe(run.events.length);
    const { nodeId } = board!.rows.find(({ look, kind }) => look === 'improved' && kind === 'planned')!;
    await mkdir(workdir.run(nodeId), { recursive: true });
    await writeFile(workdir.run(nodeId, 'analysis.md'), '# Found\n\n<img src=x onerror=alert(1)> `queue` **empty**\n');
    const { page, analysis } = await json<ExperimentAnswer>(`${url}api/runs/0/experiment/${nodeId}`);
    expect(page.hypothesis).toContain('Decoding waits less');
    expect(analysis).toContain('<h3>Found</h3>');
    expect(analysis).not.toContain('<img');
    for (const name of ['progress', 'progress-all', 'tree']) {
      const svg = await (await fetch(`${url}api/runs/0/${name}.svg?width=500`)).text();
      expect(svg).toContain(`data-node="${nodeId}"`);
      expect(svg).not.toMatch(/(fill|stroke)="#/);
    }
    expect((await fetch(`${url}api/runs/0/experiment/none`)).status).toBe(404);
    expect((await fetch(`${url}api/runs/0/experiment/%`)).status).toBe(404);
    expect((await fetch(`${url}api/runs/7/board`)).status).toBe(404);
    expect((await fetch(`${url}assets/..%2f..%2fserver.js`)).status).toBe(404);
  });

  it('follows the output of a job, whose name leads nowhere else', async () => {
    const { url, workdir, run } = await shownRun();
    const open = run.events.filter((event) => event.type === 'job_launched').at(-1)!;
    const { nodeId, jobId } = open as Extract<typeof open, { type: 'job_launched' }>;
    await mkdir(workdir.job(jobId), { recursive: true });
    await writeFile(workdir.job(jobId, 'stdout.log'), 'step=1\n');
    const reader = (await fetch(`${url}api/runs/0/log/${nodeId}?stream=stdout`))
      .body!.pipeThrough(new TextDecoderStream())
      .getReader();
    let told = '';
    const until = async (part: string) => {
      while (!told.includes(part)) told += (await reader.read()).value ?? '';
    };
    await until('step=1');
    await appendFile(workdir.job(jobId, 'stdout.log'), 'step=2 ü\n');
    await until('step=2 ü');
    await reader.cancel();
    expect((await fetch(`${url}api/runs/0/log/..%2f..%2fx`)).status).toBe(404);
  });

  it('refuses a change as the command does, and says why', async () => {
    const { url } = await shownRun();
    const post = async (change: object) => {
      const headers = { 'content-type': 'application/json', origin: new URL(url).origin };
      const response = await fetch(`${url}api/runs/0/changes`, {
        method: 'POST',
        headers,
        body: JSON.stringify(change),
      });
      return (await response.json()) as ChangeAnswer;
    };
    expect(await post({ do: 'pause', request: 'r1' })).toMatchObject({
      accepted: false,
      message: /no engine works on it/,
    });
    const headers = { 'content-type': 'application/json', origin: new URL(url).origin };
    const broken = await fetch(`${url}api/runs/0/changes`, { method: 'POST', headers, body: '{"do"' });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toEqual({ accepted: false, message: 'what was sent is no JSON' });
    expect(await post({ do: 'dance', request: 'r1' })).toMatchObject({ accepted: false });
    expect(await post({ do: 'remove', node: 'x' })).toMatchObject({ accepted: false, message: /request/ });
    // Nobody serves it: a note is kept, as by the command.
    expect(await post({ do: 'note', text: 'mind the cache', request: 'r2' })).toMatchObject({
      accepted: true,
      message: /kept/,
    });
  });
});

it('lets nothing through that Markdown of an agent could run or load', () => {
  const html = markdownHtml(
    '<script>x()</script>\n\n![pixel](http://evil.example/p.png) [a](javascript:alert(1)) [b](https://spdl.dev "t") <b>c</b>',
  );
  expect(html).not.toMatch(/<(script|img|b)\b|javascript:/);
  expect(html).toContain('&lt;script&gt;');
  expect(html).toContain('<a href="https://spdl.dev" target="_blank" rel="noreferrer noopener">b</a>');
  expect(markdownHtml('text\n\n```json\n{"metrics": {}}\n```\n')).toBe('<p>text</p>\n');
});
