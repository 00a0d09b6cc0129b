/**
 * The command line: the table of its commands. What takes long to load (Temporal, git, schemas) is imported by the act
 * of a command, so that help and a wrong word are answered at once.
 */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../host/package-files.js';
import { type Cli, type CommandDefinition, defineCommand } from './command-definition.js';
import { ADD } from './commands/add.js';
import { APPLY } from './commands/apply.js';
import { APPROVE, REFUSE } from './commands/approve.js';
import { CLEAN } from './commands/clean.js';
import { CODEC_SERVER } from './commands/codec-server.js';
import { DASHBOARD } from './commands/dashboard.js';
import { DEMO } from './commands/demo.js';
import { DIFF } from './commands/diff.js';
import { DOCTOR } from './commands/doctor.js';
import { EXPORT } from './commands/export.js';
import { LIST } from './commands/list.js';
import { COMPLETION, MAN } from './commands/manual.js';
import { MCP } from './commands/mcp.js';
import { QUEUE } from './commands/queue.js';
import { REPORT } from './commands/report.js';
import { RUN } from './commands/run.js';
import { SET } from './commands/set.js';
import { SETUP } from './commands/setup.js';
import { START } from './commands/start.js';
import { STATUS } from './commands/status.js';
import { CANCEL, NOTE, PAUSE, PRIORITIZE, REMOVE, RESUME } from './commands/steer.js';
import { STOP } from './commands/stop.js';
import { SUMMARY } from './commands/summary.js';
import { SUPERVISE } from './commands/supervise.js';
import { WORKER } from './commands/worker.js';
import { EXIT, type ExitCode, exitCodeHelp } from './output/exit-codes.js';
import { type Output, printError } from './output/output.js';

/** In the order in which the help lists them: what brings an engine up, what looks at a run, what steers one. */
const COMMANDS: readonly CommandDefinition[] = [
  ...[SUPERVISE, RUN, START, WORKER, DEMO],
  ...[LIST, STATUS, QUEUE, SUMMARY, DASHBOARD, DIFF, APPLY, REPORT, EXPORT],
  ...[CODEC_SERVER, MCP, DOCTOR, CLEAN, SETUP, COMPLETION, MAN],
  ...[STOP, PAUSE, RESUME, PRIORITIZE, ADD, REMOVE, CANCEL, APPROVE, REFUSE, SET, NOTE],
];

const DESCRIPTION =
  'Makes an SPDL data pipeline faster: runs experiments on it, each a Temporal workflow, until nothing more is won.';

/** `words` are the arguments after the program's name. Never throws for what a person can do wrong. */
export async function runCli(words: readonly string[], output: Output): Promise<ExitCode> {
  const json = words.includes('--json');
  const cli: Cli = { output, exitCode: EXIT.ok, commands: COMMANDS, description: DESCRIPTION };
  try {
    const asked = words.length === 0 && output.isTerminal && process.stdin.isTTY ? [SUPERVISE.name] : words;
    await makeProgram(cli, json).parseAsync(asked, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return afterCommander(error, output, json);
    return printError(output, json, error);
  }
}

function makeProgram(cli: Cli, json: boolean): Command {
  const { output } = cli;
  const program = new Command('autoresearch')
    .description(DESCRIPTION)
    .version(packageVersion(), '-V, --version')
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
