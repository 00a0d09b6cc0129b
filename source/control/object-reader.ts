/**
 * Reads objects through one `git cat-file --batch`, which answers name by name: most of what an experiment asks of git
 * is a look at an object, and each program of its own holds up this process while it is started. It ends when nothing
 * was asked for a moment, and after some seconds in any case, so that it never knows packs that git's housekeeping has
 * long removed; and with us, whose end closes its input.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { isInterruption, ProgramInterrupted } from '../../host/short-program.js';
import { GitError, gitCall } from './git-command.js';
import type { StoredObject } from './object-database.js';

/** Looks of one step of an experiment come within milliseconds of each other. */
const IDLE_MS = 500;
const MOST_AGE_MS = 5_000;
const ARGS = ['cat-file', '--batch'];
const NEWLINE = 0x0a;

interface Question {
  answer(object: StoredObject | null): void;
  fail(error: Error): void;
}

export class ObjectReader {
  #batch: Batch | null = null;

  constructor(readonly gitDir: string) {}

  /** What stands under each id or ref, or null. Rejects with GitError, or ProgramInterrupted. */
  read(names: readonly string[]): Promise<(StoredObject | null)[]> {
    if (this.#batch?.isOld) this.#batch.close();
    if (this.#batch === null || this.#batch.isClosed) this.#batch = new Batch(this.gitDir);
    const { ask } = this.#batch;
    return Promise.all(names.map((name) => ask(name)));
  }
}

class Batch {
  isClosed = false;
  readonly #sinceMs = Date.now();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #questions: Question[] = [];
  /** Of the answer that is coming in. */
  #chunks: Buffer[] = [];
  #length = 0;
  #wanted = 0;
  #stderr = '';
  #idle: NodeJS.Timeout | null = null;

  constructor(gitDir: string) {
    const { args, env, cwd } = gitCall(ARGS, { place: { gitDir } });
    // A session of its own: a Ctrl+C at our terminal does not reach it.
    this.#child = spawn('git', args, { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#child;
    stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    // Its end tells why.
    stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error));
    this.#child.on('close', (code, signal) => {
      const isInterrupted = isInterruption(code, signal);
      const how = `git ${ARGS.join(' ')} was interrupted (${signal ?? `exit code ${code}`})`;
      this.#end(isInterrupted ? new ProgramInterrupted(how) : new GitError(ARGS, code ?? undefined, this.#stderr));
    });
  }

  get isOld(): boolean {
    return Date.now() - this.#sinceMs > MOST_AGE_MS;
  }

  /** What was asked is still answered. */
  close(): void {
    this.isClosed = true;
    this.#child.stdin.end();
  }

  readonly ask = (name: string): Promise<StoredObject | null> => {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    this.#holdUs(true);
    return new Promise((answer, fail) => {
      this.#questions.push({ answer, fail });
      this.#child.stdin.write(`${name}\n`);
    });
  };

  /** Whole answers are given; of an object that comes in parts, the parts are joined once they are all there. */
  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length > 0 && this.#length >= this.#wanted) {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#chunks = [bytes];
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) return;
      const [oid = '', type, size] = bytes.subarray(0, end).toString('utf8').split(' ');
      const isThere = type !== undefined && size !== undefined;
      this.#wanted = end + 1 + (isThere ? Number(size) + 1 : 0);
      if (this.#length < this.#wanted) return;
      const content = Buffer.from(bytes.subarray(end + 1, this.#wanted - 1));
      this.#length -= this.#wanted;
      this.#chunks = this.#length > 0 ? [bytes.subarray(this.#wanted)] : [];
      this.#wanted = 0;
      this.#questions.shift()?.answer(isThere ? { oid, type, content } : null);
    }
    if (this.#questions.length === 0) this.#rest();
  }

  #rest(): void {
    this.#holdUs(false);
    this.#idle = setTimeout(() => this.close(), IDLE_MS);
    this.#idle.unref();
  }

  /** A program that waits for questions keeps nobody from ending. */
  #holdUs(holds: boolean): void {
    const handles = [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr] as unknown as {
      ref(): void;
      unref(): void;
    }[];
    for (const handle of handles) holds ? handle.ref() : handle.unref();
  }

  #end(error: Error): void {
    this.isClosed = true;
    if (this.#idle !== null) clearTimeout(this.#idle);
    for (const { fail } of this.#questions.splice(0)) fail(error);
  }
}
