/**
 * A scheduler of the user's own: an ES module whose default export is a Scheduler, or a function that makes one; or a
 * JSON file of commands (command-templates.ts).
 */
import { readFile, stat } from 'node:fs/promises';
import { madeByModule } from '../../host/user-module.js';
import { CommandScheduler } from './command-scheduler.js';
import { parseTemplates } from './command-templates.js';
import type { Scheduler } from './scheduler.js';

const GUIDE = 'docs/platforms.md';
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const FUNCTIONS = ['submit', 'find', 'states', 'cancel'] as const;

/** `path` is absolute. An Error says what is missing, for a person who is writing such a file. */
export async function loadScheduler(path: string): Promise<Scheduler> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error)
    throw new Error(found.code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${found.message}`);
  if (!found.isFile()) throw new Error(`${path} is no file`);
  return path.endsWith('.json') ? await commandScheduler(path) : await moduleScheduler(path);
}

async function commandScheduler(path: string): Promise<Scheduler> {
  const text = await readFile(path, 'utf8');
  try {
    return new CommandScheduler(parseTemplates(text));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message} (${GUIDE})`);
  }
}

async function moduleScheduler(path: string): Promise<Scheduler> {
  const made = await madeByModule(path);
  const missing = whatIsMissing(made);
  if (missing !== null) throw new Error(`${path}: ${missing} (${GUIDE})`);
  return made as Scheduler;
}

function whatIsMissing(made: unknown): string | null {
  if (typeof made !== 'object' || made === null)
    return `the default export is ${made === undefined ? 'missing' : String(made)}; it must be an object { name, ${FUNCTIONS.join(', ')} } or a function that makes one`;
  const scheduler = made as Record<string, unknown>;
  const { name } = scheduler;
  if (typeof name !== 'string' || !NAME.test(name) || name === 'local')
    return `its name is ${JSON.stringify(name)}; it must be lower-case letters, digits and "-", begin with a letter, and not be local`;
  const missing = FUNCTIONS.find((each) => typeof scheduler[each] !== 'function');
  if (missing !== undefined) return `it has no function ${missing}`;
  const broken = ['logs', 'runs', 'wouldRefuse'].find(
    (each) => !['undefined', 'function'].includes(typeof scheduler[each]),
  );
  return broken === undefined ? null : `its ${broken} is no function`;
}
