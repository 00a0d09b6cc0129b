/** Commands that bring an engine up. */
import type { Cli, CommandDefinition, Options } from './command-definition.js';
import { RUN_FLAGS } from './flags/run-flags.js';
import { printed } from './output/printed.js';
import type { Interrupts } from './run/interrupts.js';
import type { LiveView } from './run/live-view.js';

const TAKE_OVER = {
  flags: '--take-over',
  help: 'go on from the event log here, whichever Temporal server the run was on before; only when no engine works there any more',
};

/** Progress goes beside the answer: to stderr when the answer is JSON. */
async function watched<T>(
  cli: Cli,
  options: Options,
  act: (view: LiveView, interrupts: Interrupts) => Promise<T>,
): Promise<T> {
  const [{ makeLiveView }, { listenForInterrupts }] = await Promise.all([
    import('./run/live-view.js'),
    import('./run/interrupts.js'),
  ]);
  const view =
    options.json === true
      ? makeLiveView({ ...cli.output, isTerminal: false }, cli.output.err)
      : makeLiveView(cli.output);
  const interrupts = listenForInterrupts();
  try {
    return await act(view, interrupts);
  } finally {
    view.end();
    interrupts[Symbol.dispose]();
  }
}

const HOW_TO = `A first run needs --pipeline-script, --source-dir and --base-launch-command. With the workdir alone, a run
goes on where it was; its limits, --notes, --knowledge, --model, --effort and --agent-command may be given anew, its other
flags are fixed. \`none\` lifts a limit that has no default.`;

export const RUNNING_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'run',
    args: '<workdir>',
    help: 'start a run or go on with it, and show its progress; Ctrl+C interrupts it',
    flags: [...RUN_FLAGS, TAKE_OVER],
    after: HOW_TO,
    async act([workdir = ''], options, cli) {
      const { prepareRun } = await import('./run/prepare-run.js');
      const prepared = await prepareRun(workdir, options);
      const [{ run }, { openEngineHost }] = await Promise.all([
        import('./commands/run.js'),
        import('./run/engine-host.js'),
      ]);
      const takeOver = options.takeOver === true;
      const outcome = await watched(cli, options, (view, { signal }) =>
        run(prepared, view, signal, (at) => openEngineHost(at, { takeOver })),
      );
      const { outcomeText } = await import('./output/outcome-text.js');
      return printed(outcome, outcomeText, outcome.exit_code);
    },
  },
  {
    name: 'start',
    args: '<workdir>',
    help: 'as run, but in the background',
    flags: [...RUN_FLAGS, TAKE_OVER],
    after: HOW_TO,
    async act([workdir = ''], options) {
      const { prepareRun } = await import('./run/prepare-run.js');
      const prepared = await prepareRun(workdir, options);
      const { start, startText } = await import('./commands/start.js');
      return printed(await start(prepared, { takeOver: options.takeOver === true }), startText);
    },
  },
  {
    name: 'worker',
    args: '<workdir>',
    help: 'serve a run until it ends, without starting it (what start leaves behind; a worker of a cluster)',
    flags: [TAKE_OVER],
    async act([workdir = ''], options) {
      const { serve } = await import('./commands/worker.js');
      return printed(
        await serve(workdir, { takeOver: options.takeOver === true }),
        ({ end }) => `the worker ended: ${end}`,
      );
    },
  },
  {
    name: 'demo',
    args: '',
    help: 'optimise the example in examples/images, in a few minutes and without a network',
    flags: [{ flags: '--max-iterations <n>', help: 'planning rounds at most' }],
    async act(_, options, cli) {
      const { demo } = await import('./commands/demo.js');
      const outcome = await watched(cli, options, (view, { signal }) => demo(options, view, signal));
      const { demoText } = await import('./output/demo-text.js');
      return printed(outcome, demoText, outcome.exit_code);
    },
  },
];
