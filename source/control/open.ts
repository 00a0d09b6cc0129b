/** Opens the code of a run: finds the repository or makes the private store, and puts the parts together. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { RunConfig } from '../../domain/formats/config.js';
import { raise } from '../../domain/protocol/thrown-failure.js';
import { packageFile } from '../../host/package-files.js';
import { runnerPython } from '../../host/runner-python.js';
import { ProgramInterrupted, runApart } from '../../host/short-program.js';
import type { Workdir } from '../../workdir/paths.js';
import { git, hasNativeGit } from './git-command.js';
import { locateSource, type SourceLocation } from './locate.js';
import { NativeGit } from './native-git.js';
import { isBelow, type ObjectDatabase } from './object-database.js';
import { isRefPart } from './ref-part.js';
import { PRIVATE_EXCLUDES } from './storage-plan.js';
import { StoredSource } from './stored-source.js';
import { scratchPrefix, Trees } from './trees.js';

/** Making a shelter takes a tenth of a second; a host that needs longer than this goes without. */
const SHELTER_LIMIT_MS = 10_000;

export async function openSourceControl(of: { workdir: Workdir; config: RunConfig }): Promise<StoredSource> {
  const { config, workdir } = of;
  if (!isRefPart(config.run_id)) {
    raise('setup_source_failed', `run_id ${JSON.stringify(config.run_id)} cannot be part of a git ref`);
  }
  if (!existsSync(config.source_dir)) {
    raise('setup_source_failed', `source_dir ${config.source_dir} does not exist`);
  }
  const native = await hasNativeGit();
  // A run that began with a private store keeps it, even if a repository was made around its source since.
  const kept = existsSync(join(workdir.privateStore, 'HEAD')) && (await hasAnchor(workdir, config, native));
  const location: SourceLocation = kept
    ? {
        kind: 'private',
        top: await realpath(config.source_dir),
        prefix: '',
        reason: 'this run began with a private store',
      }
    : await locateSource(config.source_dir, config.scm, native);

  const scratch = Trees.scratchOf(workdir.trees);
  await mkdir(scratch, { recursive: true });
  const workdirPath = await realpath(workdir.root);
  // In the tree's own git directory stands this path, so it must not hang on a link or on the current directory.
  const treesPath = await realpath(workdir.trees);
  const gitDir = location.kind === 'git' ? location.gitDir : await privateStore(workdir, native);
  const commonDir = location.kind === 'git' ? location.commonDir : await realpath(gitDir);
  const database: ObjectDatabase = native
    ? new NativeGit(gitDir, location.top, await realpath(scratch))
    : await withoutGit(commonDir, location.top);
  const paths =
    config.tree_paths.length === 0
      ? []
      : [...config.tree_paths.map((path) => path.replace(/\/+$/, '')), location.prefix.replace(/\/$/, '')];
  const place = {
    trees: treesPath,
    commonDir,
    top: location.top,
    byFile: !(config.shelter && (await hostShelters(config.python, scratch))),
    paths: paths.includes('') ? [] : paths,
  };
  const trees = new Trees(place, database);
  await trees.sweep();
  return new StoredSource({
    location,
    database,
    trees,
    refs: `refs/autoresearch/${config.run_id}`,
    record: workdir.source,
    workdir: workdirPath,
    workdirInside: isBelow(workdirPath, location.top) ? [relative(location.top, workdirPath).split(sep).join('/')] : [],
    linkIgnored: config.link_ignored,
    globs: { link: config.link_paths, copy: config.copy_paths, leaveOut: config.left_out_paths },
    launchCommand: config.base_launch_command,
    hasBuild: config.build_command.trim() !== '',
  });
}

/** Whether jobs on this host can have a view of their own, in which what they write to linked files is kept apart. */
async function hostShelters(python: string, scratch: string): Promise<boolean> {
  const folder = await mkdtemp(join(scratch, await scratchPrefix()));
  try {
    const runner = ['-I', '-S', packageFile('probe', 'autoresearch_job'), 'shelter', folder];
    const options = { stdin: 'ignore' as const, timeout: SHELTER_LIMIT_MS };
    const { stdout } = await runApart(runnerPython(python), runner, options);
    return /^(overlay|read-only)$/.test(stdout?.trim() ?? '');
  } catch (error) {
    // Nobody has answered: the run would do without a shelter for good.
    if (error instanceof ProgramInterrupted) throw error;
    // No Python: nothing will run either, and that is said elsewhere.
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function hasAnchor(workdir: Workdir, config: RunConfig, native: boolean): Promise<boolean> {
  const store = workdir.privateStore;
  const database = native ? new NativeGit(store, workdir.root, workdir.root) : await withoutGit(store, workdir.root);
  return (await database.resolve(`refs/autoresearch/${config.run_id}/anchor`)) !== null;
}

/** Loads the library that reads repositories without git: a tenth of a second, and few hosts have no git. */
async function withoutGit(gitDir: string, top: string): Promise<ObjectDatabase> {
  const { IsomorphicGit } = await import('./isomorphic-git.js');
  return new IsomorphicGit(gitDir, top);
}

async function privateStore(workdir: Workdir, native: boolean): Promise<string> {
  const store = workdir.privateStore;
  if (!existsSync(join(store, 'HEAD'))) {
    if (native) await git(['init', '--bare', '--quiet', '--template=', store]);
    else await (await import('./isomorphic-git.js')).initBareStore(store);
  }
  const exclude = join(store, 'info', 'exclude');
  const text = `${PRIVATE_EXCLUDES.join('\n')}\n`;
  if (!existsSync(exclude) || (await readFile(exclude, 'utf8')) !== text) {
    await mkdir(join(store, 'info'), { recursive: true });
    await writeFile(exclude, text);
  }
  return store;
}
