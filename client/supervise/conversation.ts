/**
 * A conversation on a terminal, or over pipes: questions and answers in turn, and lines that come meanwhile, which
 * stand above what the person is typing.
 */
import { createInterface, type Interface } from 'node:readline';
import { fittedLine, plainLine } from '../output/terminal-line.js';

export interface Conversation {
  /** A line, or several; while an answer is being given they wait for its end. */
  say(text: string): void;
  /** The same at once, as a part of an answer. */
  answer(text: string): void;
  /** A piece of an answer that grows. */
  stream(text: string): void;
  /** The next line that the person types; null once they have left. Empty where they just pressed Enter. */
  ask(prompt: string): Promise<string | null>;
  /** Holds lines back while `act` gives an answer. */
  answering<T>(act: () => Promise<T>): Promise<T>;
  /** Aborts when the person leaves, by Ctrl+C, Ctrl+D or a closed terminal. */
  readonly left: AbortSignal;
  readonly isTerminal: boolean;
  /** As Ctrl+D does, and what was typed ahead is given up. */
  leave(): void;
  close(): void;
}

export interface Streams {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

export function openConversation({ input, output }: Streams): Conversation {
  const isTerminal = input.isTTY === true && output.isTTY === true;
  return new TerminalConversation(createInterface({ input, output, terminal: isTerminal }), output, isTerminal);
}

const CLEAR_LINE = '\r\x1b[2K';

class TerminalConversation implements Conversation {
  private readonly leaving = new AbortController();
  /** Typed before anybody asked. */
  private readonly typed: string[] = [];
  private waiting: ((line: string | null) => void) | null = null;
  private held: string[] | null = null;
  /** Whether the last streamed piece ended its line. */
  private isAtStart = true;

  constructor(
    private readonly lines: Interface,
    private readonly output: Streams['output'],
    readonly isTerminal: boolean,
  ) {
    lines.on('line', (line) => {
      const { waiting } = this;
      this.waiting = null;
      if (waiting) waiting(line);
      else this.typed.push(line);
    });
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => {
      this.leaving.abort();
      this.waiting?.(null);
      this.waiting = null;
    });
  }

  get left(): AbortSignal {
    return this.leaving.signal;
  }

  say(text: string): void {
    if (this.held) this.held.push(text);
    else this.answer(text);
  }

  answer(text: string): void {
    const shown = `${this.isAtStart ? '' : '\n'}${text
      .split('\n')
      .map((line) => this.fit(line))
      .join('\n')}\n`;
    this.isAtStart = true;
    if (this.isTerminal && this.waiting) {
      this.output.write(`${CLEAR_LINE}${shown}`);
      this.lines.prompt(true);
    } else {
      this.output.write(shown);
    }
  }

  stream(text: string): void {
    const shown = text.split('\n').map(plainLine).join('\n');
    if (shown === '') return;
    this.isAtStart = shown.endsWith('\n');
    this.output.write(shown);
  }

  ask(prompt: string): Promise<string | null> {
    if (!this.isAtStart) this.answer('');
    const typed = this.typed.shift();
    if (typed !== undefined) {
      this.output.write(`${prompt}${typed}\n`);
      return Promise.resolve(typed);
    }
    if (this.left.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.lines.setPrompt(prompt);
      this.lines.prompt();
    });
  }

  async answering<T>(act: () => Promise<T>): Promise<T> {
    this.held ??= [];
    try {
      return await act();
    } finally {
      const held = this.held ?? [];
      this.held = null;
      for (const text of held) this.say(text);
    }
  }

  leave(): void {
    this.typed.length = 0;
    this.lines.close();
  }

  close(): void {
    this.lines.close();
  }

  /** A table is cut where it would wrap; a sentence wraps by itself. */
  private fit(line: string): string {
    const isTable = / {2,}\S/.test(line.trimStart());
    return this.isTerminal && isTable ? fittedLine(line, (this.output.columns ?? 100) - 1) : plainLine(line);
  }
}

/** Whether a person wants to go, whatever was asked: "leave it" is no such answer. */
export function isLeaving(line: string): boolean {
  return /^(q|quit|exit|bye|leave)$/i.test(line.trim());
}

/** Yes or no; what was just Enter is `otherwise`, and a person who has left, or says here that they do, says no. */
export async function confirmed(conversation: Conversation, question: string, otherwise = true): Promise<boolean> {
  for (;;) {
    const line = (await conversation.ask(`${question} [${otherwise ? 'Y/n' : 'y/N'}] `))?.trim().toLowerCase();
    if (line === undefined) return false;
    if (line === '') return otherwise;
    if (/^(y|yes|ok|sure|do it)$/.test(line)) return true;
    if (/^(n|no|not)$/.test(line)) return false;
    if (isLeaving(line)) {
      conversation.leave();
      return false;
    }
    conversation.answer('please answer y or n, or quit');
  }
}
