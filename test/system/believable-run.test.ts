/**
 * A whole run that measures again what looks better: on a real server, with real jobs and an agent that counts its
 * calls.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CommandRun, exitOf } from '../support/command-run.js';

interface NodeFile {
  node_id: string;
  commit: string | null;
  status: string;
  parent_id: string | null;
}

it('repeats commits, asks no agent about repeats, and states the gain with its interval', async () => {
  await using run = await CommandRun.create({ repeats: true, jobSeconds: 0.2, planSize: 2 });
  const limits = ['--max-iterations', '1', '--max-concurrency', '1', '--verify-runs', '1', '--max-experiments', '5'];
  const { code, output } = await exitOf(run.start(...run.firstFlags(), ...limits));
  expect(code, output).toBe(0);

  const events = await run.events();
  const verdicts = events.flatMap((event) =>
    event.type === 'candidate_judged' ? [`${event.nodeId} ${event.judgement.verdict}`] : [],
  );
  expect(verdicts).toContain('002_c2_b16 provisional');
  expect(verdicts).toContain('003_c3_b16 keep');
  expect(verdicts).not.toContain('000_headspace keep');
  expect(events.findLast((event) => event.type === 'best_changed')).toMatchObject({ nodeId: '003_c3_b16' });
  expect(events.findLast((event) => event.type === 'stopped')).toMatchObject({ reason: 'max_experiments' });

  const nodes = (await run.json('engine', 'tree.json')) as NodeFile[];
  const repeats = nodes.filter(({ node_id }) => node_id.includes('_repeat_'));
  const ids = repeats.map(({ node_id }) => node_id);
  expect(ids).toEqual(
    expect.arrayContaining(['000_baseline_repeat_1', '000_baseline_repeat_2', '003_c3_b16_repeat_1']),
  );
  for (const { node_id, commit, status, parent_id } of repeats) {
    expect(status, node_id).toBe('completed');
    expect(commit, node_id).toBe(nodes.find((node) => node.node_id === parent_id)?.commit);
  }

  const jobs = (await run.jobLedger()).filter(({ event }) => event === 'start');
  expect(jobs.map(({ node }) => node).sort()).toEqual(nodes.map(({ node_id }) => node_id).sort());
  const sourceOf = (node: string) => jobs.find((job) => job.node === node)?.source;
  expect(sourceOf('003_c3_b16_repeat_1')).toBe(sourceOf('003_c3_b16'));
  expect(
    jobs
      .slice(-2)
      .map(({ node }) => node.replace(/_repeat_\d+$/, ''))
      .sort(),
  ).toEqual(['000_baseline', '003_c3_b16']);
  expect((await run.agentLedger()).filter(({ node }) => node.includes('_repeat_'))).toEqual([]);

  // Decided after the experiment had ended: its line follows.
  const table = (await readFile(join(run.workdir, 'master_table.tsv'), 'utf8')).split('\n');
  expect(table.find((line) => line.startsWith('003_c3_b16\t'))).toMatch(/\tkeep\t$/);

  const report = await readFile(join(run.workdir, 'report.md'), 'utf8');
  expect(report).toMatch(
    /Gain of 003_c3_b16 over the baseline: \+156% \(95% interval \+15\d% to \+15\d%\), measured in turn/,
  );
  expect(output).toMatch(/gain: \+156% \(95% interval/);
}, 400_000);
