/** `start`: as `run`, in the background: a worker process of its own session, which outlives this terminal. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../domain/command/shell-word.js';
import type { CommandDefinition } from '../command-definition.js';
import { HOW_TO_START, START_FLAGS } from '../flags/start-flags.js';
import { printed } from '../output/printed.js';
import type { PreparedRun } from '../run/prepare-run.js';

export const START: CommandDefinition = {
  name: 'start',
  args: '<workdir>',
  help: 'as run, but in the background',
  examples: ['autoresearch start ~/runs/first --max-hours 8', 'autoresearch status --watch ~/runs/first'],
  flags: START_FLAGS,
  after: HOW_TO_START,
  async act([workdir = ''], options) {
    const [{ prepareRun }, { namingFullDisk }] = await Promise.all([
      import('../run/prepare-run.js'),
      import('../output/named-full-disk.js'),
    ]);
    const answer = await namingFullDisk(resolve(workdir), async () =>
      start(await prepareRun(workdir, options), { takeOver: options.takeOver === true }),
    );
    return printed(answer, startText);
  },
};

interface StartAnswer {
  workdir: string;
  run: string;
  pid: number;
  temporal: { address: string; ui: string | null };
  /** What the engine's process prints. */
  log: string;
  inspect: string[];
  /** What was made of edits, or of another engine's run. */
  notices: string[];
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Returns when the engine's workflow is open; an Error tells what the process said if it ends before. */
export async function start(prepared: PreparedRun, { takeOver }: { takeOver: boolean }): Promise<StartAnswer> {
  const [
    { openClient },
    { spawnWorker, untilServed },
    { beginOrAttach },
    { inspectionLines, temporalCommand },
    { serverVersionNotices },
  ] = await Promise.all([
    import('../../worker/connection.js'),
    import('../run/worker-process.js'),
    import('../run/engine-session.js'),
    import('../run/inspection.js'),
    import('../run/server-version.js'),
  ]);
  const { workdir, config } = prepared;
  const log = workdir.at('logs', 'worker.log');
  const versionNotices = await serverVersionNotices(workdir);
  const worker = await spawnWorker([MAIN, 'worker', workdir.root, ...(takeOver ? ['--take-over'] : [])], workdir, log);
  const target = await untilServed(workdir, worker);
  const client = await openClient(target);
  let notices: string[];
  try {
    ({ notices } = await Promise.race([beginOrAttach(client, prepared), worker.failure]));
  } finally {
    await client.connection.close();
  }
  worker.leave();
  return {
    workdir: workdir.root,
    run: config.run_id,
    pid: worker.pid,
    temporal: { address: target.address, ui: target.uiAddress },
    log,
    inspect: inspectionLines(target, config.run_id, await temporalCommand()),
    notices: [...prepared.notices, ...(await versionNotices()), ...notices],
  };
}

function startText({ workdir, pid, log, inspect, notices }: StartAnswer): string {
  return [
    ...notices,
    `engine started: process ${pid}`,
    ...inspect,
    `watch: autoresearch status --watch ${shellWord(workdir)}`,
    `stop: autoresearch stop ${shellWord(workdir)}`,
    `log: ${log}`,
    `workdir: ${workdir}`,
  ].join('\n');
}
