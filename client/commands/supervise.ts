/** `supervise`: a conversation about a run, from its first questions to its end; also what plain `autoresearch` is. */
import type { CommandDefinition, Options } from '../command-definition.js';
import { amountOrNone, oneOf } from '../flags/flag-values.js';
import { START_FLAGS } from '../flags/start-flags.js';
import { EXIT } from '../output/exit-codes.js';
import type { SupervisorName } from '../supervise/supervisor.js';

const DEFAULT_BUDGET_USD = 1;
const SUPERVISOR_NAMES = ['rules', 'anthropic', 'claude', 'codex'];

export const SUPERVISE: CommandDefinition = {
  name: 'supervise',
  args: '[workdir]',
  help: 'begin a run by answering questions, or come back to one; then ask and tell it things while it goes on',
  flags: [
    ...START_FLAGS,
    {
      flags: '--supervisor <name>',
      help: "who answers: rules (no model), anthropic, claude or codex (default: the run's own command, else the API where there is a key, else rules)",
    },
    {
      flags: '--supervisor-budget <amount>',
      help: `US dollars for the supervisor's own calls, or none (default: ${DEFAULT_BUDGET_USD})`,
    },
  ],
  after: `Plain \`autoresearch\` at a terminal is the same. It asks for what is missing, shows what it will run, starts the engine in
the background and tells of results as they come. Leaving it does not stop the engine; the workdir comes back to it.`,
  async act([workdir = ''], options) {
    const { supervisor, supervisorBudget, ...flags } = options;
    const budgetUsd =
      supervisorBudget === undefined ? DEFAULT_BUDGET_USD : amountOrNone('--supervisor-budget')(supervisorBudget);
    const [{ supervise }, { openConversation }] = await Promise.all([
      import('../supervise/supervisor.js'),
      import('../supervise/conversation.js'),
    ]);
    const conversation = openConversation({ input: process.stdin, output: process.stdout });
    try {
      const asked = {
        workdir,
        flags: withoutJson(flags),
        supervisor: supervisorOf(supervisor),
        budgetUsd,
        cwd: process.cwd(),
      };
      const answer = await supervise(conversation, asked);
      return answer.workdir === null ? EXIT.interrupted : EXIT.ok;
    } finally {
      conversation.close();
    }
  },
};

function supervisorOf(given: unknown): SupervisorName | null {
  return given === undefined ? null : (oneOf('--supervisor', SUPERVISOR_NAMES)(given) as SupervisorName);
}

function withoutJson({ json: _, ...flags }: Options): Options {
  return flags;
}
