/**
 * Makes a run of the Python engine ours: keeps what it wrote in engine/adopted/, writes the specifications and refs
 * that our events name, and last of all the event log. It may be killed anywhere and started again.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunConfig } from '../../domain/formats/config.js';
import { eventProblem } from '../../domain/formats/events.js';
import { decodesVideo, knownPractices } from '../../domain/proposals/best-practices.js';
import { readTextIfAny, writeFileAtomic, writeJsonAtomic } from '../../host/atomic-file.js';
import { takeOverJob } from '../../jobs/take-over-job.js';
import { openSourceControl } from '../../source/control/open.js';
import { type AdoptedRun, adoptedRun } from '../../workdir/adoption/adopted-run.js';
import { readPythonRun } from '../../workdir/adoption/python-run.js';
import { InvalidFile } from '../../workdir/checked-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { writePlan } from '../../workdir/spec-store.js';

/** Whether the workdir holds a run that another engine began and ours has not taken up yet. */
export async function isForeignWorkdir(workdir: Workdir, config: RunConfig): Promise<boolean> {
  const isBegun = existsSync(workdir.adopted());
  // A run id is ours: such a workdir has only lost its log, unless we were killed while we took it up.
  if (!isBegun && (config.run_id !== '' || !existsSync(workdir.state))) return false;
  return (await openRunLog(workdir).state()).seq === 0;
}

/** Throws InvalidFile for what could not be adopted; nothing is written. Says what would be, or null for nothing. */
export async function adoptable(workdir: Workdir, config: RunConfig): Promise<AdoptedRun | null> {
  const originals = existsSync(workdir.adopted()) ? new Workdir(workdir.adopted()) : workdir;
  const python = await readPythonRun(originals);
  if (python === null) return null;
  const run = adoptedRun(python, config, knownPractices(decodesVideo(await scriptText(workdir, config))));
  for (const event of run?.events ?? []) {
    const problem = eventProblem(event);
    if (problem === null) continue;
    const of = 'nodeId' in event ? event.nodeId : 'experiment' in event ? event.experiment.nodeId : event.type;
    throw new InvalidFile(originals.tree, of, `cannot be taken over: ${problem}`);
  }
  return run;
}

/** Copies of all that our files would replace, as they were: made once, whole or not at all. */
export async function keepOriginals(workdir: Workdir): Promise<void> {
  const place = workdir.adopted();
  if (existsSync(place)) return;
  const part = `${place}.part`;
  await rm(part, { recursive: true, force: true });
  for (const path of await originals(workdir)) {
    await mkdir(dirname(join(part, path)), { recursive: true, mode: 0o700 });
    await cp(workdir.at(path), join(part, path), { preserveTimestamps: true });
  }
  await rename(part, place);
}

/** Needs a config.json with our run id, and originals that are kept. */
export async function adoptWorkdir(workdir: Workdir, config: RunConfig): Promise<AdoptedRun | null> {
  const run = await adoptable(workdir, config);
  if (run === null) return null;
  await keepCommits(workdir, config, run);
  for (const [iteration, plan] of run.plans) await writePlan(workdir, iteration, plan);
  for (const [nodeId, job] of run.jobs) {
    await takeOverJob(workdir, config, nodeId, job.jobId);
    await writeJsonAtomic(workdir.adopted('jobs', `${nodeId}.json`), job);
  }
  await writeFileAtomic(workdir.events, run.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return run;
}

/** The adopted run's commits hang on nothing, or on a branch that its owner may move: refs of this run keep them. */
async function keepCommits(workdir: Workdir, config: RunConfig, run: AdoptedRun): Promise<void> {
  const source = await openSourceControl({ workdir, config });
  for (const [name, commit] of run.commits) {
    if (await source.parts.database.hasCommit(commit)) {
      await source.commitEdits(name, commit, new Map(), '');
    } else if (name === 'anchor' || name === 'base') {
      const advice = `a commit of the git repository of ${config.source_dir} (the ${name} of this run): fetch it there, for example from a clone, or begin a new run`;
      throw new InvalidFile(workdir.state, commit, advice);
    }
  }
}

async function scriptText(workdir: Workdir, config: RunConfig): Promise<string> {
  const copy = await readTextIfAny(workdir.pipelineCopy);
  return copy ?? (await readFile(config.pipeline_script, 'utf8').catch(() => ''));
}

/**
 * Files at the top, engine/'s own, each run's, and the records of local jobs; large folders (metrics, logs) are not
 * touched.
 */
async function originals(workdir: Workdir): Promise<string[]> {
  const [top, engine] = await Promise.all([filesIn(workdir, ''), filesIn(workdir, 'engine')]);
  const folders = [...(await foldersIn(workdir, join('engine', 'nodes'))), ...(await foldersIn(workdir, 'runs'))];
  const files = (await Promise.all(folders.map((folder) => filesIn(workdir, folder)))).flat();
  const jobs = (await foldersIn(workdir, 'local_jobs')).map((folder) => join(folder, 'job.json'));
  const records = jobs.filter((path) => existsSync(workdir.at(path)));
  return [...top, ...engine.filter((path) => path.endsWith('.json')), ...files, ...records];
}

async function filesIn(workdir: Workdir, folder: string): Promise<string[]> {
  const entries = await readdir(workdir.at(folder), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}

async function foldersIn(workdir: Workdir, folder: string): Promise<string[]> {
  const entries = await readdir(workdir.at(folder), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}
