/** A second Ctrl+C at the terminal of `run`: it leaves at once, and nothing stays behind but jobs and their runners. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { beforeEnd, CommandRun, exitOf } from '../support/command-run.js';

const LOOK_MS = 10;
/** A process that was killed is there until the system has taken it apart. */
const AT_ONCE = { timeout: 3_000, interval: LOOK_MS };
const FLAGS = ['--max-iterations', '1', '--max-experiments', '1'];

interface Left {
  pid: number;
  command: string;
}

/** Processes that have to do with this run, by their words, their folder or what they were told. */
function processesOf({ root }: CommandRun): Left[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const [stat, command, told] = ['stat', 'cmdline', 'environ'].map((file) =>
        readFileSync(join('/proc', name, file), 'utf8').replaceAll('\0', ' '),
      ) as [string, string, string];
      if ('ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '')) return [];
      const isOf = [command, told, readlinkSync(join('/proc', name, 'cwd'))].some((text) => text.includes(root));
      return isOf ? [{ pid, command }] : [];
    } catch {
      // Another user's, or it has ended since.
      return [];
    }
  });
}

// The command itself has all of them among its flags.
const isCommand = ({ command }: Left) => command.includes('main.js');
const isOfJob = (left: Left) => /autoresearch_job|train\.py/.test(left.command) && !isCommand(left);
const isAgent = (left: Left) => left.command.includes('scripted-claude') && !isCommand(left);

/** Ctrl+C, and once more as soon as `run` says what the first one does. */
async function interruptTwice(child: ChildProcess, says: RegExp | null): Promise<number | null> {
  let said = '';
  const heard = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        said += text.toString();
        if (says?.test(said)) resolve();
      });
    }
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  process.kill(-(child.pid as number), 'SIGINT');
  await (says === null ? sleep(0) : Promise.race([heard, ended]));
  if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGINT');
  const [code] = await ended;
  return code;
}

it('while a job and an agent work: the server and the agent end, and the job goes on', async () => {
  const flags = ['--max-iterations', '1', '--max-concurrency', '2'];
  const options = { jobSeconds: 20, agentSeconds: 5, planSize: 1, flags, ownGroup: true };
  await using run = await CommandRun.create(options);
  const first = run.start(...run.firstFlags());
  const atWork = async () => {
    while (!processesOf(run).some(isAgent) || !processesOf(run).some(isOfJob)) await sleep(LOOK_MS);
  };
  await beforeEnd(first, atWork());
  const server = await run.serverPid();
  expect(processesOf(run).map(({ pid }) => pid)).toContain(server);
  expect(await interruptTwice(first, /interrupting: /)).toBe(130);
  // Sooner than the agent would answer.
  await expect.poll(() => processesOf(run).filter((left) => !isOfJob(left)), AT_ONCE).toEqual([]);
  expect(processesOf(run).some(isOfJob), 'the job goes on').toBe(true);
}, 120_000);

it('while the server starts: it does not stay', async () => {
  await using run = await CommandRun.create({ flags: FLAGS, ownGroup: true });
  const first = run.start(...run.firstFlags());
  const starting = async () => {
    while (!processesOf(run).some(({ command }) => command.includes('start-dev'))) await sleep(LOOK_MS);
  };
  await beforeEnd(first, starting());
  expect(await interruptTwice(first, null)).toBe(130);
  await expect.poll(() => processesOf(run), AT_ONCE).toEqual([]);
}, 60_000);

it('loses nothing: the run goes on to its end', async () => {
  await using run = await CommandRun.create({ jobSeconds: 1, planSize: 1, flags: FLAGS, ownGroup: true });
  const first = run.start(...run.firstFlags());
  await beforeEnd(
    first,
    run.untilEvent(({ type }) => type === 'job_launched'),
  );
  expect(await interruptTwice(first, /interrupting: /)).toBe(130);
  const again = await exitOf(run.start());
  expect(again.code, again.output).toBe(0);
  const starts = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
  expect(new Set(starts).size, 'no job is started twice').toBe(starts.length);
  while (processesOf(run).some((left) => !isOfJob(left))) await sleep(LOOK_MS);
}, 120_000);
