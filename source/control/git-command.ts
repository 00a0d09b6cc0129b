/** Runs the native `git` as plumbing: no hooks, no signing, no maintenance, nothing of the caller's GIT_* variables. */
import { ProgramInterrupted, runApart } from '../../host/short-program.js';

export interface GitPlace {
  gitDir: string;
  /** Unset: a command that needs no working files. */
  workTree?: string;
  /** Never the user's own index. */
  indexFile?: string;
}

export class GitError extends Error {
  constructor(
    readonly args: readonly string[],
    readonly exitCode: number | undefined,
    readonly stderr: string,
  ) {
    super(`git ${args.join(' ').slice(0, 200)} failed (${exitCode ?? 'no exit code'}): ${stderr.trim().slice(-1000)}`);
    this.name = 'GitError';
  }
}

/** Variables that bind git to another repository (`git rev-parse --local-env-vars`, without the configuration ones). */
const BINDING_VARIABLES = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_OBJECT_DIRECTORY',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_INDEX_VERSION',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
]);

const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.logAllRefUpdates=false',
  'core.fsmonitor=false',
  'core.splitIndex=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'advice.addEmbeddedRepo=false',
  'core.safecrlf=false',
  'i18n.commitEncoding=UTF-8',
].flatMap((setting) => ['-c', setting]);

export interface GitOptions {
  place?: GitPlace;
  cwd?: string;
  input?: string | Uint8Array;
  env?: Record<string, string>;
  /** Settings as `name=value`, before ours. */
  config?: string[];
  /** Exit codes that are answers; 0 alone when absent. */
  answers?: readonly number[];
}

/** How git is called so, for who starts it himself. */
export function gitCall(args: readonly string[], { place, config = [], env, cwd }: GitOptions) {
  const settings = config.flatMap((setting) => ['-c', setting]);
  return {
    args: [...settings, ...SETTINGS, ...args],
    env: {
      ...withoutBinding(process.env),
      GIT_OPTIONAL_LOCKS: '0',
      GIT_TERMINAL_PROMPT: '0',
      GIT_LITERAL_PATHSPECS: '1',
      LC_ALL: 'C',
      ...(place && { GIT_DIR: place.gitDir }),
      ...(place?.workTree && { GIT_WORK_TREE: place.workTree }),
      ...(place?.indexFile && { GIT_INDEX_FILE: place.indexFile }),
      ...env,
    },
    cwd: cwd ?? place?.workTree ?? process.cwd(),
  };
}

/** Standard output as bytes; throws GitError on another exit code than 0 or those of `answers`. */
export async function gitBytes(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
  const call = gitCall(args, options);
  const result = await runApart('git', call.args, {
    env: call.env,
    extendEnv: false,
    cwd: call.cwd,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
  });
  if (result.exitCode === undefined || !(options.answers ?? [0]).includes(result.exitCode)) {
    const stderr = Buffer.from(result.stderr ?? []).toString('utf8') || (result.shortMessage ?? '');
    throw new GitError(args, result.exitCode, stderr);
  }
  return Buffer.from(result.stdout);
}

/** Standard output as text without its last newline. */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await gitBytes(args, options)).toString('utf8').replace(/\n$/, '');
}

/** Entries of a NUL-separated list. */
export async function gitList(args: readonly string[], options: GitOptions = {}): Promise<string[]> {
  return (await gitBytes(args, options)).toString('utf8').split('\0').filter(Boolean);
}

/**
 * Whether a `git` of version 2.31 (path formats of rev-parse) or newer is on PATH; AUTORESEARCH_NATIVE_GIT=0 says no.
 */
export async function hasNativeGit(): Promise<boolean> {
  if (process.env.AUTORESEARCH_NATIVE_GIT === '0') return false;
  try {
    const version = /version (\d+)\.(\d+)/.exec(await git(['--version']));
    return version !== null && (Number(version[1]) > 2 || Number(version[2]) >= 31);
  } catch (error) {
    // Another answer than the next time would make another kind of repository.
    if (error instanceof ProgramInterrupted) throw error;
    return false;
  }
}

function withoutBinding(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !BINDING_VARIABLES.has(name)) kept[name] = value;
  }
  return kept;
}
