/** What is timed is the loop that trains, however its batches come to it: steps and rate are the script's own. */
import { describe, expect, it } from 'vitest';
import {
  fixtureFolder,
  type Job,
  type Output,
  rewriteOf,
  runJob,
  surveyOf,
  withRewritten,
} from './pipeline-fixtures.js';

/** Line of the training loop, steps that the timer must count, and what it must be wrapped around. */
const LOOPS: [script: string, line: number, steps: number, wrapped: string][] = [
  ['apex', 28, 60, 'data_prefetcher(_autoresearch_timed(train_loader))'],
  ['deep_trainer', 34, 60, '_autoresearch_timed(iter(self.source))'],
  ['shared_epoch', 7, 60, 'run_epoch(model, _autoresearch_timed(first))'],
  ['phases', 9, 60, '_autoresearch_timed(dataloaders[phase], phase=phase)'],
  ['pairs', 9, 60, '("train", _autoresearch_timed(train_loader))'],
  ['window_islice', 9, 15, '_autoresearch_timed_window(list, islice(batches, 4))'],
  ['window_next', 8, 20, '_autoresearch_timed_window(lambda: [next(stream) for _ in range(accumulate)])'],
  ['window_method', 19, 15, '_autoresearch_timed_window(list, islice(iterator, count))'],
  [
    'window_generator',
    15,
    15,
    '_autoresearch_timed_window(lambda: [batch for batch in itertools.islice(batches, count)])',
  ],
  ['window_append', 8, 60, '_autoresearch_timed(iter(Loader(60)))'],
  ['pairs_passed_on', 29, 60, '_autoresearch_timed(Loader(120), batch_is_list=True)'],
  ['in_a_thread', 13, 60, '_autoresearch_timed(iter(Loader(60)))'],
  ['whole_list', 8, 60, '[batch for batch in _autoresearch_timed(loader)]'],
  ['unit_callbacks', 26, 60, '_autoresearch_timed(iter(state.loader))'],
  ['module_hooks', 28, 60, '_autoresearch_timed(module.train_dataloader())'],
  ['get_loaders', 23, 60, 'enumerate(_autoresearch_timed(epoch_iterator))'],
  ['closure', 22, 60, '_autoresearch_timed(iter(loader))'],
  ['sentinel', 22, 60, '_autoresearch_timed(iter(loader))'],
];
const CACHED = ['apex', 'window_islice', 'window_generator', 'window_append', 'unit_callbacks', 'phases'];

const job = (script: string): Job => ({ dir: fixtureFolder('loops'), script: `${script}.py`, args: [] });
const summary = ({ stdout }: Output) => /^steps=\d+ evaluated=\d+/m.exec(stdout)?.[0];

describe('the timed loop', () => {
  it.each(LOOPS)(
    'of %s is the training loop, and its rate that of the script',
    async (script, line, steps, wrapped) => {
      const { files, refused } = await rewriteOf(job(script), [{ type: 'instrument' }]);
      expect(refused).toEqual([]);
      expect(files[`${script}.py`]).toContain(wrapped);
      expect((await surveyOf(job(script))).loop).toMatchObject({ file: `${script}.py`, line });
      await withRewritten(job(script), files, async (copy) => {
        const output = await runJob(copy);
        expect([output.exitCode, output.stderr, output.steps]).toEqual([0, '', steps]);
        expect(summary(output)).toMatch(/^steps=60 /);
        const own = Number(/rate=(\S+)/.exec(output.stdout)?.[1]);
        // The script's own rate has its start and its evaluation in it.
        expect(output.throughput! / own).toBeGreaterThan(0.25);
        expect(output.throughput! / own).toBeLessThan(4);
      });
    },
  );

  it.each(CACHED)('of %s takes as many steps from the cache', async (script) => {
    const { files, refused } = await rewriteOf(job(script), [{ type: 'instrument' }, { type: 'headspace' }]);
    expect(refused).toEqual([]);
    await withRewritten(job(script), files, async (copy) => {
      const output = await runJob(copy);
      expect([output.exitCode, output.stderr]).toEqual([0, '']);
      expect(summary(output)).toMatch(/^steps=60 evaluated=(0|20)$/);
    });
  });

  it('has a ceiling above its baseline where its data has no end and it ends by the clock', async () => {
    const rates: number[] = [];
    for (const actions of [['instrument'], ['instrument', 'headspace']] as const) {
      const { files, refused } = await rewriteOf(
        job('timeboxed'),
        actions.map((type) => ({ type })),
      );
      expect(refused).toEqual([]);
      await withRewritten(job('timeboxed'), files, async (copy) => {
        // Of three runs the fastest: others may be at work on this machine.
        const runs: number[] = [];
        for (let turn = 0; turn < 3; turn += 1) {
          const output = await runJob(copy);
          expect([output.exitCode, output.stderr]).toEqual([0, '']);
          runs.push(output.throughput!);
        }
        rates.push(Math.max(...runs));
      });
    }
    // A step waits 4 ms for its data and works for 1 ms.
    expect(rates[1]! / rates[0]!).toBeGreaterThan(1.5);
  });

  it('is no warm-up that only takes what the pipeline gives', async () => {
    expect((await surveyOf(job('warm_up'))).loop).toMatchObject({ file: 'warm_up.py', line: 13 });
  });

  it.each([
    [
      'takes a second batch in each turn',
      'taken_inside',
      /^the loop at taken_inside\.py:7 takes further batches in its body \(line 9\)/,
    ],
    [
      'is in code that the script does not call',
      'plots_only',
      /^the script runs no loop over a pipeline: the one at measured\.py:9/,
    ],
  ])('is none that %s', async (_, script, reason) => {
    const { files, refused } = await rewriteOf(job(script), [{ type: 'instrument' }]);
    expect(files).toEqual({});
    expect(refused[0]!.reason).toMatch(reason);
  });

  it('is no evaluation loop while the script trains elsewhere', async () => {
    const { files, refused } = await rewriteOf(job('external_trainer'), [{ type: 'instrument' }]);
    expect(files).toEqual({});
    expect(refused[0]!.reason).toMatch(
      /^only an evaluation loop could be followed \(external_trainer\.py:17\).*docs\/instrumentation\.md.*--skip-instrument/,
    );
  });
});
