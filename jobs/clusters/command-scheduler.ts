/** A scheduler that is spoken to by commands of the user's own (command-templates.ts). */
import { rendered } from '../../domain/command/command-template.js';
import { runApart } from '../../host/short-program.js';
import { namesBundle } from '../../source/source-bundle.js';
import { type CommandTemplates, readStates } from './command-templates.js';
import {
  type PrintedSince,
  type Scheduler,
  SchedulerBusy,
  type SchedulerJob,
  type SchedulerState,
} from './scheduler.js';

/** How much of what a command said stands in an error. */
const SAID_LENGTH = 1000;
/** A log is fetched whole where its command knows no cursor. */
const MOST_BYTES = 256 * 1024 * 1024;

interface Answer {
  /** Undecoded: a log may end within a letter. */
  stdout: Buffer;
  /** What the command complained of, where it failed and that is no error ("no such job"). */
  isGone: boolean;
}

export class CommandScheduler implements Scheduler {
  readonly name: string;
  readonly usesBundle: boolean;
  readonly logs?: (id: string, cursor: string | null) => Promise<PrintedSince>;

  constructor(private readonly templates: CommandTemplates) {
    this.name = templates.name;
    const { logs, submit } = templates;
    this.usesBundle = submit.includes('{bundle}') || namesBundle(submit);
    if (logs !== undefined) this.logs = (id, cursor) => this.printedSince(logs, id, Number(cursor ?? 0));
  }

  async submit(job: SchedulerJob): Promise<string> {
    const { name, run, nodeId: node, folder, script, cwd, command, bundle, timeLimitS } = job;
    const limits = { minutes: Math.ceil(timeLimitS / 60), seconds: Math.ceil(timeLimitS) };
    const values = { name, run, node, folder, script, cwd, command, bundle: bundle ?? '', ...limits };
    const { stdout } = await this.ask('submit', values, { cwd, env: job.env, mayBeGone: false });
    const id = this.templates.id.exec(stdout.toString())?.[1];
    if (id) return id;
    throw new Error(`"id" (${this.templates.id.source}) finds no id in what "submit" printed: ${shortened(stdout)}`);
  }

  async find(name: string): Promise<string | null> {
    const { stdout } = await this.ask('find', { name });
    return [...stdout.toString().matchAll(this.templates.find_id)].at(-1)?.[1] ?? null;
  }

  async states(ids: readonly string[]): Promise<ReadonlyMap<string, SchedulerState>> {
    const { stdout } = await this.ask('states', { ids });
    return readStates(stdout.toString(), this.templates);
  }

  async cancel(id: string): Promise<void> {
    await this.ask('cancel', { id });
  }

  /** The cursor is a count of bytes; a command that names none prints the log from its beginning each time. */
  private async printedSince(template: string, id: string, before: number): Promise<PrintedSince> {
    const { stdout: printed, isGone } = await this.ask('logs', { id, cursor: String(before) });
    if (isGone || printed.length === 0) return { stdout: '', stderr: '', cursor: String(before) };
    const isPart = template.includes('{cursor}');
    // A log that is shorter than before was begun anew.
    const from = isPart || printed.length < before ? 0 : before;
    const to = printed.length - bytesOfCutLetter(printed);
    const stdout = printed.toString('utf8', from, Math.max(from, to));
    return { stdout, stderr: '', cursor: String(Math.max(from, to) + (isPart ? before : 0)) };
  }

  /** Throws a SchedulerBusy for what "busy" matches and for a command that takes too long. */
  private async ask(
    field: 'submit' | 'find' | 'states' | 'logs' | 'cancel',
    values: Parameters<typeof rendered>[1],
    { cwd, env, mayBeGone = true }: { cwd?: string; env?: Record<string, string>; mayBeGone?: boolean } = {},
  ): Promise<Answer> {
    const { busy, gone, limit_s } = this.templates;
    const command = rendered(this.templates[field]!, values);
    const result = await runApart('/bin/sh', ['-c', command], {
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env, extendEnv: false }),
      encoding: 'buffer',
      stripFinalNewline: false,
      stdin: 'ignore',
      timeout: limit_s * 1000,
      maxBuffer: MOST_BYTES,
    });
    const stdout = Buffer.from(result.stdout as Uint8Array);
    if (result.timedOut) throw new SchedulerBusy(`"${field}" did not answer within ${limit_s} s: ${command}`);
    if (result.exitCode === 0) return { stdout, isGone: false };
    const said = `${Buffer.from(result.stderr as Uint8Array)}${stdout}`;
    if (busy?.test(said)) throw new SchedulerBusy(`"${field}": ${shortened(said)}`);
    if (mayBeGone && gone?.test(said)) return { stdout, isGone: true };
    throw new Error(`"${field}" ended with exit code ${result.exitCode}: ${shortened(said)} (${shortened(command)})`);
  }
}

function shortened(said: string | Buffer): string {
  const text = said.toString().trim();
  return text.length > SAID_LENGTH ? `…${text.slice(-SAID_LENGTH)}` : text;
}

/** Of a letter of UTF-8 at the end that is not there to its end yet. */
function bytesOfCutLetter(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back]!;
    // The first byte of a letter says how many it has.
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}
