/**
 * Everything that serves one run, opened together and closed together: lock, server, client, worker, supervision. Used
 * by the foreground `run` and by the detached worker process alike.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { createActivities } from '../activities/index.js';
import type { RunConfig } from '../domain/formats/config.js';
import type { Activities } from '../domain/protocol/activities.js';
import { engineWorkflowId } from '../domain/run/naming.js';
import { atExit } from '../host/at-exit.js';
import { killGroup } from '../host/process-group.js';
import type { LockLoss } from '../host/process-lock.js';
import { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { copyText, recordPlace, whereabouts } from '../workdir/workdir-place.js';
import { endAbandonedServer } from './abandoned-server.js';
import { announceReturn } from './announce-return.js';
import { claimRun, RunOwnedElsewhere } from './claim-run.js';
import { removeEmptyFolders } from './cleanup/empty-folders.js';
import { removeHalfWrittenFiles } from './cleanup/half-written-files.js';
import { failLostAttempts } from './cleanup/lost-attempts.js';
import { reap } from './cleanup/reaper.js';
import { resolveConnection, type TemporalTarget } from './connection.js';
import { type RunningWorker, startWorker } from './create-worker.js';
import { askedVersioning } from './deployment.js';
import { checkKeys, KeyMissing } from './encryption/readable-engine.js';
import { acquireEngineLock } from './engine-lock.js';
import { loadRunConfig } from './run-config.js';
import { RunConnections } from './run-connections.js';
import { installRuntime } from './runtime.js';
import { databaseOf, stopServer } from './server/embedded-server.js';
import type { IdleRule } from './server/idle-server.js';
import { superviseServer } from './server/supervise-server.js';
import { knowsVersions, routeTasks } from './version-routing.js';
import { makeWorkdirLog, type WorkdirLog } from './workdir-log.js';

export interface OpenRun {
  workdir: Workdir;
  config: RunConfig;
  /** Where the run's Temporal server is: its address and UI are for people. */
  target: TemporalTarget;
  client: Client;
  worker: RunningWorker;
  log: WorkdirLog;
  /** Why this process serves the run no more although nobody asked it to end; null while it does. */
  whyLeft(): string | null;
  /** Lets jobs run on. `stopServer` concerns an embedded server only: a configured one is not ours. */
  close(how: { stopServer: boolean }): Promise<void>;
}

/** The first two are the real ones when absent; tests give others. */
export interface OpenOptions {
  createActivities?: (deps: { context: RunContext; client: Client }) => Activities | Promise<Activities>;
  /** Path of the workflow bundle. */
  codePath?: string;
  /** Go on from the event log here, whichever engine owned it before. */
  takeOver?: boolean;
  /** Of a process that serves several runs, to a configured server: whoever gives them closes them. */
  connections?: RunConnections;
  /** The usual ones when absent: how often the lock is renewed, and when a server that was left behind ends itself. */
  renewMs?: number;
  idle?: IdleRule;
}

/**
 * Throws EngineAlreadyRunning when another process serves this workdir, RunOwnedElsewhere when another engine owns its
 * log or the workdir is a copy, KeyMissing when its engine is encrypted with a key that this process lacks. What was
 * opened before an error is closed.
 */
