/** One run through the built command whose first job is long, looked at from outside while nothing happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEnd, CommandRun } from '../../test/support/command-run.js';
import { type ProcessUse, processUse } from './process-use.js';
import { type Calls, callsAMinute, metricsAddress, SDK_POLLS, serverCalls } from './server-calls.js';

/** The experiment behind the first is prepared meanwhile; after that nothing is left to do. */
const SETTLE_S = 20;

interface Sight {
  atMs: number;
  calls: Calls;
  engine: ProcessUse;
  server: ProcessUse;
}

export async function measureIdle(seconds: number, minutes: number): Promise<void> {
  await using run = await CommandRun.create({ jobSeconds: seconds + 60, flags: [] });
  const limits = [
    '--max-concurrency',
    '1',
    '--job-timeout',
    String(2 * seconds + 600),
    '--stall-timeout',
    String(2 * seconds + 600),
  ];
  const child = run.start(...run.firstFlags(), ...limits);
  const launched = run.untilEvent(({ type }) => type === 'job_launched');
  await beforeEnd(child, launched);
  await sleep(SETTLE_S * 1000);
  const serverPid = await run.serverPid();
  const metrics = await metricsAddress(serverPid);
  const look = async (): Promise<Sight> => {
    const [calls, engine, server] = await Promise.all([
      serverCalls(metrics),
      processUse(child.pid ?? 0),
      processUse(serverPid),
    ]);
    return { atMs: Date.now(), calls, engine, server };
  };
  const first = await look();
  console.log(
    `one job of ${seconds} s; engine ${memoryText(first.engine)}, server ${memoryText(first.server)} at the beginning`,
  );
  let last = first;
  const endMs = first.atMs + seconds * 1000;
  while (last.atMs < endMs) {
    await sleep(Math.min(minutes * 60_000, endMs - last.atMs));
    const now = await look();
    console.log(sightText(first, last, now));
    last = now;
  }
  console.log(`all of it:\n${sightText(first, first, last)}`);
  await run.command('stop', run.workdir, '--cancel-jobs');
}

function sightText(first: Sight, before: Sight, now: Sight): string {
  const minutes = (now.atMs - before.atMs) / 60_000;
  const rates = callsAMinute(before.calls, now.calls, minutes);
  const sum = (isPoll: boolean) =>
    rates.filter(([method]) => SDK_POLLS.includes(method) === isPoll).reduce((total, [, rate]) => total + rate, 0);
  const use = (name: 'engine' | 'server') => {
    const cpuS = now[name].cpuS - before[name].cpuS;
    return `  ${name}: ${memoryText(now[name])}, ${cpuS.toFixed(2)} s of CPU, ${(cpuS / (60 * minutes)).toFixed(4)} of a core`;
  };
  return [
    `after ${((now.atMs - first.atMs) / 60_000).toFixed(1)} min: ${sum(false).toFixed(1)} calls a minute, and ${sum(true).toFixed(1)} polls of the SDK`,
    ...[use('engine'), use('server')],
    ...rates.map(([method, rate]) => `  ${rate.toFixed(1).padStart(8)} ${method}`),
  ].join('\n');
}

function memoryText({ residentMb }: ProcessUse): string {
  return `${residentMb.toFixed(0)} MB`;
}
