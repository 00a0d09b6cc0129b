/**
 * Every steering message on one running run, by our command and by `temporal`; a kill right after a receipt undoes
 * nothing.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { exitOf } from '../support/command-run.js';
import { HeldRun } from '../support/held-run.js';

const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];
const PATCH =
  '--- a/train.py\n+++ b/train.py\n@@ -10,3 +10,3 @@\n \n-CONCURRENCY = 8\n+CONCURRENCY = 5\n BATCH_SIZE = 16\n';

it('every message works while jobs run, and survives a kill right after its receipt', async () => {
  await using held = await HeldRun.create();
  const { run } = held;
  await held.letEnd(...SEEDS);
  held.start(...run.firstFlags(), '--max-concurrency', '1', '--max-iterations', '3');
  // Either of the two that were planned, whichever was prepared first.
  const { nodeId: first } = await held.untilLaunched((nodeId) => !SEEDS.includes(nodeId));
  const second = first === '002_c2_b16' ? '003_c3_b16' : '002_c2_b16';

  // A pause lets the job finish and starts nothing.
  expect(await held.command('pause')).toMatchObject({ accepted: true, message: /running jobs go on/ });
  await held.letEnd(first);
  await held.until('experiment_completed', first);
  const [paused] = await held.eventsOf('paused');
  expect(await held.startsSince(paused)).toEqual([]);
  expect(await held.status()).toMatchObject({ status: 'paused' });

  // What is asked of a paused run; the server dies with the engine right after the last receipt.
  await held.signal('note', { text: 'mind the cache' });
  const set = ['--max-concurrency', '2', '--patience', '7', '--budget-usd', '50'];
  expect((await held.command('set', ...set)).message).toContain('--max-concurrency 2');
  expect(await held.update('set_limits', { max_iterations: 5 })).toContain('--max-iterations 5');
  const patch = join(run.root, 'own.diff');
  await writeFile(patch, PATCH);
  const own = ['--name', 'own', '--patch', patch, '--priority', '-3'];
  expect(await held.command('add', ...own)).toMatchObject({ node_id: '004_own' });
  const told = [
    '--name',
    'told',
    '--description',
    'In the script set concurrency 6, batch size 32',
    '--priority',
    '-2',
  ];
  expect(await held.command('add', ...told)).toMatchObject({ node_id: '005_told' });
  await held.signal('add', {
    experiment: { name: 'sent', description: 'In the script set concurrency 7, batch size 32' },
  });
  await run.untilEvent((event) => event.type === 'experiment_added' && event.experiment.nodeId === '006_sent');
  expect(await held.command('remove', '006_sent')).toMatchObject({ message: 'removed from the queue' });
  await expect(held.command('cancel', '006_sent')).rejects.toThrow(/exit code 2.*there is no such experiment/s);
  await writeFile(patch, PATCH.replaceAll('CONCURRENCY', 'WORKERS'));
  await expect(held.command('add', ...own, '--name', 'other')).rejects.toThrow(/exit code 2.*the patch does not fit/s);
  await expect(held.update('reprioritize', { node_id: '009_none', priority: 1 })).rejects.toThrow(/no such experiment/);
  expect(await held.command('prioritize', second, '4')).toMatchObject({
    message: /0 -> 4; now number 3/,
  });
  expect(await held.update('reprioritize', { node_id: second, priority: 9 })).toContain('4 -> 9');
  await held.killAndGoOn('server');
  const queue = await held.queue();
  expect(queue.map(({ node_id }) => node_id)).toEqual(['004_own', '005_told', second]);
  const { status, limits } = await held.status();
  expect(status).toBe('paused');
  expect(limits).toMatchObject({ max_concurrency: 2, patience: 7, budget_usd: 50, max_iterations: 5 });

  // Two jobs at a time now.
  await held.signal('resume');
  for (const nodeId of [second, '004_own']) await held.untilStarted(nodeId);
  // A cancelled experiment loses its whole process group, and is no failure.
  expect(await held.command('cancel', '004_own')).toMatchObject({ node_id: '004_own' });
  await held.killAndGoOn();
  const cancelled = await held.until('experiment_cancelled', '004_own');
  expect(cancelled).toMatchObject({ failure: { kind: 'cancelled', message: 'cancelled by a person' } });
  expect(await held.livingOf('004_own')).toEqual([]);
  expect((await held.status()).counts).toMatchObject({ failed: 0, cancelled: 1 });
  await held.untilStarted('005_told');

  // A person's patch and a person's words are the code that ran.
  const commit = (await run.json('engine', 'tree.json')) as { node_id: string; commit: string }[];
  const shown = async (nodeId: string) => {
    const made = commit.find(({ node_id }) => node_id === nodeId)?.commit ?? '';
    return (await execa('git', ['show', `${made}:train.py`], { cwd: run.source })).stdout;
  };
  expect(await shown('004_own')).toContain('CONCURRENCY = 5\nBATCH_SIZE = 16\n');
  expect(await shown('005_told')).toContain('CONCURRENCY = 6\nBATCH_SIZE = 32\n');

  // The note is in the next planning prompt, and in that alone.
  await held.letEnd('005_told', second);
  const before = [...SEEDS, first, second, '004_own', '005_told'];
  const running = await held.untilNextStarted(2, before);
  expect(await held.prompt('plan_002')).toContain('- mind the cache');
  expect(await held.prompt('plan_001')).not.toContain('mind the cache');

  // A drain lets both finish, and the run ends.
  expect(await held.command('stop', '--drain', '--no-wait')).toMatchObject({ message: /nothing new starts/ });
  const drained = exitOf(await held.killAndGoOn());
  await held.letEnd(...running);
  expect((await drained).code).toBe(0);
  expect((await held.eventsOf('stopped')).at(-1)).toMatchObject({ reason: 'user' });
  const [drain] = await held.eventsOf('stop_requested');
  expect(await held.startsSince(drain)).toEqual([]);
  expect(await held.status()).toMatchObject({ status: 'stopped', counts: { failed: 0, cancelled: 1 } });

  // It goes on, and is stopped with its jobs.
  const last = exitOf(held.start());
  const ended = await held.untilNextStarted(2, [...before, ...running]);
  expect(await held.command('stop', '--cancel-jobs')).toMatchObject({ engine_ended: true });
  expect((await last).code).toBe(0);
  for (const nodeId of ended) {
    expect((await held.eventsOf('experiment_cancelled')).map((event) => event.nodeId)).toContain(nodeId);
    expect(await held.livingOf(nodeId)).toEqual([]);
    expect(await held.startsOf(nodeId)).toHaveLength(1);
  }
}, 480_000);
