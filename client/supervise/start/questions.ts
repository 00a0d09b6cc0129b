/** Asks for what a run still needs, with defaults found by looking, and checks each answer at once. */
import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { shellWord } from '../../../domain/command/shell-word.js';
import { Refusal } from '../../output/refusal.js';
import { checkApart, checkedSource } from '../../run/first-config.js';
import { checkNewWorkdir } from '../../run/prepare-run.js';
import { type Conversation, isLeaving } from '../conversation.js';
import { type Found, lookAround, repositoryOf } from './look-around.js';

/** The flags of `run` as commander names them. */
export type StartOptions = Record<string, unknown>;

/** The person has left before everything was known. */
export class Left extends Error {}

export class Questions {
  #found: Promise<Found> | null = null;

  constructor(
    private readonly conversation: Conversation,
    private readonly cwd: string,
  ) {}

  private look(): Promise<Found> {
    this.#found ??= lookAround(this.cwd);
    return this.#found;
  }

  /** `sourceDir`: the code that may be changed, where that is known; else what it will most likely be. */
  async workdir(sourceDir?: string): Promise<string> {
    const { root, scripts } = await this.look();
    const source = sourceDir ?? (scripts.length > 0 ? root : null);
    const usual = join('~', 'autoresearch', basename(root));
    return await this.checked('workdir (a folder of its own for the run, kept)', usual, async (given) => {
      const path = expanded(given, this.cwd);
      await checkNewWorkdir(path);
      if (source !== null) await checkApart(path, source);
      return path;
    });
  }

  /** Asks for each of the five that is missing, in place. */
  async fill(options: StartOptions): Promise<void> {
    if (options.pipelineScript === undefined) await this.script(options);
    if (options.sourceDir === undefined) await this.source(options);
    else await this.check(options, 'source');
    if (options.baseLaunchCommand === undefined) await this.launch(options);
    if (options.buildCommand === undefined) await this.build(options);
  }

  /** Whether a question can mend a flag that was refused. */
  canMend(field: string): boolean {
    return Object.hasOwn(this.#asked, field);
  }

  async again(options: StartOptions, field: string): Promise<void> {
    await this.#asked[field]?.(options);
  }

  readonly #asked: Record<string, (options: StartOptions) => Promise<void>> = {
    '--pipeline-script': (options) => this.script(options),
    '--source-dir': (options) => this.source(options),
    '--base-launch-command': (options) => this.launch(options),
    '--agent': async (options) => {
      options.agent = await this.line('agent of the run (anthropic, claude, codex, playbook)', 'playbook');
    },
  };

  private async script(options: StartOptions): Promise<void> {
    const { scripts, root } = await this.look();
    const shown = scripts.slice(0, SHOWN);
    if (shown.length > 1) {
      const paths = shown.map((path) => relative(root, path));
      this.conversation.answer(numbered('scripts that use SPDL:', paths));
    }
    const answer = await this.checked('pipeline script', shown[0] ?? null, async (given) => {
      const path = shown[Number(given) - 1] ?? expanded(given, this.cwd);
      const found = await stat(path).catch(() => null);
      if (!found?.isFile()) throw new Refusal('pipeline script', given, 'an existing Python script');
      return path;
    });
    options.pipelineScript = answer;
  }

  private async source(options: StartOptions): Promise<void> {
    const script = String(options.pipelineScript);
    const { root } = await this.look();
    const isInside = (await realpath(script)).startsWith(`${await realpath(root)}/`);
    // A person may stand above the repository, or in another one.
    const usual = (await repositoryOf(dirname(script))) ?? (isInside ? root : dirname(script));
    options.sourceDir = await this.checked(
      'source directory (the code that may be changed; your files stay as they are)',
      usual,
      async (given) => {
        const sourceDir = expanded(given, this.cwd);
        await checkedSource({ sourceDir, script });
        return sourceDir;
      },
    );
  }

  private async check(options: StartOptions, what: 'source'): Promise<void> {
    try {
      await checkedSource({ sourceDir: String(options.sourceDir), script: String(options.pipelineScript) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.conversation.answer(error.message);
      if (what === 'source') await this.source(options);
    }
  }

  private async launch(options: StartOptions): Promise<void> {
    const script = String(options.pipelineScript);
    const source = String(options.sourceDir);
    const { commands, scripts } = await this.look();
    const known = scripts.find((path) => resolve(path) === resolve(script));
    const found = known === undefined ? [] : (commands[known] ?? []);
    if (found.length > 1) {
      this.conversation.answer(numbered('commands that start it, as README, Makefile and scripts have them:', found));
    }
    const usual = found[0] ?? `python ${shellWord(relative(source, script))}`;
    options.baseLaunchCommand = await this.checked(
      `launch command (one training job, started in ${source})`,
      usual,
      async (given) => (/^\d+$/.test(given) ? (found[Number(given) - 1] ?? given) : given),
    );
  }

  private async build(options: StartOptions): Promise<void> {
    const { dockerfile } = await this.look();
    const needsImage = String(options.baseLaunchCommand).includes('$IMAGE');
    const usual =
      dockerfile !== null && needsImage
        ? `docker build -q -f ${shellWord(relative(String(options.sourceDir), dockerfile))} .`
        : 'none';
    const answer = await this.line(
      'build command (its last line of output is the image; none where nothing is built)',
      usual,
    );
    if (answer !== 'none') options.buildCommand = answer;
  }

  private async checked(
    question: string,
    usual: string | null,
    read: (given: string) => Promise<string>,
  ): Promise<string> {
    for (;;) {
      const given = await this.line(question, usual);
      try {
        return await read(given);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.conversation.answer(error.message);
      }
    }
  }

  private async line(question: string, usual: string | null): Promise<string> {
    for (;;) {
      const given = await this.conversation.ask(`${question}${usual === null ? '' : ` [${usual}]`}: `);
      if (given === null || isLeaving(given)) throw new Left();
      const answer = given.trim() || usual;
      if (answer !== null) return answer;
    }
  }
}

/** Of a flag that a question can mend: a person who answers questions has given none. */
export function refusalSentence({ field, value, advice, message }: Refusal): string {
  const begin = BEGINNINGS[field];
  return begin === undefined ? message : `${begin(String(value))}: ${advice}.`;
}

const BEGINNINGS: Readonly<Record<string, (value: string) => string>> = {
  '--agent': (value) => `The agent that would make the changes, ${value}, cannot be asked here`,
  '--base-launch-command': (value) => `No job can be made of the launch command ${JSON.stringify(value)}`,
  '--pipeline-script': (value) => `The pipeline script ${value} does not fit; what is needed is`,
  '--source-dir': (value) => `The source directory ${value} does not fit; what is needed is`,
};

const SHOWN = 6;

function numbered(title: string, texts: readonly string[]): string {
  return [title, ...texts.slice(0, SHOWN).map((text, at) => `  ${at + 1}  ${text}`)].join('\n');
}

function expanded(path: string, cwd: string): string {
  return resolve(cwd, path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path);
}
