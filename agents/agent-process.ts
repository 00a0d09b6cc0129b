/**
 * Runs an agent's command: prompt on standard input, in a process group of its own that is killed whole at the time
 * limit, when the call is given up, and when the command has ended but left something behind.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { RunConfig } from '../domain/formats/config.js';
import { endsWithThisProcess } from '../host/at-exit.js';
import { killGroup } from '../host/process-group.js';
import { isInterruption } from '../host/short-program.js';
import { agentFailure, UNKNOWN_SPENT } from './agent-failure.js';

export interface AgentHooks {
  /**
   * Called with the process id before the command is given its prompt, so that a leftover can be found after a crash.
   */
  onStart(pid: number): Promise<void>;
  /** Where the command's standard output goes: what it answers after its engine was killed is found there. */
  replyFile: string;
  /** Has the call made on another host, where it is given: nothing is started here then. */
  elsewhere?: (call: Pick<AgentCommand, 'task' | 'prompt' | 'signal' | 'timeoutMs'>) => Promise<CommandOutput>;
}

/** What is started for a call, and by which settings. */
export interface AgentProgram {
  command: string;
  flags: string[];
}
export type ProgramSettings = Pick<RunConfig, 'agent_command' | 'claude_flags' | 'codex_flags' | 'model' | 'effort'>;

export interface AgentCommand extends AgentProgram {
  /** What is asked, where the command stands, and what its environment says of it. */
  task: { phase: string; nodeId: string | null; source: { dir: string } };
  prompt: string;
  signal: AbortSignal;
  timeoutMs: number;
  hooks: AgentHooks;
  /** In place of this process's own environment. */
  env?: NodeJS.ProcessEnv;
}

export interface CommandOutput {
  stdout: string;
  stderr: string;
  /** Null when a signal ended it. */
  exitCode: number | null;
  /** The time limit ended it; what it had printed until then may be whole all the same. */
  timedOut: boolean;
  /** A signal by which people and systems end programs did: nothing is wrong with the command or the question. */
  interrupted: boolean;
}

/** Far above any answer; a command that prints without end must not fill the memory. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
/**
 * What a command that has ended wrote is in the pipe already; longer holds it only a process that escaped its group.
 */
const DRAIN_MS = 1000;

/** Throws an agent_failed when there is no such command; how it ended is the caller's to judge. */
export async function runAgentCommand(call: AgentCommand): Promise<CommandOutput> {
  const { command, task, signal, timeoutMs, hooks } = call;
  signal.throwIfAborted();
  if (hooks.elsewhere) return await hooks.elsewhere(call);
  await mkdir(dirname(hooks.replyFile), { recursive: true });
  const answer = await open(hooks.replyFile, 'w', 0o600);
  const child = execa(command, call.flags, {
    stdin: 'pipe',
    // The file itself, not a pipe into one: a command that outlives this process still has somewhere to write to.
    // (execa takes any descriptor; its types name those up to 9.)
    stdout: answer.fd as 3,
    cwd: task.source.dir,
    env: { ...(call.env ?? process.env), AUTORESEARCH_PHASE: task.phase, AUTORESEARCH_NODE: task.nodeId ?? '' },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
  });
  const { pid } = child;
  // Listened for before anything is waited for: a command may end at once.
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  exit.catch(() => undefined);
  await answer.close();
  if (pid === undefined) {
    const { code, shortMessage } = await child;
    // The system says the same of a command and of a folder that is not there.
    if (code === 'ENOENT' && !existsSync(task.source.dir))
      throw agentFailure(`${command} cannot be started: its folder ${task.source.dir} is gone`, { retryable: true });
    throw notStarted(command, code, shortMessage);
  }
  const stderr = gathered(child.stderr);
  // A command that ends without reading its prompt closes the pipe; its exit code says what was wrong.
  child.stdin?.on('error', () => undefined);
  let timedOut = false;
  let hasEnded = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(pid);
  }, timeoutMs);
  const abort = () => killGroup(pid);
  const forget = endsWithThisProcess(pid);
  signal.addEventListener('abort', abort, { once: true });
  try {
    // A command whose process is not on record must not begin to work: without its prompt it has nothing to do.
    await hooks.onStart(pid);
    child.stdin?.end(call.prompt);
    const [exitCode, endedBy] = await exit;
    hasEnded = true;
    killGroup(pid);
    await Promise.race([child, sleep(DRAIN_MS, undefined, { ref: false })]);
    signal.throwIfAborted();
    const interrupted = !timedOut && isInterruption(exitCode, endedBy);
    return { stdout: await replyIn(hooks.replyFile), stderr: stderr(), exitCode, timedOut, interrupted };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    if (!hasEnded) killGroup(pid);
    forget();
    child.stderr?.destroy();
  }
}

/** The end of what a command that failed printed: first of its errors, which say why, then of the rest. */
export function failedText({ stdout, stderr }: Pick<CommandOutput, 'stdout' | 'stderr'>): string {
  const [errors, rest] = [stderr.trim(), stdout.trim()];
  if (errors === '' || rest === '') return (errors || rest).slice(-FAILED_TEXT);
  const left = Math.max(REST_OF_TEXT, FAILED_TEXT - errors.length);
  return `${errors.slice(-(FAILED_TEXT - REST_OF_TEXT))}; on standard output: ${rest.slice(-left)}`;
}

const FAILED_TEXT = 1000;
const REST_OF_TEXT = 200;

/** What a command printed; the end of it when it is longer than any answer; nothing when there is no such file. */
export async function replyIn(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  return bytes.subarray(-OUTPUT_LIMIT_BYTES).toString('utf8');
}

export function timeLimitFailure(agent: string, timeoutMs: number, spent = UNKNOWN_SPENT) {
  return agentFailure(`${agent} did not answer within ${timeoutMs / 1000} s`, { retryable: true, spent });
}

function gathered(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= OUTPUT_LIMIT_BYTES) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function notStarted(command: string, code: string | undefined, otherwise: string | undefined) {
  const causes: Record<string, string> = { ENOENT: 'there is no such command', EACCES: 'it is not executable' };
  const cause = causes[code ?? ''] ?? otherwise ?? 'no reason given';
  return agentFailure(`${command} cannot be started: ${cause}`, { retryable: false });
}
