/**
 * Builds the image of an experiment, or finds that it is built: the same tree content and build command are built
 * once, whatever experiment they belong to.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { readJsonIfWhole, writeFileAtomic, writeJsonAtomic } from '../host/atomic-file.js';
import { keepProducts, listTree, restoreProducts } from '../jobs/builds/build-products.js';
import { runBuild } from '../jobs/builds/run-build.js';
import { buildEnvironment, commandFor, treePlaces } from '../jobs/job-environment.js';
import { cancelMark, preparedCommit } from '../jobs/job-files.js';
import { jobNameOf, type Platform } from '../jobs/platforms/platform.js';
import type { SourceControl } from '../source/control/source-control.js';
import type { RunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';
import { activitySignal } from './guard/activity-pulse.js';

const ImageSchema = z.object({ image: z.string(), node_id: z.string() });

/** Enough to see a compiler's or installer's error in a failure record. */
const SHOWN_LINES = 30;
const SHOWN_BYTES = 16 * 1024;

export interface BuildImageDeps {
  context: RunContext;
  sourceControl: SourceControl;
  runLog: Pick<RunLog, 'state'>;
  platform?: Pick<Platform, 'makeReady' | 'dropReady'>;
  /** Aborts when the build must end; the activity's own signal unless given. */
  signal?: () => AbortSignal;
}

export function makeBuildImage(deps: BuildImageDeps): Activities['buildImage'] {
  const { context, sourceControl, runLog, signal = activitySignal } = deps;
  const { workdir, config, log } = context;
  /** Builds of this worker by key; a workdir has one worker for them. */
  const building = new Map<string, Promise<unknown>>();

  return async (input) => {
    const { nodeId } = input;
    const commit = await preparedCommit(runLog, sourceControl, nodeId);
    const isBuilt = config.build_command.trim() !== '';
    const built = isBuilt ? await getOrBuild(nodeId, commit) : { image: '', reused: true };
    await writeFileAtomic(workdir.run(nodeId, 'image.txt'), `${built.image}\n`);
    // What of the launch needs no slot is done before there is one.
    if (!isBuilt) await sourceControl.openTree(nodeId, commit);
    deps.platform?.makeReady?.(jobNameOf(input.run, nodeId));
    // One whose workflow was terminated is ended without a word to this build, and may have been released already.
    if (existsSync(cancelMark(workdir, nodeId))) {
      deps.platform?.dropReady?.(jobNameOf(input.run, nodeId));
      if (!config.keep_trees) await sourceControl.closeTree(nodeId);
    }
    return built;
  };

  async function getOrBuild(nodeId: string, commit: string): Promise<{ image: string; reused: boolean }> {
    const key = imageKey(await sourceControl.contentHash(commit), config.build_command, config.source_dir);
    for (;;) {
      const other = building.get(key);
      if (other === undefined) break;
      // The same build fails alike; one that was only cancelled is no reason to go without.
      await other.catch((error: unknown) => {
        if (error instanceof ApplicationFailure) throw error;
      });
      signal().throwIfAborted();
    }
    const work = findOrBuild(nodeId, commit, key);
    building.set(key, work);
    try {
      return await work;
    } finally {
      building.delete(key);
    }
  }

  async function findOrBuild(nodeId: string, commit: string, key: string): Promise<{ image: string; reused: boolean }> {
    const record = join(workdir.images, `${key}.json`);
    const products = join(workdir.images, key);
    const tree = await sourceControl.openTree(nodeId, commit);
    const known = ImageSchema.safeParse(await readJsonIfWhole(record));
    if (known.success) {
      await restoreProducts(products, tree.root);
      return { image: known.data.image, reused: known.data.node_id !== nodeId };
    }
    const environment = { base: process.env, config, workdir, nodeId, tree, image: '' };
    const command = commandFor(config.build_command, '', treePlaces(environment));
    const logFile = join(workdir.logs, `build_${nodeId}.log`);
    await mkdir(workdir.logs, { recursive: true });
    await mkdir(workdir.images, { recursive: true });
    const before = await listTree(tree.root);
    log('build started', { node: nodeId, key, command });
    const startedAtMs = Date.now();
    const end = await runBuild({
      command,
      cwd: tree.sourceDir,
      env: buildEnvironment(environment),
      timeoutS: config.build_timeout_s,
      logFile,
      pidFile: join(workdir.images, `${key}.process.json`),
      signal: signal(),
    });
    const problem = problemOf(end);
    if (problem !== null) {
      await copyFile(logFile, workdir.lastBuildError);
      const shown = await lastLines(logFile);
      raise('build_failed', `${problem}: ${config.build_command}\n${shown}`, {
        details: { exit_code: end.exitCode, log: logFile },
      });
    }
    await keepProducts(tree.root, before, products);
    const durationS = (Date.now() - startedAtMs) / 1000;
    const { build_command } = config;
    await writeJsonAtomic(record, {
      image: end.lastLine,
      node_id: nodeId,
      commit,
      build_command,
      duration_s: durationS,
    });
    log('build ended', { node: nodeId, key, image: end.lastLine, duration_s: durationS });
    return { image: end.lastLine, reused: false };
  }

  function problemOf(end: Awaited<ReturnType<typeof runBuild>>): string | null {
    if (end.timedOut) return `the build did not end within build_timeout_s = ${config.build_timeout_s}`;
    if (end.exitCode === null) return 'the build was killed by a signal';
    if (end.exitCode !== 0) return `the build ended with exit code ${end.exitCode}`;
    const needed = /\$(IMAGE\b|\{IMAGE\})/.test(config.base_launch_command);
    if (needed && end.lastLine === '')
      return 'the build printed no image name as its last line, and the launch command needs $IMAGE';
    return null;
  }
}

/** Depends on what is built, not on where: the same in every tree, and in a workdir that was moved. */
export function imageKey(contentHash: string, buildCommand: string, sourceDir: string): string {
  const command = buildCommand.replaceAll(sourceDir, '$SOURCE_DIR').trim();
  return createHash('sha256').update(`${contentHash}\0${command}`).digest('hex').slice(0, 32);
}

async function lastLines(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, SHOWN_BYTES));
    await handle.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8').trimEnd().split('\n').slice(-SHOWN_LINES).join('\n').slice(-1600);
  } finally {
    await handle.close();
  }
}
