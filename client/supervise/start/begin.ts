/** From nothing, or what there is, to a running engine: asks, checks, tries, shows what it will run, and starts. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { shellWord } from '../../../domain/command/shell-word.js';
import { isoTimeText } from '../../../domain/reports/quantity-text.js';
import { Workdir } from '../../../workdir/paths.js';
import { configuredTarget } from '../../../worker/connection.js';
import { findTemporal } from '../../../worker/server/find-temporal.js';
import { start } from '../../commands/start.js';
import { givenFlags } from '../../flags/given-flags.js';
import { RUN_FLAGS } from '../../flags/run-flags.js';
import { Refusal } from '../../output/refusal.js';
import { checkApart, firstConfig } from '../../run/first-config.js';
import { checkNewWorkdir, prepareRun } from '../../run/prepare-run.js';
import { engineLife, readState } from '../../run/run-state.js';
import { configIfAny } from '../../run/workdir-config.js';
import { type Conversation, confirmed, isLeaving } from '../conversation.js';
import { Left, Questions, refusalSentence, type StartOptions } from './questions.js';
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
  const options: StartOptions = { ...flags };
  const known = given !== '' ? resolve(cwd, given) : isHere ? cwd : null;
  if (known !== null) await checkNewWorkdir(known);
  let path = known ?? (await questions.workdir(options.sourceDir as string | undefined));
  const before = new Workdir(path);
  if ((await configIfAny(before)) !== null) return await comeBack(conversation, before, options);
  // What no answer can mend is said before anything is asked.
  if (configuredTarget() === null) await findTemporal();
  conversation.answer(`a new run in ${path}; press Enter to take what stands in brackets`);
  await questions.fill(options);
  path = await keptApart(conversation, questions, path, String(options.sourceDir));
  const workdir = new Workdir(path);
  if ((await configIfAny(workdir)) !== null) return await comeBack(conversation, workdir, options);
  await checkWhole(conversation, questions, workdir, options);
  await offerTrial(conversation, options);
  conversation.answer(`I will run:\n\n    ${startCommand(path, options)}\n`);
  if (!(await confirmed(conversation, 'start the engine in the background?'))) {
    conversation.answer('nothing was started or written; the command above starts the run when you want it');
    return null;
  }
  await startEngine(conversation, path, options);
  return path;
}

/** The workdir, asked for anew where it turned out to be the source directory. */
async function keptApart(
  conversation: Conversation,
  questions: Questions,
  path: string,
  sourceDir: string,
): Promise<string> {
  try {
    await checkApart(path, sourceDir);
    return path;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    conversation.answer(error.message);
    return await questions.workdir(sourceDir);
  }
}

/** A run that is there: its engine is left alone where it works, and started again where it should. */
async function comeBack(conversation: Conversation, workdir: Workdir, options: StartOptions): Promise<string> {
  const engine = await engineLife(workdir);
  if (engine !== null) {
    conversation.answer(`the engine works on it (process ${engine.pid}, since ${isoTimeText(engine.since)})`);
    return workdir.root;
  }
  const state = await readState(workdir);
  const hasEnded = state?.status === 'stopped';
  if (hasEnded) conversation.answer(`the run has ended (${state.stop?.reason}: ${state.stop?.detail})`);
  else conversation.answer(state ? 'no engine works on the run' : 'the run has not begun: its engine never came up');
  if (await confirmed(conversation, state ? 'start its engine again?' : 'start its engine?', !hasEnded)) {
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
      if (!questions.canMend(error.field)) throw error;
      conversation.answer(refusalSentence(error));
      await questions.again(options, error.field);
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
    if (isLeaving(other)) throw new Left();
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
