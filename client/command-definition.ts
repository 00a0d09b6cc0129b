/** How a command enters the program: its arguments and flags as data, and an act that returns what to print. */
import { type Command, Option } from 'commander';
import { EXIT, type ExitCode } from './output/exit-codes.js';
import { type Output, printAnswer } from './output/output.js';
import type { Printed } from './output/printed.js';

export type Options = Readonly<Record<string, unknown>>;

export interface Cli {
  output: Output;
  /** Set by the command that ran. */
  exitCode: ExitCode;
  /** All of them, and what the program is for: of what its manual is made. */
  commands: readonly CommandDefinition[];
  description: string;
}

/** For an act that is asked by a program: nothing goes to a screen. */
export function silentCli(): Cli {
  const output: Output = { out: () => undefined, err: () => undefined, isTerminal: false, columns: 100 };
  return { output, exitCode: EXIT.ok, commands: [], description: '' };
}

export interface FlagDefinition {
  flags: string;
  help: string;
  repeatable?: boolean;
  /** Name under which its value is kept; commander's own would be the same for `--link <glob>` and `--no-link`. */
  option?: string;
}

export interface CommandDefinition {
  name: string;
  /** As commander reads them: `<workdir>`, `[node]`, `<workdir...>`. */
  args: string;
  help: string;
  flags?: readonly FlagDefinition[];
  /** More text under the help. */
  after?: string;
  /** Command lines as a person would type them. */
  examples?: readonly string[];
  /** `args` has '' for an optional argument that was not given. Null: everything was printed already. */
  act(args: readonly string[], options: Options, cli: Cli): Promise<Printed | ExitCode>;
}

export function defineCommand(program: Command, cli: Cli, definition: CommandDefinition): void {
  const { name, args, help, flags = [], after, examples = [], act } = definition;
  const command = program
    .command(args === '' ? name : `${name} ${args}`)
    .summary(help)
    .description(help);
  for (const flag of flags) command.addOption(optionOf(flag));
  command.option('--json', 'answer in JSON');
  if (after !== undefined) command.addHelpText('after', `\n${after}`);
  if (examples.length > 0)
    command.addHelpText('after', ['', 'Examples:', ...examples.map((each) => `  ${each}`)].join('\n'));
  command.action(async (...given: unknown[]) => {
    // Commander passes the arguments, then the options, then the command itself.
    const words = given.slice(0, -2).flatMap((word) => (word === undefined ? [''] : [word].flat().map(String)));
    const options = givenOptions(command);
    const result = await act(words, options, cli);
    if (typeof result === 'number') {
      cli.exitCode = result;
      return;
    }
    printAnswer(cli.output, options.json === true, result);
    cli.exitCode = result.exitCode ?? EXIT.ok;
  });
}

function optionOf({ flags, help, repeatable, option: kept }: FlagDefinition): Option {
  const option = new Option(flags, repeatable ? `${help}; may be given several times` : help);
  if (kept !== undefined) option.attributeName = () => kept;
  if (repeatable) {
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  }
  return option;
}

/** Commander makes `--no-x` true by default; here an absent flag is absent. */
function givenOptions(command: Command): Options {
  const all = Object.entries(command.opts<Options>());
  return Object.fromEntries(all.filter(([name]) => command.getOptionValueSource(name) !== 'default'));
}
