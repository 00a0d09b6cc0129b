/**
 * `worker`: serves runs from this process until they end; what `start` leaves behind, and a worker of a cluster. With
 * `--agents` it makes calls of agents for runs of other hosts instead.
 */
import type { RunConfig } from '../../domain/formats/config.js';
import type { Workdir } from '../../workdir/paths.js';
import type { ServedEnd } from '../../worker/worker-main.js';
import { serveAgentCalls } from '../agents/serve-agent-calls.js';
import type { Cli, CommandDefinition, Options } from '../command-definition.js';
import { AGENTS_FLAGS } from '../flags/agents-flags.js';
import { TAKE_OVER } from '../flags/start-flags.js';
import { EXIT } from '../output/exit-codes.js';
import { type Printed, printed } from '../output/printed.js';
import { Refusal } from '../output/refusal.js';

export const WORKER: CommandDefinition = {
  name: 'worker',
  args: '[workdirs...]',
  help: 'serve runs until they end, without starting them (what start leaves behind; a worker of a cluster)',
  examples: [
    'autoresearch worker ~/runs/first',
    'autoresearch worker ~/runs/*',
    'autoresearch worker --agents research --agent anthropic --agent-slots 4 --agent-rate 0.5',
  ],
  flags: [TAKE_OVER, ...AGENTS_FLAGS],
  async act(given, options, cli) {
    const paths = given.filter((path) => path !== '');
    const { agents, ...others } = options;
    if (agents !== undefined && paths.length > 0)
      throw new Refusal('workdirs', paths, 'none with --agents: calls of agents need no workdir');
    if (agents !== undefined) return await serveAgentCalls(String(agents), others, cli);
    if (paths.length === 0) throw new Refusal('workdirs', undefined, 'the workdirs of runs, or --agents <queue>');
    const [stray] = AGENTS_FLAGS.filter(({ option }) => options[option] !== undefined);
    if (stray !== undefined)
      throw new Refusal(`--${stray.flags.split(' ')[0]?.slice(2)}`, options[stray.option], 'only with --agents');
    return await serveWorkdirs(paths, options, cli);
  },
};

async function serveWorkdirs(paths: readonly string[], options: Options, { output }: Cli): Promise<Printed> {
  const [{ createActivities }, { serveRuns }, { startNotifier }, { watchStuck }] = await Promise.all([
    import('../../activities/index.js'),
    import('../../worker/worker-main.js'),
    import('../run/on-event/notifier.js'),
    import('../stalled/stuck-lines.js'),
  ]);
  const runs = await differentRuns(paths);
  await checkAgents(runs);
  const isOne = runs.length === 1;
  // What it prints stands in logs/worker.log where `start` has left it behind.
  const say = (line: string) => output.err(`${line}\n`);
  const notifiers = await Promise.all(runs.map(({ workdir, config }) => startNotifier(workdir, config, say)));
  const ending = new AbortController();
  const watched = runs.map(({ workdir, config }) => {
    const name = isOne ? '' : `${workdir.root}: `;
    const told = { say: (line: string) => say(`${name}${line}`), signal: ending.signal };
    // A log that cannot be read is the engine's to tell.
    return watchStuck(workdir, config, told).catch(() => undefined);
  });
  try {
    const takeOver = options.takeOver === true;
    const roots = runs.map(({ workdir }) => workdir.root);
    const onEnd = (ended: ServedEnd) => (isOne ? undefined : say(endText(ended)));
    const ends = await serveRuns(roots, { createActivities, takeOver }, onEnd);
    const failed = ends.filter(({ end }) => end === 'failed');
    const [first] = ends;
    if (isOne && failed.length > 0) throw first?.error;
    if (isOne) return printed({ end: first?.end }, ({ end }) => `the worker ended: ${end}`);
    const answer = { runs: ends.map(({ workdir, end }) => ({ workdir, end })) };
    const text = () => `the worker ended: ${ends.length - failed.length} of ${ends.length} runs without a failure`;
    return printed(answer, text, failed.length > 0 ? EXIT.runFailed : EXIT.ok);
  } finally {
    ending.abort();
    await Promise.all(watched);
    await Promise.all(notifiers.map((notifier) => notifier.close()));
  }
}

interface NamedRun {
  workdir: Workdir;
  config: RunConfig;
}

/** As before a run begins: where its agent cannot be asked from here, each job would end without an analysis. */
async function checkAgents(runs: readonly NamedRun[]): Promise<void> {
  const [{ checkChoices }, { checkAgentAnswers }] = await Promise.all([
    import('../run/first-config.js'),
    import('../run/agent-check.js'),
  ]);
  for (const { workdir, config } of runs) {
    const field = (key: string) => `${workdir.config}: ${key}`;
    await checkChoices(field(''), config);
    await checkAgentAnswers({ agent: field('agent'), command: field('agent_command') }, config);
  }
}

/** Each holds a run, and none is named twice. */
async function differentRuns(paths: readonly string[]): Promise<NamedRun[]> {
  const { existingRun } = await import('../run/workdir-config.js');
  const runs = await Promise.all(paths.map(async (path) => ({ path, ...(await existingRun(path)) })));
  const known = new Map<string, string>();
  for (const { path, config } of runs) {
    const before = known.get(config.run_id);
    if (before !== undefined && config.run_id !== '') {
      throw new Refusal('workdirs', path, `the same run as in ${before}: give each run once`);
    }
    known.set(config.run_id, path);
  }
  return runs;
}

function endText({ workdir, end, error }: ServedEnd): string {
  return `${workdir}: ${end}${end === 'failed' ? `: ${String(error)}` : ''}`;
}
