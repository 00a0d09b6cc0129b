/**
 * The command line: every command with its arguments, flags and help. Commands load only what they need, when they run.
 */
import { Command, CommanderError } from 'commander';
import { type Cli, type CommandDefinition, defineCommand } from './command-definition.js';
import { INSPECTING_COMMANDS } from './inspecting-commands.js';
import { EXIT, type ExitCode, exitCodeHelp } from './output/exit-codes.js';
import { type Output, printError } from './output/output.js';
import { RUNNING_COMMANDS } from './running-commands.js';
import { STEERING_COMMANDS } from './steering-commands.js';
import { version } from './version.js';

const COMMANDS: readonly CommandDefinition[] = [...RUNNING_COMMANDS, ...INSPECTING_COMMANDS, ...STEERING_COMMANDS];

/** `words` are the arguments after the program's name. Never throws for what a person can do wrong. */
export async function runCli(words: readonly string[], output: Output): Promise<ExitCode> {
  const json = words.includes('--json');
  const cli: Cli = { output, exitCode: EXIT.ok };
  try {
    await makeProgram(cli, json).parseAsync(words, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return afterCommander(error, output, json);
    return printError(output, json, error);
  }
}

function makeProgram(cli: Cli, json: boolean): Command {
  const { output } = cli;
  const program = new Command('autoresearch')
    .description(
      'Makes an SPDL data pipeline faster: runs experiments on it, each a Temporal workflow, until nothing more is won.',
    )
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text),
      // In JSON the error is printed once, by afterCommander.
      writeErr: (text) => (json ? undefined : output.err(text)),
    })
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError(true)
    .addHelpText('after', `\n${exitCodeHelp()}`);
  for (const definition of COMMANDS) defineCommand(program, cli, definition);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Commander has printed help, version or its own error line by now. */
function afterCommander(error: CommanderError, output: Output, json: boolean): ExitCode {
  if (error.exitCode === 0) return EXIT.ok;
  if (json) {
    const message = error.message.replace(/^error: /, '');
    output.err(`${JSON.stringify({ error: { message, exit_code: EXIT.refused } })}\n`);
  }
  return EXIT.refused;
}
