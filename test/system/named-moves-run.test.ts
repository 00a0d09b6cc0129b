/**
 * A planner that only names moves takes the example as far as the playbook does: code makes every change, and no call
 * to apply one stands in the log. Minutes: both runs are real.
 */
import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { CommandRun, exitOf } from '../support/command-run.js';

const python = packageFile('.tools', 'venv', 'bin', 'python');

async function optimised(agent: string): Promise<{ speedup: number; calls: string[] }> {
  await using run = await CommandRun.create({
    project: packageFile('examples', 'images'),
    flags: [
      ...['--agent', agent, '--python', python, '--max-concurrency', '1', '--max-iterations', '3'],
      ...['--base-launch-command', `${python} train.py`],
    ],
  });
  const { code, output } = await exitOf(run.start(...run.firstFlags()));
  expect(code, output).toBe(0);
  const nodes = (await run.json('engine', 'tree.json')) as {
    node_id: string;
    status: string;
    result: { metrics: { throughput_samples_per_s: number | null } } | null;
  }[];
  const rates = new Map(nodes.map(({ node_id, result }) => [node_id, result?.metrics.throughput_samples_per_s ?? 0]));
  const base = rates.get('000_baseline')!;
  rates.delete('000_headspace');
  return { speedup: Math.max(...rates.values()) / base, calls: await readdir(`${run.workdir}/logs`) };
}

it('goes as far as the playbook, with no call to apply a change', async () => {
  const named = await optimised(packageFile('test', 'fixtures', 'agents', 'names-moves.mjs'));
  const playbook = await optimised('playbook');
  console.log(`moves by name ${named.speedup.toFixed(2)} times, the playbook ${playbook.speedup.toFixed(2)} times`);
  expect(named.calls.filter((file) => /_(?:apply|repair)_/.test(file))).toEqual([]);
  // What is left is noise between two runs.
  expect(named.speedup).toBeGreaterThan(0.9 * playbook.speedup);
}, 900_000);
