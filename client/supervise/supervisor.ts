/**
 * The supervisor: brings a run up or comes back to one, tells of it while it goes on, and answers. Leaving it ends
 * nothing: the engine is a process of its own.
 */
import { hasAnthropicCredentials } from '../../agents/anthropic/anthropic-credentials.js';
import { shellWord } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { status } from '../run/run-status.js';
import { existingRun } from '../run/workdir-config.js';
import { anthropicAssistant } from './assistants/anthropic-assistant.js';
import { commandAssistant } from './assistants/command-assistant.js';
import { Purse } from './assistants/purse.js';
import { rulesAssistant } from './assistants/rules-assistant.js';
import { type Conversation, isLeaving } from './conversation.js';
import type { Assistant, Desk } from './desk.js';
import { followRun } from './follow-run.js';
import { goingText } from './rules/answers.js';
import { beginSupervised } from './start/begin.js';
import { Left } from './start/questions.js';

export type SupervisorName = 'rules' | 'anthropic' | 'claude' | 'codex';

export interface SuperviseOptions {
  /** '' where none was given. */
  workdir: string;
  /** The flags of `run`, as commander names them. */
  flags: Readonly<Record<string, unknown>>;
  /** Who answers; null: what is there. */
  supervisor: SupervisorName | null;
  /** For the supervisor's own calls; null: no limit. */
  budgetUsd: number | null;
  cwd: string;
}

export interface SuperviseAnswer {
  /** Null where no run was begun. */
  workdir: string | null;
}

export async function supervise(conversation: Conversation, options: SuperviseOptions): Promise<SuperviseAnswer> {
  let path: string | null;
  try {
    path = await beginSupervised(conversation, options.workdir, options.flags, options.cwd);
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    path = null;
  }
  if (path === null) return { workdir: null };
  const place = await existingRun(path);
  const desk: Desk = { workdir: path, conversation };
  const assistant = assistantFor(desk, place.config, options);
  const rules = rulesAssistant(desk);
  conversation.answer(`${assistant.name} answers; "help" says what to ask, "quit" leaves (the engine goes on)`);
  const ended = new AbortController();
  const followed = followRun(
    place,
    (line) => conversation.say(line),
    AbortSignal.any([ended.signal, conversation.left]),
  );
  try {
    await converse(conversation, assistant, rules);
  } finally {
    ended.abort();
    await followed;
  }
  conversation.answer(goingText(await status(path)).split('\n')[0]!);
  conversation.answer(`come back with: autoresearch supervise ${shellWord(path)}`);
  return { workdir: path };
}

/** A line that begins with "/" is answered by rules, and costs nothing. */
async function converse(conversation: Conversation, assistant: Assistant, rules: Assistant): Promise<void> {
  for (;;) {
    const line = await conversation.ask('> ');
    if (line === null) return;
    if (line.trim() === '') continue;
    const isPlain = line.startsWith('/') || isLeaving(line) || /^help$/i.test(line.trim());
    const who = isPlain ? rules : assistant;
    const next = await conversation.answering(() => who.answer(line.trim()));
    if (next === 'leave') return;
  }
}

function assistantFor(desk: Desk, config: RunConfig, { supervisor, budgetUsd }: SuperviseOptions): Assistant {
  const name = supervisor ?? defaultSupervisor(config);
  const purse = new Purse(budgetUsd);
  const isOwn = config.agent === name;
  if (name === 'anthropic')
    return anthropicAssistant(desk, purse, { model: isOwn ? config.model : '', prices: config.prices });
  if (name === 'rules') return rulesAssistant(desk);
  return commandAssistant(desk, purse, {
    kind: name,
    command: (isOwn && config.agent_command) || name,
    model: isOwn ? config.model : '',
    timeoutMs: config.agent_timeout_s * 1000,
  });
}

/** The run's own command where it has one; else the Messages API where it can be called; else rules. */
function defaultSupervisor({ agent }: RunConfig): SupervisorName {
  if (agent === 'claude' || agent === 'codex') return agent;
  return hasAnthropicCredentials(process.env) ? 'anthropic' : 'rules';
}
