/** Optuna in a process of its own (optuna_search.py), asked for one setting after the other. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Range } from './space.js';

const AnswerSchema = z.object({ setting: z.record(z.string(), z.number().int()) });

export interface Study {
  sampler: 'tpe' | 'random';
  seed: number;
  ranges: Record<string, Range>;
  /** Tried first. */
  start: Record<string, number>;
}

export interface OptunaSearch {
  /** The first setting of a new study. */
  begin(study: Study): Promise<Record<string, number>>;
  /** The next one, after what the last one gave (higher is better). */
  next(value: number): Promise<Record<string, number>>;
  close(): void;
}

export function startOptuna(python: string): OptunaSearch {
  const script = fileURLToPath(new URL('optuna_search.py', import.meta.url));
  const child = spawn(python, ['-I', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<never>((_, reject) => child.once('error', reject));
  const ask = async (message: object) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const line = await Promise.race([lines.next(), ended]);
    if (line.done) throw new Error(`optuna_search.py ended without an answer to ${JSON.stringify(message)}`);
    return AnswerSchema.parse(JSON.parse(line.value)).setting;
  };
  return {
    begin: (study) => ask({ study }),
    next: (value) => ask({ value }),
    close: () => child.stdin.end(),
  };
}
