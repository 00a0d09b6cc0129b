/** What a supervisor, a person's or a model, can do with a run: one tool, over the same functions as the commands. */
import { z } from 'zod';
import { type CommandDefinition, silentCli } from '../command-definition.js';
import { Refusal } from '../output/refusal.js';

export interface Tool {
  name: string;
  title: string;
  /** What it does, in a sentence. */
  says: string;
  /** Whether it changes anything: a person is asked before. */
  changes: boolean;
  input: z.ZodObject;
  /** What is asked for, in words; where absent, by the names of the fields. */
  told?(input: unknown): string;
  /** Throws a Refusal where it cannot be done as the run stands: looked at before a person is asked. */
  before?(workdir: string, input: unknown): Promise<void>;
  /**
   * Answers in words, for a person or a model. `workdir` is a path; `input` as it was given. Throws a Refusal for what
   * a person can mend.
   */
  act(workdir: string, input: unknown): Promise<string>;
}

interface ToolDefinition<Shape extends z.ZodRawShape> extends Omit<Tool, 'input' | 'act' | 'told' | 'before'> {
  input: Shape;
  told?(input: z.output<z.ZodObject<Shape>>): string;
  before?(workdir: string, input: z.output<z.ZodObject<Shape>>): Promise<void>;
  act(workdir: string, input: z.output<z.ZodObject<Shape>>): Promise<string>;
}

/** The input is held against its schema, unknown fields included, before anything is done. */
export function defineTool<Shape extends z.ZodRawShape>(definition: ToolDefinition<Shape>): Tool {
  const { input, act, told, before, ...facts } = definition;
  const schema = z.strictObject(input);
  const checked = (given: unknown) => {
    const parsed = schema.safeParse(given ?? {});
    if (parsed.success) return parsed.data as z.output<z.ZodObject<Shape>>;
    const [issue] = parsed.error.issues;
    const field = issue?.path.map(String).join('.') || facts.name;
    throw new Refusal(field, (given as Record<string, unknown>)?.[field] ?? given, issue?.message ?? 'another value');
  };
  return {
    ...facts,
    input: schema,
    act: async (workdir, given) => await act(workdir, checked(given)),
    ...(told ? { told: (given: unknown) => told(checked(given)) } : {}),
    ...(before ? { before: async (workdir: string, given: unknown) => await before(workdir, checked(given)) } : {}),
  };
}

/** What a command answers, without a screen. */
export async function byCommand(
  { act }: CommandDefinition,
  args: readonly string[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const result = await act(args, given, silentCli());
  return typeof result === 'number' ? '' : result.text();
}
