/** `doctor`: what a run needs on this host, and how a workdir is; each a check with what to do when it fails. */
import { endedWithoutBaseline } from '../../domain/verdict/baseline-failure.js';
import type { CommandDefinition } from '../command-definition.js';
import type { Check, Finding } from '../doctor/finding.js';
import { listenForInterrupts } from '../interrupts.js';
import { EXIT } from '../output/exit-codes.js';
import { printed } from '../output/printed.js';

export const DOCTOR: CommandDefinition = {
  name: 'doctor',
  args: '[workdir]',
  help: 'check what a run needs on this host, and of a workdir how it is',
  examples: ['autoresearch doctor', 'autoresearch doctor ~/runs/first'],
  async act([workdir = '']) {
    using interrupts = listenForInterrupts();
    // What it asks runs apart from the terminal's group, and goes with this process.
    interrupts.signal.addEventListener('abort', () => process.exit(EXIT.interrupted));
    const checks = await doctor(workdir === '' ? undefined : workdir);
    const isWell = checks.every(({ state }) => state !== 'problem');
    return printed(checks, doctorText, isWell ? EXIT.ok : EXIT.runFailed);
  },
};

async function doctor(path: string | undefined): Promise<Check[]> {
  const [
    { agent, clusters, git, gpus, node, ports, temporalCommand },
    { python },
    { engine, server, tasks },
    { diskUse },
    { existingRun },
    { readState },
  ] = await Promise.all([
    import('../doctor/host-checks.js'),
    import('../doctor/python-check.js'),
    import('../doctor/workdir-checks.js'),
    import('../doctor/disk-use.js'),
    import('../run/workdir-config.js'),
    import('../run/run-state.js'),
  ]);
  const existing = path === undefined ? null : await existingRun(path);
  const config = existing?.config ?? null;
  const isLost = existing !== null && endedWithoutBaseline(await readState(existing.workdir));
  const checks: [string, () => Promise<Finding>][] = [
    ['node', node],
    ['git', git],
    ['temporal', temporalCommand],
    ['python', () => python(config, isLost)],
    ['agent', () => agent(config)],
    ['ports', ports],
    ['GPUs', gpus],
    ['clusters', clusters],
  ];
  if (existing) {
    const { workdir } = existing;
    checks.push(['disk', () => diskUse(workdir)], ['engine', () => engine(workdir)], ['server', () => server(workdir)]);
    checks.push(['tasks', () => tasks(workdir, existing.config)]);
  }
  return Promise.all(checks.map(async ([name, check]) => ({ name, ...(await check()) })));
}

function doctorText(checks: readonly Check[]): string {
  return checks
    .map(
      ({ name, state, found, advice }) =>
        `${state.padEnd(8)} ${name.padEnd(9)} ${found}${advice && `\n${' '.repeat(19)}${advice}`}`,
    )
    .join('\n');
}
