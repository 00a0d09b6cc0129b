/** From nothing, or what there is, to a running engine: asks, checks, tries, shows what it will run, and starts. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { shellWord } from '../../../domain/command/shell-word.js';
import { Workdir } from '../../../workdir/paths.js';
import { start } from '../../commands/start.js';
import { givenFlags } from '../../flags/given-flags.js';
import { RUN_FLAGS } from '../../flags/run-flags.js';
import { Refusal } from '../../output/refusal.js';
import { firstConfig } from '../../run/first-config.js';
import { prepareRun } from '../../run/prepare-run.js';
import { engineLife, readState } from '../../run/run-state.js';
import { configIfAny } from '../../run/workdir-config.js';
import { type Conversation, confirmed } from '../conversation.js';
import { Questions, type StartOptions } from './questions.js';
import { triedText, tryLaunch } from './try-launch.js';

/** The workdir of a run that is there; null where the person does not want one started. Throws Left when they leave. */
export async function beginSupervised(
  conversation: Conversation,
  given: string,
  flags: Readonly<Record<string, unknown>>,
  cwd: string,
): Promise<string | null> {
  const questions = new Questions(conversation, cwd);
  const isHere = (await stat(join(cwd, 'engine', 'events.jsonl')).catch(() => null)) !== null;
  const path = given !== '' ? resolve(cwd, given) : isHere ? cwd : await questions.workdir();
  const workdir = new Workdir(path);
  const options: StartOptions = { ...flags };
  if ((await configIfAny(workdir)) !== null) return await comeBack(conversation, workdir, options);
  conversation.answer(`a new run in ${path}; press Enter to take what stands in brackets`);
  await questions.fill(options);
  await checkWhole(conversation, questions, workdir, options);
  await offerTrial(conversation, options);
  conversation.answer(`I will run:\n\n    ${startCommand(path, options)}\n`);
  if (!(await confirmed(conversation, 'start the engine in the background?'))) return null;
  await startEngine(conversation, path, options);
  return path;
}

/** A run that is there: its engine is left alone where it works, and started again where it should. */
async function comeBack(conversation: Conversation, workdir: Workdir, options: StartOptions): Promise<string> {
  const engine = await engineLife(workdir);
  if (engine !== null) {
    conversation.answer(`the engine works on it (process ${engine.pid}, since ${engine.since})`);
    return workdir.root;
  }
  const state = await readState(workdir);
  const hasEnded = state?.status === 'stopped';
  const how = hasEnded
    ? `the run has ended (${state.stop?.reason}: ${state.stop?.detail})`
    : 'no engine works on the run';
  conversation.answer(how);
  if (await confirmed(conversation, 'start its engine again?', !hasEnded)) {
    await startEngine(conversation, workdir.root, options);
  }
  return workdir.root;
}

/** Everything that a start checks, before anything is written. */
async function checkWhole(
  conversation: Conversation,
  questions: Questions,
  workdir: Workdir,
  options: StartOptions,
): Promise<void> {
  for (;;) {
    try {
      await firstConfig(workdir, givenFlags(options));
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      conversation.answer(error.message);
      if (!(await questions.again(options, error.field))) throw error;
    }
  }
}

async function offerTrial(conversation: Conversation, options: StartOptions): Promise<void> {
  for (;;) {
    const command = String(options.baseLaunchCommand);
    // A command that runs in the image cannot be tried: there is no image yet.
    if (command.includes('$IMAGE')) return;
    const cwd = String(options.sourceDir);
    const question = `try the launch command for its first step? It runs in ${cwd}, as you would run it, and is ended then`;
    if (!(await confirmed(conversation, question))) return;
    const tried = await tryLaunch(command, {
      cwd,
      signal: conversation.left,
      secretEnv: (options.secretEnv as string[] | undefined) ?? [],
    });
    conversation.answer(triedText(tried));
    if (tried.how !== 'failed') return;
    const other = (await conversation.ask('another launch command (Enter: keep it): '))?.trim() ?? '';
    if (other === '') return;
    options.baseLaunchCommand = other;
  }
}

async function startEngine(conversation: Conversation, path: string, options: StartOptions): Promise<void> {
  conversation.answer('starting …');
  const prepared = await prepareRun(path, options);
  const { pid, temporal, notices, log } = await start(prepared, { takeOver: options.takeOver === true });
  for (const notice of notices) conversation.answer(notice);
  conversation.answer(
    `the engine works in the background (process ${pid}; log ${log})${temporal.ui ? `; Temporal UI ${temporal.ui}` : ''}`,
  );
}

/** As a person would type it. */
export function startCommand(path: string, options: Readonly<StartOptions>): string {
  const words = RUN_FLAGS.flatMap(({ name, option }) => {
    const value = options[option];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [name];
    return (Array.isArray(value) ? value : [value]).map((each) => `${name} ${shellWord(String(each))}`);
  });
  return [`autoresearch start ${shellWord(path)}`, ...words].join(' \\\n      ');
}
