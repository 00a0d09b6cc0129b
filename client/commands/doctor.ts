/** `doctor`: what a run needs on this host, and how a workdir is; each a check with what to do when it fails. */
import { diskUse } from '../doctor/disk-use.js';
import type { Check, Finding } from '../doctor/finding.js';
import { agent, git, node, temporalCommand } from '../doctor/host-checks.js';
import { python } from '../doctor/python-check.js';
import { engine, server, tasks } from '../doctor/workdir-checks.js';
import { existingRun } from '../run/workdir-config.js';

export async function doctor(path: string | undefined): Promise<Check[]> {
  const existing = path === undefined ? null : await existingRun(path);
  const config = existing?.config ?? null;
  const checks: [string, () => Promise<Finding>][] = [
    ['node', node],
    ['git', git],
    ['temporal', temporalCommand],
    ['python', () => python(config)],
    ['agent', () => agent(config)],
  ];
  if (existing) {
    const { workdir } = existing;
    checks.push(['disk', () => diskUse(workdir)], ['engine', () => engine(workdir)], ['server', () => server(workdir)]);
    checks.push(['tasks', () => tasks(workdir, existing.config.run_id)]);
  }
  return Promise.all(checks.map(async ([name, check]) => ({ name, ...(await check()) })));
}

export function doctorText(checks: readonly Check[]): string {
  return checks
    .map(
      ({ name, state, found, advice }) =>
        `${state.padEnd(8)} ${name.padEnd(9)} ${found}${advice && `\n${' '.repeat(19)}${advice}`}`,
    )
    .join('\n');
}
