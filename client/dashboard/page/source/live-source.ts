/** The dashboard's server as the page's source. All addresses are relative to the page, whose path holds the token. */
import type { ChangeAnswer } from '../../../../domain/board/page-answers.js';
import type { Source } from './source.js';

async function get<T>(path: string): Promise<T | null> {
  const response = await fetch(path);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`the dashboard answers ${response.status}`);
  return (await response.json()) as T;
}

async function must<T>(path: string): Promise<T> {
  const value = await get<T>(path);
  if (value === null) throw new Error(`the dashboard does not know ${path}`);
  return value;
}

const at = (run: number, what: string, nodeId: string) => `api/runs/${run}/${what}/${encodeURIComponent(nodeId)}`;

export const liveSource: Source = {
  isLive: true,
  runs: () => must('api/runs'),
  board: (run) => must(`api/runs/${run}/board`),
  async chart(run, name, width) {
    const response = await fetch(`api/runs/${run}/${name}.svg?width=${Math.round(width)}`);
    if (!response.ok) throw new Error(`the dashboard answers ${response.status}`);
    return await response.text();
  },
  experiment: (run, nodeId) => get(at(run, 'experiment', nodeId)),
  diff: (run, nodeId, against) => get(`${at(run, 'diff', nodeId)}?against=${encodeURIComponent(against)}`),
  comparison: (run, one, other) => get(`${at(run, 'comparison', one)}?with=${encodeURIComponent(other)}`),
  async change(run, change) {
    const response = await fetch(`api/runs/${run}/changes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...change, request: crypto.randomUUID() }),
    }).catch((error: Error) => error);
    if (response instanceof Error)
      return { accepted: false, message: `the dashboard does not answer: ${response.message}` };
    if (!response.ok && response.status !== 400)
      return { accepted: false, message: `the dashboard answers ${response.status}: ${await response.text()}` };
    return (await response.json()) as ChangeAnswer;
  },
  logAddress: (run, nodeId, stream) => `${at(run, 'log', nodeId)}?stream=${stream}`,
  /** Browsers open few connections to one host: a page that nobody looks at gives its own back. */
  listen(changed, connected) {
    let events: EventSource | null = null;
    const open = () => {
      if (document.hidden || events !== null) return;
      events = new EventSource('api/events');
      events.onopen = () => connected(true);
      events.onerror = () => connected(false);
      events.onmessage = ({ data }) => changed((JSON.parse(data) as { run: number }).run);
    };
    const close = () => {
      events?.close();
      events = null;
    };
    const look = () => (document.hidden ? close() : open());
    document.addEventListener('visibilitychange', look);
    open();
    return () => {
      document.removeEventListener('visibilitychange', look);
      close();
    };
  },
};
