/**
 * `--platform ./lsf.json`: the commands of a scheduler as templates, and how to read what they print. Checked whole
 * before a run begins; an error names the field, the value and what would be right.
 */
import { z } from 'zod';
import { templateProblem } from '../../domain/command/command-template.js';
import type { SchedulerState } from './scheduler.js';

/** What each template may name. */
const PLACEHOLDERS = {
  submit: ['name', 'run', 'node', 'folder', 'script', 'cwd', 'command', 'bundle', 'minutes', 'seconds'],
  find: ['name'],
  states: ['ids'],
  logs: ['id', 'cursor'],
  cancel: ['id'],
} as const;
type TemplateField = keyof typeof PLACEHOLDERS;

/** What a printed state can mean: `done` returned 0, `failed` did not, `exit` returned what `code` says. */
const MEANINGS = [
  'pending',
  'running',
  'done',
  'failed',
  'exit',
  'timeout',
  'cancelled',
  'preempted',
  'node_failed',
  'out_of_memory',
  'never_started',
  'lost',
] as const;

function template(field: TemplateField) {
  const allowed: readonly string[] = PLACEHOLDERS[field];
  return z
    .string()
    .min(1, 'a command')
    .superRefine((text, context) => {
      const problem = templateProblem(text, allowed);
      if (problem !== null) context.addIssue({ code: 'custom', message: `${problem}, not ${JSON.stringify(text)}` });
    });
}

/** `groups`: named ones that it must have; none: one group, named or not. */
function pattern(flags: string, groups: readonly string[] | null, optional: readonly string[] = []) {
  return z.string().transform((text, context) => {
    const problem = patternProblem(text, flags, groups, optional);
    if (problem === null) return new RegExp(text, flags);
    context.addIssue({ code: 'custom', message: `${problem}, not ${JSON.stringify(text)}` });
    return z.NEVER;
  });
}

function patternProblem(
  text: string,
  flags: string,
  groups: readonly string[] | null,
  optional: readonly string[],
): string | null {
  let match: RegExpExecArray;
  try {
    match = new RegExp(`${text}|`, flags).exec('')!;
  } catch (error) {
    return `a regular expression of JavaScript (${(error as Error).message})`;
  }
  if (groups === null) return match.length === 2 ? null : `a regular expression with one group, which has the id`;
  const named = Object.keys(match.groups ?? {});
  const missing = groups.find((name) => !named.includes(name));
  if (missing !== undefined) return `a regular expression with a group (?<${missing}>…)`;
  const unknown = named.find((name) => !groups.includes(name) && !optional.includes(name));
  return unknown === undefined
    ? null
    : `a regular expression with no groups but ${[...groups, ...optional].join(', ')}`;
}

const message = z.string().transform((text, context) => {
  const problem = patternProblem(text, 'im', [], []);
  if (problem === null) return new RegExp(text, 'im');
  context.addIssue({ code: 'custom', message: `${problem}, not ${JSON.stringify(text)}` });
  return z.NEVER;
});

const TemplatesSchema = z
  .strictObject({
    name: z.string().refine((name) => /^[a-z][a-z0-9-]{0,31}$/.test(name) && name !== 'local', {
      error: 'lower-case letters, digits and "-", beginning with a letter, and not local',
    }),
    submit: template('submit'),
    id: pattern('m', null),
    find: template('find'),
    find_id: pattern('gm', null),
    states: template('states'),
    state: pattern('gm', ['id', 'state'], ['code', 'reason']),
    table: z.record(
      z.string(),
      z.enum(MEANINGS, { error: ({ input }) => `one of ${MEANINGS.join(', ')}, not ${JSON.stringify(input)}` }),
    ),
    logs: template('logs').optional(),
    cancel: template('cancel'),
    busy: message.optional(),
    gone: message.optional(),
    /** Seconds that one command may take. */
    limit_s: z.number().positive().max(600).default(60),
  })
  .superRefine(({ submit, logs }, context) => {
    const wants = logs === undefined ? 'script' : 'command';
    if (submit.includes(`{${wants}}`) && (logs === undefined || !submit.includes('{script}'))) return;
    const why =
      logs === undefined
        ? 'without logs it must hand {script}, which keeps the output of the job, to the scheduler'
        : 'with logs it must hand {command} to the scheduler, and not {script}, whose output is in files';
    context.addIssue({ code: 'custom', path: ['submit'], message: `${why}, not ${JSON.stringify(submit)}` });
  });

export type CommandTemplates = z.output<typeof TemplatesSchema>;

/** `text` is JSON. Throws with one line: which field, which value, what would be right. */
export function parseTemplates(text: string): CommandTemplates {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`it must be JSON: ${(error as Error).message}`);
  }
  const parsed = TemplatesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys')
    throw new Error(
      `there is no field ${issue.keys[0]}; the fields are ${Object.keys(TemplatesSchema.shape).join(', ')}`,
    );
  throw new Error(`${issue.path.join('.') || 'it'}: ${issue.message}`);
}

/** The states that a scheduler printed, by id; the last word of a job counts. */
export function readStates(
  printed: string,
  { state, table }: Pick<CommandTemplates, 'state' | 'table'>,
): Map<string, SchedulerState> {
  const states = new Map<string, SchedulerState>();
  for (const { groups } of printed.matchAll(state)) {
    const { id, state: word, code, reason } = groups!;
    if (id !== undefined && word !== undefined) states.set(id, meaningOf(word, table, codeOf(code), reason?.trim()));
  }
  return states;
}

function meaningOf(
  word: string,
  table: CommandTemplates['table'],
  code: number | null,
  reason: string | undefined,
): SchedulerState {
  const key = keyOf(`${word} ${reason ?? ''}`, Object.keys(table));
  const meaning = key === undefined ? null : table[key]!;
  // It may be anything, an end only perhaps: whoever waits for the job reads what to add.
  if (meaning === null) return { state: 'pending', reason: `its state is ${word}, which "table" does not have` };
  if (meaning === 'pending') return { state: 'pending', reason: reason || word };
  if (meaning === 'running') return { state: 'running' };
  const said = reason ? `${word}: ${reason}` : word;
  if (meaning === 'done') return { state: 'ended', cause: 'exit', returnCode: 0, said };
  if (meaning === 'failed') return { state: 'ended', cause: 'exit', returnCode: code || 1, said };
  return { state: 'ended', cause: meaning, returnCode: code, said };
}

/** "EXIT" is for each reason that no longer key, "EXIT TERM_RUNLIMIT", begins with. */
function keyOf(said: string, keys: readonly string[]): string | undefined {
  const fits = keys.filter((key) => said.startsWith(key) && !/^\w/.test(said.slice(key.length)));
  return fits.sort((a, b) => b.length - a.length)[0];
}

/** PBS adds 256 to a signal, where shells add 128. */
function codeOf(text: string | undefined): number | null {
  const code = Number(text?.trim() || Number.NaN);
  if (!Number.isInteger(code)) return null;
  return code > 256 && code < 256 + 65 ? 256 - code : code;
}