export async function openRun(workdirPath: string, options: OpenOptions = {}): Promise<OpenRun> {
  const workdir = new Workdir(resolve(workdirPath));
  const config = await loadRunConfig(workdir);
  const run = config.run_id;
  const log = makeWorkdirLog(workdir);
  const closers: (() => Promise<unknown>)[] = [];
  let endsServer = true;
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => log('something could not be closed', { error: String(error) }));
    }
  };
  try {
    // Before anything else: the processes that a copy's files name are the original's.
    const where = await whereabouts(workdir);
    if (where.is === 'copy') throw new RunOwnedElsewhere(`${workdir.root} is ${copyText(where.of)}`);
    const { takeOver = false, renewMs, idle } = options;
    const lost = new AbortController();
    const lock = await acquireEngineLock(workdir, {
      takeOver,
      onLost: (how) => lost.abort(how),
      ...(renewMs === undefined ? {} : { renewMs }),
    });
    closers.push(async () => lost.signal.reason === ('gone' satisfies LockLoss) && removeEmptyFolders(workdir));
    closers.push(() => lock.release());
    if (where.is === 'moved') log('the workdir was moved: its run goes on here', { from: where.from });
    if (where.is !== 'here' || !existsSync(workdir.place)) await recordPlace(workdir);
    const drafts = await removeHalfWrittenFiles(workdir);
    if (drafts.length > 0) log('half-written files of an engine that died; removed', { files: drafts });
    installRuntime(workdir);
    // A second Ctrl+C leaves no time to let go of it. What another process took over is that one's.
    let server: number | null = null;
    const onProcess = (pid: number | null) => {
      server = pid;
    };
    const forget = atExit(() => {
      if (server !== null && !lost.signal.aborted) killGroup(server);
    });
    closers.push(async () => forget());
    const target = await resolveConnection(workdir, process.env, {
      takeOver,
      say: log,
      onProcess,
      ...(idle === undefined ? {} : { idle }),
    });
    const reaped = { workdir, config, log, isAlone: target.kind === 'embedded' };
    await reap(reaped);
    // Also when it closes: an experiment whose end met a difficulty may have left its tree.
    // What another process holds now is not reaped.
    closers.push(async () => lost.signal.aborted || reap(reaped));
    if (target.kind === 'embedded') {
      const database = await databaseOf(workdir);
      const end = () => (lost.signal.aborted ? endAbandonedServer(workdir, database) : stopServer(workdir));
      closers.push(async () => endsServer && end());
    }
    const shared = target.kind === 'configured' ? options.connections : undefined;
    const connections = shared ?? new RunConnections();
    if (shared === undefined) closers.push(() => connections.close());
    const client = await connections.client(target);
    await checkKeys(client, run).catch(async (error: unknown) => {
      if (!takeOver || !(error instanceof KeyMissing)) throw error;
      log('the run is taken over: its engine cannot be read, and the run goes on from its event log', { error });
      await client.workflow.getHandle(engineWorkflowId(run)).terminate('taken over: it cannot be read');
    });
    const place = await claimRun({ workdir, run, client, target, log, takeOver });
    const connection = await connections.native(target);
    if (target.kind === 'embedded') {
      const supervision = superviseServer(workdir, log, onProcess);
      closers.push(async () => supervision[Symbol.asyncDispose]());
    }
    // The lock says that nobody served the run meanwhile, whosever the server is.
    await announceReturn(client, run);
    // Asks for each workflow of the run, which a cluster may answer late: there time-outs find what was lost.
    if (target.kind === 'embedded') await retryLostAttempts(client, run, log);
    const activities = await (options.createActivities ?? createActivities)({
      context: { workdir, config, log, place, isServedHere: () => lock.isHeld() },
      client,
    });
    const { codePath } = options;
    const asked = target.kind === 'configured' ? askedVersioning() : null;
    const isVersioned = target.kind === 'configured' && (await knowsVersions(client, run));
    if (asked && !isVersioned)
      log('the server knows no versions of workers: this one takes any task of its run', { version: asked.buildId });
    const versioning = isVersioned ? asked : null;
    const worker = await startWorker({
      run,
      namespace: target.namespace,
      connection,
      activities,
      versioning,
      ...(codePath === undefined ? {} : { codePath }),
    });
    closers.push(() => worker.shutdown());
    if (isVersioned) {
      const routing = routeTasks({ client, run, buildId: versioning?.buildId ?? '', say: log });
      closers.push(async () => routing[Symbol.asyncDispose]());
    }
    const whyLeft = () => (lost.signal.aborted ? leftText(lost.signal.reason as LockLoss, workdir) : null);
    const leave = () => {
      log(whyLeft() ?? '');
      void worker.shutdown();
    };
    if (lost.signal.aborted) leave();
    else lost.signal.addEventListener('abort', leave, { once: true });
    log('the engine is up', { run, address: target.address, kind: target.kind });
    return {
      workdir,
      config,
      target,
      client,
      worker,
      log,
      whyLeft,
      async close({ stopServer }) {
        endsServer = stopServer;
        await close();
        log('the engine is down', { run });
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function leftText(how: LockLoss, { root }: Workdir): string {
  return how === 'taken'
    ? 'another process took this run over: this one ends, and leaves what it holds to that'
    : `${root} was moved or removed while its engine ran: this engine ends, and writes nothing there any more. ` +
        '`autoresearch run` with the place where the workdir is now goes on; a job that ran meanwhile runs again';
}

/** Without it they are tried again as well, only later. */
async function retryLostAttempts(client: Client, run: string, log: WorkdirLog): Promise<void> {
  try {
    const count = await failLostAttempts(client, run);
    if (count > 0) log('activities of a worker that died are tried again at once', { count });
  } catch (error) {
    log('activities of a worker that died wait for their heartbeat time-out', { error: String(error) });
  }
}
