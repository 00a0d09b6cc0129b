/** How often a dev server's frontend was called, by method, from its own counters: whoever called is counted. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Long polls of the SDK's worker for something to do. */
export const SDK_POLLS: readonly string[] = ['PollWorkflowTaskQueue', 'PollActivityTaskQueue', 'PollNexusTaskQueue'];

export type Calls = ReadonlyMap<string, number>;

/** The server gives its counters on a port of its own choice. */
export async function metricsAddress(serverPid: number): Promise<string> {
  for (const port of await listeningPorts(serverPid)) {
    const address = `http://127.0.0.1:${port}/metrics`;
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok && (await answer.text()).includes('service_requests')) return address;
  }
  throw new Error(`the Temporal server (process ${serverPid}) gives no metrics`);
}

/** Calls since its start that concern the runs' namespace. */
export async function serverCalls(address: string): Promise<Calls> {
  const calls = new Map<string, number>();
  const text = await (await fetch(address)).text();
  for (const [, labels = '', count] of text.matchAll(/^service_requests\{([^}]*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (label('service_name') !== 'frontend' || label('namespace') !== 'default') continue;
    calls.set(label('operation'), (calls.get(label('operation')) ?? 0) + Number(count));
  }
  return calls;
}

/** Calls a minute by method, most frequent first. */
export function callsAMinute(before: Calls, after: Calls, minutes: number): [method: string, calls: number][] {
  const rates = [...after].map(([method, count]): [string, number] => [
    method,
    (count - (before.get(method) ?? 0)) / minutes,
  ]);
  return rates.filter(([, rate]) => rate > 0).sort((a, b) => b[1] - a[1]);
}

async function listeningPorts(pid: number): Promise<number[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)));
  const listening = rows.filter((row) => row[3] === '0A' && links.includes(`socket:[${row[9]}]`));
  return [...new Set(listening.map((row) => Number.parseInt(row[1]?.split(':').at(-1) ?? '', 16)))];
}
