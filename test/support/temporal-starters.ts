/** What temporal-child.mjs calls in other processes: arguments and results are JSON. */
import { appendFile } from 'node:fs/promises';
import type { Activities } from '../../domain/protocol/activities.js';
import { Workdir } from '../../workdir/paths.js';
import { acquireEngineLock } from '../../worker/engine-lock.js';
import type { OpenOptions } from '../../worker/open-run.js';
import { ensureServer } from '../../worker/server/embedded-server.js';
import { claimPort } from '../../worker/server/port-claims.js';
import { runWorkerProcess, type ServedEnd, serveRuns } from '../../worker/worker-main.js';
import { endWithThisProcess } from './left-behind.js';

export async function startServerOf(root: string): Promise<{ pid: number | null }> {
  const { pid } = await ensureServer(new Workdir(root));
  return { pid };
}

export async function takeEngineOf(root: string): Promise<{ pid: number }> {
  await acquireEngineLock(new Workdir(root));
  return { pid: process.pid };
}

export async function endsWith(folder: string): Promise<null> {
  endWithThisProcess(folder);
  return null;
}

/** Serves the fixture engine's run until it ends; returns why it did. */
export async function serveRun(root: string, codePath: string, more: Partial<OpenOptions> = {}): Promise<string> {
  const createActivities: OpenOptions['createActivities'] = ({ context }) => tracingActivities(context.workdir);
  return runWorkerProcess(root, { createActivities, codePath, ...more });
}

/** The same for several runs in one process. */
export async function serveSeveral(roots: string[], codePath: string): Promise<ServedEnd[]> {
  return serveRuns(roots, { createActivities: ({ context }) => tracingActivities(context.workdir), codePath });
}

/** Activities of the fixture engine that write down that they were called. */
export function tracingActivities(workdir: Workdir): Activities {
  const trace = (name: string) => appendFile(traceFile(workdir), `${name}\n`);
  const activities: Pick<Activities, 'drawCharts' | 'exportWorkdir'> = {
    drawCharts: () => trace('drawCharts'),
    async exportWorkdir() {
      await trace('exportWorkdir');
      return { seq: 0 };
    },
  };
  return activities as Activities;
}

export function traceFile(workdir: Workdir): string {
  return workdir.at('trace.txt');
}

/** Whether it got the claim, which it keeps while it lives. */
export async function claimPortOf(port: number): Promise<boolean> {
  return (await claimPort(port)) !== null;
}

/** What is said to whoever asks for the engine's lock there; null when it is given. */
export async function refusalOf(root: string): Promise<string | null> {
  return acquireEngineLock(new Workdir(root)).then(
    () => null,
    (error: unknown) => (error as Error).message,
  );
}
