/**
 * What `apply` does: an experiment's change goes on a new branch of the user's repository, or into a patch file,
 * without the instrumentation and carried over to where the branch is now. Nothing is written before all of it is known
 * to fit.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RunConfig } from '../../domain/formats/config.js';
import { type PullRequest, pullRequest } from '../../domain/reports/pull-request.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { commitOf, type ExperimentRow } from '../../domain/run/experiment-record.js';
import { runApart } from '../../host/short-program.js';
import { GitError, hasNativeGit } from '../../source/control/git-command.js';
import { openSourceControl } from '../../source/control/open.js';
import { type Conflict, type TakenOver, takeOver } from '../../source/control/take-over.js';
import { BranchRefused, UserRepository } from '../../source/control/user-branch.js';
import type { Workdir } from '../../workdir/paths.js';
import { specOf } from '../../workdir/spec-store.js';
import { Refusal } from '../output/refusal.js';
import { refuseCleaned } from '../run/cleaned-run.js';
import { rowNamed } from '../run/named-node.js';
import { changesOf } from '../run/run-outcome.js';
import { runAsLogged } from '../run/run-state.js';

export interface ApplyOptions {
  /** Default: `autoresearch/<node>`. */
  branch?: string;
  /** Default: what is checked out. */
  onto?: string;
  /** A file to write instead of a branch. */
  patch?: string;
  withInstrumentation: boolean;
  /** Switch the working tree to the new branch. */
  checkout: boolean;
}

export interface Applied {
  applied: true;
  node_id: string;
  /** Null where a patch file was written. */
  branch: string | null;
  commit: string | null;
  /** The commit that it stands on. */
  onto: string;
  patch: string | null;
  files: string[];
  /** How to launch it where that is not the run's own command. */
  launch_command: string | null;
  checked_out: boolean;
  /** What a person should know. */
  notes: string[];
  pull_request: PullRequest;
}

/** Nothing was changed. */
export interface NotApplied {
  applied: false;
  node_id: string;
  onto: string;
  /** Why, and what can be done. */
  reason: string;
  conflicts: Conflict[];
}

const OLDEST_GIT = '2.38';

export async function applyChange(
  path: string,
  node: string | undefined,
  options: ApplyOptions,
): Promise<Applied | NotApplied> {
  const { workdir, config, state } = await runAsLogged(path);
  await refuseCleaned(workdir, path);
  const { row, winner } = chosen(state, node);
  const { anchorCommit: anchor, baseCommit: base } = state;
  if (anchor === null || base === null) throw new Refusal('workdir', path, 'a run whose setup is done');
  if (!(await hasNativeGit())) throw new Refusal('git', undefined, `git ${OLDEST_GIT} or newer on PATH`);
  const source = await openSourceControl({ workdir, config });
  await source.restore([base, winner, anchor]);
  const { location } = source.parts;
  const isPrivate = location.kind === 'private';
  if (isPrivate && options.patch === undefined) {
    const ways = `in ${config.source_dir}, \`patch -p1 < FILE\` (in Sapling \`sl import --no-commit FILE\`) takes it over`;
    throw new Refusal(
      '--patch',
      undefined,
      `a file to write: this run's commits are in no repository of yours; ${ways}`,
    );
  }
  const user = new UserRepository({ gitDir: isPrivate ? workdir.privateStore : location.gitDir }, location.top);
  const onto = isPrivate ? anchor : await asked('--onto', options.onto ?? 'HEAD', (name) => user.commitAt(name));
  const branch = options.branch ?? `autoresearch/${row.nodeId}`;
  if (options.patch === undefined) await asked('--branch', branch, (name) => user.checkNew(name));

  const taken = await takeOver(user.place, { base, winner, anchor }, onto, options).catch(oldGit);
  if (!taken.ok) return notApplied(row.nodeId, { onto, anchor }, taken);
  const launch = (await specOf(workdir, config, state, row)).launch_command;
  const launchCommand = launch === config.base_launch_command ? null : launch;
  if (taken.files.length === 0) {
    const only = launchCommand === null ? '' : `; only its launch command differs: ${launchCommand}`;
    throw new Refusal('node', row.nodeId, `an experiment whose code ${onto.slice(0, 10)} has not yet${only}`);
  }
  const request = await requestOf(workdir, config, state, row, launchCommand);
  const answer: Applied = {
    applied: true,
    node_id: row.nodeId,
    branch: null,
    commit: null,
    onto,
    patch: null,
    files: taken.files,
    launch_command: launchCommand,
    checked_out: false,
    notes: [],
    pull_request: request,
  };
  if (options.patch !== undefined) {
    answer.patch = resolve(options.patch);
    await writePatch(answer.patch, await source.diff(onto, taken.tree));
    return answer;
  }
  answer.branch = branch;
  const message = `${request.title}\n\n${request.body}`;
  answer.commit = await asked('--branch', branch, (name) => user.commit(name, taken.tree, onto, message));
  answer.notes = await user.notes(anchor, onto);
  if (options.checkout) answer.checked_out = await checkOut(user.top, branch, answer.notes);
  return answer;
}

