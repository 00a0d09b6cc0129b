/**
 * A user's own agent: an ES module whose default export is a UserAgent, or a function that makes one. See
 * docs/writing-an-agent.md. It runs in the engine's process, so what it returns and throws is checked here, at the
 * border.
 */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { RunConfig } from '../domain/formats/config.js';
import { madeByModule } from '../host/user-module.js';
import type { AgentTask, CodingAgent } from './agent.js';
import { agentFailure, UNKNOWN_SPENT } from './agent-failure.js';
import { failedText } from './agent-process.js';

export interface UserAnswer {
  /** In the reply formats: a `json` block, or a `python` block with the whole file. */
  text: string;
  /** US dollars; null or absent when it is not known. */
  costUsd?: number | null;
  /** Tokens, by any names. */
  usage?: Record<string, number>;
  /** Kept in logs/*_raw.json. */
  raw?: unknown;
}

export interface UserAgent {
  readonly name: string;
  /**
   * Called once for each task; keeps nothing from one call to the next. An error that it throws is tried again later,
   * unless it has `retryable: false`; `retryAfterMs` on it says when.
   */
  answer(task: AgentTask, prompt: string, signal: AbortSignal): Promise<UserAnswer | string> | UserAnswer | string;
}

/** What a module's default export may be instead of an agent. */
type MakeUserAgent = (options: UserAgentOptions) => UserAgent | Promise<UserAgent>;

export interface UserAgentOptions {
  /** `--model` and `--effort`; '' when not given. */
  model: string;
  effort: string;
}

const AnswerSchema = z.union([
  z.string().transform((text) => ({ text })),
  z.looseObject({
    text: z.string(),
    costUsd: z.number().nonnegative().nullish(),
    usage: z.record(z.string(), z.number()).optional(),
    raw: z.unknown().optional(),
  }),
]);

/** An Error says what is missing, for a person who is writing such a module. */
export async function loadUserAgent(path: string, options: UserAgentOptions): Promise<UserAgent> {
  if (!isAbsolute(path)) throw new Error(`${path}: an agent module is named by its absolute path`);
  const given: Parameters<MakeUserAgent> = [options];
  const made = await madeByModule(path, ...given);
  const missing = whatIsMissing(made);
  if (missing !== null) throw new Error(`${path}: ${missing} (see docs/writing-an-agent.md)`);
  return made as UserAgent;
}

function whatIsMissing(made: unknown): string | null {
  if (made === undefined)
    return 'there is no default export; it must be an object { name, answer } or a function that makes one';
  if (typeof made !== 'object' || made === null)
    return `the default export makes ${String(made)}, not an object { name, answer }`;
  const { name, answer } = made as Partial<UserAgent>;
  if (typeof name !== 'string' || name === '') return 'the agent has no name; it must be a text that is not empty';
  if (typeof answer !== 'function') return 'the agent has no function answer(task, prompt, signal)';
  return null;
}

export function createModuleAgent(config: RunConfig): CodingAgent {
  const timeoutMs = config.agent_timeout_s * 1000;
  return {
    name: config.agent,
    async answer(task, prompt, signal) {
      const { model, effort } = config;
      const agent = await loadUserAgent(config.agent, { model, effort }).catch((error: unknown) => {
        throw agentFailure((error as Error).message, { retryable: false });
      });
      const timer = AbortSignal.timeout(timeoutMs);
      const limits = AbortSignal.any([signal, timer]);
      let given: unknown;
      try {
        given = await Promise.race([agent.answer(task, prompt, limits), aborted(limits)]);
      } catch (error) {
        signal.throwIfAborted();
        if (timer.aborted)
          throw agentFailure(`agent ${agent.name} did not answer within ${timeoutMs / 1000} s`, {
            retryable: true,
            spent: UNKNOWN_SPENT,
          });
        throw thrownBy(agent, error);
      }
      const answer = AnswerSchema.safeParse(given);
      if (!answer.success) {
        const what = `agent ${agent.name} must answer with a text or an object with a text`;
        throw agentFailure(`${what}: ${z.prettifyError(answer.error)}`, { retryable: false });
      }
      const { text, costUsd = null, usage = {}, raw = given } = answer.data as UserAnswer;
      return { text, costUsd, usage, raw };
    },
  };
}

/** Rejects when the signal aborts: a module that does not listen must not hold the call. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** In the message of execa and child_process what a program printed stands before, or in place of, its errors. */
function saidBy(error: Error): string {
  const { stderr, stdout, shortMessage } = error as Error & Record<'stderr' | 'stdout' | 'shortMessage', unknown>;
  if (typeof stderr !== 'string' || stderr.trim() === '') return error.message;
  const [first = ''] = error.message.split('\n');
  const what = typeof shortMessage === 'string' ? shortMessage : first;
  return `${what.slice(0, COMMAND_SHOWN)}: ${failedText({ stderr, stdout: typeof stdout === 'string' ? stdout : '' })}`;
}

/** A prompt may be a part of the command line. */
const COMMAND_SHOWN = 200;

function thrownBy(agent: UserAgent, error: unknown) {
  const { retryable, retryAfterMs } = (error ?? {}) as { retryable?: unknown; retryAfterMs?: unknown };
  const message = error instanceof Error ? saidBy(error) : String(error);
  return agentFailure(`agent ${agent.name}: ${message}`, {
    retryable: retryable !== false,
    ...(typeof retryAfterMs === 'number' && retryAfterMs > 0 ? { waitMs: retryAfterMs } : {}),
  });
}