function chosen(state: EngineState, node: string | undefined): { row: ExperimentRow; winner: string } {
  const row = rowNamed(state, node);
  if (!row || row.kind === 'baseline') {
    const why = node === undefined ? 'nothing beat the baseline' : 'this one is what the others are measured by';
    throw new Refusal('node', node, `an experiment that changes something; ${why}`);
  }
  if (row.kind === 'headspace') {
    throw new Refusal(
      'node',
      row.nodeId,
      'an experiment to take over; this one trains on cached data, as a ceiling only',
    );
  }
  const winner = commitOf(row);
  if (winner === null)
    throw new Refusal('node', row.nodeId, `an experiment with a commit; this one is ${row.state.status}`);
  return { row, winner };
}

/** What the repository refuses is the flag's fault, or the person's git lacks something. */
async function asked<T>(flag: string, value: string, act: (value: string) => Promise<T>): Promise<T> {
  try {
    return await act(value);
  } catch (error) {
    if (!(error instanceof BranchRefused)) throw error;
    if (error.subject === 'identity') throw new Refusal('git config user.email', undefined, error.advice);
    throw new Refusal(flag, value, error.advice);
  }
}

function notApplied(
  nodeId: string,
  { onto, anchor }: { onto: string; anchor: string },
  { because, conflicts }: Extract<TakenOver, { ok: false }>,
): NotApplied {
  const { why, way } = {
    instrumentation: {
      why: 'the change stands in lines that time the loop, so that it cannot be told from them',
      way: ['take it with the instrumentation (--with-instrumentation)'],
    },
    uncommitted: {
      why: 'the change stands in what was not committed when the run began, and is not now',
      way: [
        'commit that as it was then, and apply again',
        `write a patch against your files as they were then (--onto ${anchor.slice(0, 10)} --patch FILE)`,
      ],
    },
    branch: { why: 'the code went on in the same lines', way: [] },
  }[because];
  const ways = [...way, 'take it onto another commit (--onto)', 'make it by hand after `autoresearch diff`'];
  const reason = `${why}; nothing was changed. What can be done: ${ways.join('; or ')}`;
  return { applied: false, node_id: nodeId, onto, reason, conflicts };
}

async function requestOf(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState,
  row: ExperimentRow,
  launch: string | null,
): Promise<PullRequest> {
  const rows = changesOf(state, row.nodeId);
  const changes = await Promise.all(
    rows.map(async (each) => ({ nodeId: each.nodeId, spec: await specOf(workdir, config, state, each) })),
  );
  return pullRequest(state, row.nodeId, changes, launch);
}

async function writePatch(file: string, patch: string): Promise<void> {
  try {
    await writeFile(file, patch, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal('--patch', file, code === 'EEXIST' ? 'a file that does not exist yet' : (error as Error).message);
  }
}

/**
 * As the person would do it, their hooks included: one that fails after the switch undoes nothing. Where git refuses,
 * the branch stays and its reason is told.
 */
async function checkOut(top: string, branch: string, notes: string[]): Promise<boolean> {
  const git = (...args: string[]) => runApart('git', args, { cwd: top, stdin: 'ignore' });
  const { exitCode, stderr = '' } = await git('switch', branch);
  if (exitCode === 0) return true;
  const { stdout: now = '' } = await git('symbolic-ref', '--short', '--quiet', 'HEAD');
  const isSwitched = now.trim() === branch;
  const said = stderr.trim();
  notes.push(
    isSwitched
      ? `git switched, and a hook that ran after it failed (exit code ${exitCode}): ${said}`
      : `the working tree is as it was, git refused: ${said}`,
  );
  return isSwitched;
}

function oldGit(error: unknown): never {
  if (error instanceof GitError && error.args.includes('merge-tree') && /usage|unknown option/i.test(error.stderr)) {
    throw new Refusal('git', undefined, `git ${OLDEST_GIT} or newer, which can merge without a working tree`);
  }
  throw error;
}
