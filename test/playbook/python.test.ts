/**
 * survey.py and rewrite.py against real SPDL pipelines: what they see is what SPDL builds, and what they write runs.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { survey } from '../../playbook/run-python.js';
import type { Survey } from '../../playbook/survey.js';
import {
  fixture,
  type Job,
  type Output,
  python,
  rewriteOf,
  runJob,
  stagesBySpdl,
  surveyOf,
  withRewritten,
} from './pipeline-fixtures.js';

interface Case {
  name: string;
  script?: string;
  module?: string;
  args?: string[];
  /** File and iterable of the training loop. */
  loop: [file: string, iterable: string];
  /** Function and concurrency of the pipe stages of the pipeline that feeds it. */
  pipes: [name: string, concurrency: number][];
  /** Id, role and value of every knob. */
  knobs: [id: string, role: string, value: number][];
  samples: number;
  steps: number;
  splits?: string[];
  /** Why MTP is refused. */
  mtpRefused?: RegExp;
}

const cases: Case[] = [
  {
    name: 'functions_flags',
    args: ['--num-workers', '3'],
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['load', 3],
      ['collate', 1],
    ],
    knobs: [
      ['flag:--num-workers', 'stage_concurrency', 3],
      ['code:train.py:make_pipeline.batch_size', 'batch_size', 8],
      ['code:train.py:make_pipeline.collate.concurrency', 'stage_concurrency', 1],
      ['code:train.py:make_pipeline.build.num_threads', 'num_threads', 4],
      ['code:train.py:make_pipeline.add_sink.buffer_size', 'sink_buffer', 3],
    ],
    samples: 480,
    steps: 60,
    splits: ['load'],
  },
  {
    name: 'trainer_class',
    loop: ['train.py', 'self.pipeline.get_iterator(timeout=30)'],
    pipes: [
      ['Decoder', 3],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:LoaderConfig.decode_workers', 'stage_concurrency', 3],
      ['code:train.py:LoaderConfig.batch_size', 'batch_size', 6],
      ['code:train.py:Trainer._finish.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:Trainer._finish.build.num_threads', 'num_threads', 4],
      ['code:train.py:LoaderConfig.prefetch', 'sink_buffer', 4],
    ],
    samples: 240,
    steps: 40,
  },
  {
    name: 'package_dataclass',
    script: 'scripts/train.py',
    loop: ['scripts/train.py', 'loader'],
    pipes: [
      ['read', 3],
      ['augment', 1],
    ],
    knobs: [
      ['code:scripts/train.py:main.DataConfig.read_concurrency', 'stage_concurrency', 3],
      ['code:src/mypkg/data.py:Loader._pipeline.augment_op.concurrency', 'stage_concurrency', 1],
      ['code:src/mypkg/config.py:DataConfig.batch_size', 'batch_size', 10],
      ['code:src/mypkg/config.py:DataConfig.num_threads', 'num_threads', 4],
      ['code:src/mypkg/data.py:SINK_BUFFER', 'sink_buffer', 2],
    ],
    samples: 600,
    steps: 60,
    splits: ['read'],
  },
  {
    name: 'json_config',
    args: ['--config', 'cfg/train.json'],
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['decode', 3],
      ['stack', 1],
    ],
    knobs: [
      ['config:cfg/train.json:/loader/decode_workers', 'stage_concurrency', 3],
      ['config:cfg/train.json:/loader/batch_size', 'batch_size', 5],
      ['code:train.py:build.get.stack_workers', 'stage_concurrency', 1],
      ['config:cfg/train.json:/loader/stages/0/threads', 'num_threads', 6],
      ['config:cfg/train.json:/loader/buffer', 'sink_buffer', 4],
    ],
    samples: 200,
    steps: 40,
    splits: ['decode'],
  },
  {
    name: 'yaml_config',
    loop: ['train.py', 'pipeline'],
    pipes: [['read', 2]],
    knobs: [
      ['config:conf/train.yaml:/data/workers', 'stage_concurrency', 2],
      ['config:conf/train.yaml:/data/batch/size', 'batch_size', 4],
      ['code:train.py:main.build.num_threads', 'num_threads', 4],
      ['config:conf/train.yaml:/data/sink_buffer', 'sink_buffer', 3],
    ],
    samples: 200,
    steps: 50,
    splits: ['read'],
  },
  {
    name: 'toml_config',
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['decode', 2],
      ['<lambda>', 1],
    ],
    knobs: [
      ['config:train.toml:/loader/decode/concurrency', 'stage_concurrency', 2],
      ['config:train.toml:/batch/size', 'batch_size', 5],
      ['code:train.py:loader_for.lambda.concurrency', 'stage_concurrency', 1],
      ['config:train.toml:/loader/threads', 'num_threads', 3],
      ['code:train.py:loader_for.add_sink.buffer_size', 'sink_buffer', 3],
    ],
    samples: 200,
    steps: 40,
    splits: ['decode'],
  },
  {
    name: 'stepwise_builder',
    args: ['-b', '6'],
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['fetch', 4],
      ['decode', 1],
      ['normalise', 2],
    ],
    knobs: [
      ['code:train.py:add_input.fetch.concurrency', 'stage_concurrency', 4],
      ['code:train.py:add_transforms.decode.concurrency', 'stage_concurrency', 1],
      ['code:train.py:add_transforms.normalise.concurrency', 'stage_concurrency', 2],
      ['flag:--batch-size', 'batch_size', 6],
      ['code:train.py:main.build.num_threads', 'num_threads', 6],
      ['code:train.py:main.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 240,
    steps: 40,
  },
  {
    name: 'pipeline_config',
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['expand', 1],
      ['decode', 3],
    ],
    knobs: [
      ['code:train.py:GROUP', 'batch_size', 4],
      ['code:train.py:config.expand.concurrency', 'stage_concurrency', 1],
      ['code:train.py:DECODE_CONCURRENCY', 'stage_concurrency', 3],
      ['code:train.py:SETTINGS/batch', 'batch_size', 8],
      ['code:train.py:SETTINGS/threads', 'num_threads', 5],
      ['code:train.py:config.SinkConfig.buffer_size', 'sink_buffer', 3],
    ],
    samples: 240,
    steps: 30,
    splits: ['decode'],
  },
  {
    name: 'dataloader_class',
    loop: ['train.py', 'loader'],
    pipes: [
      ['preprocess', 3],
      ['collate', 3],
    ],
    knobs: [
      ['code:train.py:NUM_THREADS', 'num_threads', 3],
      ['code:train.py:main.DataLoader.batch_size', 'batch_size', 5],
      ['code:train.py:main.DataLoader.buffer_size', 'sink_buffer', 3],
    ],
    samples: 400,
    steps: 80,
  },
  {
    name: 'while_next',
    loop: ['train.py', 'batches'],
    pipes: [
      ['load', 3],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:main.make_pipeline.workers', 'stage_concurrency', 3],
      ['code:train.py:make_pipeline.batch', 'batch_size', 4],
      ['code:train.py:make_pipeline.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:make_pipeline.build.num_threads', 'num_threads', 4],
      ['code:train.py:make_pipeline.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 180,
    steps: 45,
    splits: ['load'],
  },
  {
    name: 'get_item',
    loop: ['train.py', 'self.pipeline.get_item(timeout=30)'],
    pipes: [
      ['load', 3],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:Run.workers', 'stage_concurrency', 3],
      ['code:train.py:Run.setup.aggregate.input', 'batch_size', 4],
      ['code:train.py:Run.setup.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:Run.setup.build.num_threads', 'num_threads', 4],
      ['code:train.py:Run.setup.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 160,
    steps: 40,
    splits: ['load'],
  },
  {
    name: 'progress_wrapper',
    loop: ['train.py', 'progress(train_loader)'],
    pipes: [
      ['load', 4],
      ['collate', 1],
    ],
    knobs: [
      ['code:train.py:main.Loader.concurrency', 'stage_concurrency', 4],
      ['code:train.py:main.Loader.batch', 'batch_size', 8],
      ['code:train.py:Loader.__iter__.collate.concurrency', 'stage_concurrency', 1],
      ['code:train.py:Loader.__iter__.build.num_threads', 'num_threads', 8],
      ['code:train.py:Loader.__iter__.add_sink.buffer_size', 'sink_buffer', 3],
    ],
    samples: 320,
    steps: 40,
    splits: ['load'],
  },
  {
    name: 'lambda_spawn',
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['load', 3],
      ['<lambda>', 1],
    ],
    knobs: [
      ['code:train.py:main.load.concurrency', 'stage_concurrency', 3],
      ['code:train.py:main.aggregate.input', 'batch_size', 4],
      ['code:train.py:main.lambda.concurrency', 'stage_concurrency', 1],
      ['code:train.py:main.build.num_threads', 'num_threads', 4],
      ['code:train.py:main.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 120,
    steps: 30,
    mtpRefused: /stage load is a function inside a function, and the start method here is spawn/,
  },
  {
    name: 'compute_bound',
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['load', 2],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:workers', 'stage_concurrency', 2],
      ['code:train.py:batch_size', 'batch_size', 4],
      ['code:train.py:stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:build.num_threads', 'num_threads', 4],
      ['code:train.py:add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 160,
    steps: 40,
  },
  {
    name: 'read_then_decode',
    loop: ['train.py', 'first'],
    pipes: [
      ['load_sample', 2],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:run.concurrency', 'stage_concurrency', 2],
      ['code:train.py:run.aggregate.input', 'batch_size', 4],
      ['code:train.py:run.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:run.build.num_threads', 'num_threads', 4],
      ['code:train.py:run.add_sink.buffer_size', 'sink_buffer', 2],
      ['code:train.py:run.load.concurrency', 'stage_concurrency', 1],
      ['code:train.py:run.aggregate.input#2', 'batch_size', 8],
      ['code:train.py:run.build.num_threads#2', 'num_threads', 3],
      ['code:train.py:run.add_sink.buffer_size#2', 'sink_buffer', 2],
    ],
    samples: 120,
    steps: 30,
    splits: ['load_sample', 'load'],
  },
  {
    name: 'continuous_epochs',
    loop: ['train.py', 'loader'],
    pipes: [
      ['load', 3],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:main.load.concurrency', 'stage_concurrency', 3],
      ['code:train.py:main.aggregate.input', 'batch_size', 4],
      ['code:train.py:main.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:main.build.num_threads', 'num_threads', 4],
      ['code:train.py:main.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 240,
    steps: 60,
    splits: ['load'],
  },
  {
    name: 'gpu_transfer',
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['load', 3],
      ['transfer_to_device', 1],
    ],
    knobs: [
      ['code:train.py:main.load.concurrency', 'stage_concurrency', 3],
      ['code:train.py:main.aggregate.input', 'batch_size', 4],
      ['code:train.py:main.transfer_to_device.concurrency', 'stage_concurrency', 1],
      ['code:train.py:main.build.num_threads', 'num_threads', 4],
      ['code:train.py:main.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 160,
    steps: 40,
    splits: ['load'],
  },
  {
    name: 'merged_sources',
    loop: ['train.py', 'pipeline'],
    pipes: [
      ['left', 3],
      ['right', 1],
      ['join', 2],
    ],
    knobs: [
      ['code:train.py:main.part.workers', 'stage_concurrency', 3],
      ['code:train.py:main.part.workers#2', 'stage_concurrency', 1],
      ['code:train.py:main.join.concurrency', 'stage_concurrency', 2],
      ['code:train.py:main.build.num_threads', 'num_threads', 8],
      ['code:train.py:main.SinkConfig.buffer_size', 'sink_buffer', 2],
    ],
    samples: 120,
    steps: 120,
  },
  {
    name: 'module_run',
    script: 'trainer/train.py',
    module: 'trainer.train',
    args: ['--config', 'configs/base.json'],
    loop: ['trainer/train.py', 'pipeline.get_iterator(timeout=20)'],
    pipes: [
      ['__getitem__', 2],
      ['stack', 1],
    ],
    knobs: [
      ['config:configs/base.json:/loader/decode_concurrency', 'stage_concurrency', 2],
      ['config:configs/base.json:/loader/batch_size', 'batch_size', 6],
      ['code:trainer/data/pipeline.py:get_pipeline.collate.concurrency', 'stage_concurrency', 1],
      ['config:configs/base.json:/loader/threads', 'num_threads', 4],
      ['config:configs/base.json:/loader/prefetch', 'sink_buffer', 2],
    ],
    samples: 240,
    steps: 40,
  },
  {
    name: 'inherited_trainer',
    loop: ['base.py', 'self.loader'],
    pipes: [
      ['décode', 2],
      ['stack', 1],
    ],
    knobs: [
      ['flag:--workers', 'stage_concurrency', 2],
      ['code:train.py:ImageTrainer.make.get.batch', 'batch_size', 5],
      ['code:train.py:ImageTrainer.make.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:ImageTrainer.make.build.num_threads', 'num_threads', 3],
      ['code:train.py:ImageTrainer.make.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 240,
    steps: 48,
  },
  {
    name: 'object_iterator',
    loop: ['train.py', 'self.feed'],
    pipes: [
      ['_load', 2],
      ['stack', 1],
    ],
    knobs: [
      ['code:train.py:CONF/workers', 'stage_concurrency', 2],
      ['code:train.py:CONF/bs', 'batch_size', 4],
      ['code:train.py:Feed._open.stack.concurrency', 'stage_concurrency', 1],
      ['code:train.py:Feed._open.build.num_threads', 'num_threads', 4],
      ['code:train.py:Feed._open.add_sink.buffer_size', 'sink_buffer', 2],
    ],
    samples: 120,
    steps: 30,
    splits: ['_load'],
  },
];

describe.each(cases)('the pipeline $name', (entry) => {
  const job: Job = {
    dir: fixture(entry.name),
    script: entry.script ?? 'train.py',
    args: entry.args ?? [],
    module: entry.module,
  };

  it('is surveyed with stages as SPDL names them, and every knob with its home and value', async () => {
    const seen = await surveyOf(job);
    expect([seen.loop?.file, seen.loop?.iterable]).toEqual(entry.loop);
    expect(seen.problems).toEqual([]);
    expect(seen.instrumented).toBe(false);
    const pipeline = seen.pipelines[0]!;
    expect(pipeline.stages.filter((s) => s.kind === 'pipe').map((s) => [s.function, s.concurrency])).toEqual(
      entry.pipes,
    );
    expect(seen.knobs.map((k) => [k.id, k.role, k.value])).toEqual(entry.knobs);
    expect(seen.knobs.every((k) => k.confidence === 'dataflow')).toBe(true);
    expect(splittable(seen)).toEqual(entry.splits ?? []);
    const names = pipeline.stages.map(
      (s) => `${s.index}:${s.function}${(s.concurrency ?? 1) > 1 ? `[${s.concurrency}]` : ''}`,
    );
    expect(names.sort()).toEqual((await stagesBySpdl(job)).sort());
  });

  it('runs instrumented: cpu_cores, ttfb, every step, throughput', async () => {
    const result = await rewriteOf(job, [{ type: 'instrument' }]);
    expect(result.refused).toEqual([]);
    await withRewritten(job, result.files, async (copy) => {
      const output = await runJob(copy);
      expectMeasured(output, entry);
      expect((await surveyOf(copy)).instrumented).toBe(true);
      const again = await rewriteOf(copy, [{ type: 'instrument' }]);
      expect(again).toEqual({ files: {}, done: ['the code is instrumented already'], refused: [] });
    });
  });

  it('runs as many steps from the cache', async () => {
    const result = await rewriteOf(job, [{ type: 'instrument' }, { type: 'headspace' }]);
    expect(result.refused).toEqual([]);
    await withRewritten(job, result.files, async (copy) => expectMeasured(await runJob(copy), entry));
  });

  it('runs in a subprocess with the same samples, or says why not', async () => {
    const result = await rewriteOf(job, [{ type: 'instrument' }, { type: 'mtp' }]);
    if (entry.mtpRefused !== undefined) {
      expect(result.refused).toEqual([{ action: 'mtp', reason: expect.stringMatching(entry.mtpRefused) }]);
      expect(result.done).toHaveLength(1);
      return;
    }
    expect(result.refused).toEqual([]);
    await withRewritten(job, result.files, async (copy) => {
      expectMeasured(await runJob(copy), entry);
      const seen = await surveyOf(copy);
      expect(seen.pipelines[0]?.inSubprocess).toBe(true);
      // Knobs keep their ids, so a search can go on from here.
      expect(seen.knobs.map((k) => [k.id, k.role, k.value])).toEqual(entry.knobs);
    });
  });

  it('takes another value for every knob that is not a flag', async () => {
    const wanted = entry.knobs
      .filter(([id]) => !id.startsWith('flag:'))
      .map(([id, , value]) => [id, value * 2] as const);
    const result = await rewriteOf(
      job,
      wanted.map(([knob, value]) => ({ type: 'set', knob, value })),
    );
    expect(result.refused).toEqual([]);
    await withRewritten(job, result.files, async (copy) => {
      const values = new Map((await surveyOf(copy)).knobs.map((k) => [k.id, k.value]));
      for (const [id, value] of wanted) expect([id, values.get(id)]).toEqual([id, value]);
      const output = await runJob(copy);
      expect([output.exitCode, output.stderr]).toEqual([0, '']);
      expect(output.samples).toBeGreaterThan(0);
    });
  });

  it.each(entry.splits ?? [])('splits the stage %s and computes the same', async (stage) => {
    const result = await rewriteOf(job, [{ type: 'instrument' }, { type: 'split_stage', stage }]);
    expect(result.refused).toEqual([]);
    await withRewritten(job, result.files, async (copy) => {
      const output = await runJob(copy);
      expectMeasured(output, entry);
      expect(lastLine(output.stdout, 'samples=')).toBe(lastLine((await runJob(job)).stdout, 'samples='));
      const names = (await surveyOf(copy)).pipelines.flatMap((p) => p.stages.map((s) => s.function));
      expect(names).toEqual(expect.arrayContaining([`${stage}_read`, `${stage}_compute`]));
      expect(names).not.toContain(stage);
    });
  });
});

describe('what is left alone', () => {
  const functions: Job = { dir: fixture('functions_flags'), script: 'train.py', args: [] };

  it('keeps every line that an edit does not touch', async () => {
    const before = await readFile(join(functions.dir, 'train.py'), 'utf8');
    const { files } = await rewriteOf(functions, [
      { type: 'set', knob: 'code:train.py:make_pipeline.collate.concurrency', value: 2 },
    ]);
    expect(files).toEqual({ 'train.py': before.replace('.pipe(collate)', '.pipe(collate, concurrency=2)') });
  });

  it('refuses a flag, an unknown knob, a value that SPDL does not take, a stage that is not there', async () => {
    const result = await rewriteOf(functions, [
      { type: 'set', knob: 'flag:--num-workers', value: 4 },
      { type: 'set', knob: 'code:train.py:nothing', value: 4 },
      { type: 'set', knob: 'code:train.py:make_pipeline.add_sink.buffer_size', value: 0 },
      { type: 'split_stage', stage: 'collate' },
      { type: 'split_stage', stage: 'nothing' },
    ]);
    expect(result.files).toEqual({});
    expect(result.refused.map((r) => r.reason)).toEqual([
      '--num-workers is a flag of the launch command: add --num-workers 4 to it',
      expect.stringMatching(/^there is no knob 'code:train.py:nothing'; known: flag:--num-workers, /),
      'code:train.py:make_pipeline.add_sink.buffer_size = 0: SPDL accepts no sink_buffer below 1',
      'stage collate cannot be split: it does not wait',
      "there is no stage 'nothing'; known: load, collate",
    ]);
  });

  it('takes timing that is there already for instrumentation', async () => {
    const job: Job = { dir: fixture('already_instrumented'), script: 'train.py', args: [] };
    expect((await surveyOf(job)).instrumented).toBe(true);
    expect(await rewriteOf(job, [{ type: 'instrument' }])).toEqual({
      files: {},
      done: ['the code is instrumented already'],
      refused: [],
    });
  });

  it('keeps stages on the GPU in the main process', async () => {
    const job: Job = { dir: fixture('gpu_transfer'), script: 'train.py', args: [] };
    const result = await rewriteOf(job, [{ type: 'mtp' }]);
    await withRewritten(job, result.files, async (copy) => {
      const output = await runJob(copy);
      expect(output.stdout).toContain('loaded in a subprocess');
      expect(output.samples).toBe(160);
    });
  });

  it('says why a source cannot be read, as a failure of the source and not of an agent', async () => {
    await expect(surveyOf({ ...functions, script: 'gone.py' })).rejects.toMatchObject({
      type: 'setup_source_failed',
      message: "pipeline script 'gone.py' is not a file of the source directory",
    });
    const nowhere = { dir: functions.dir, script: 'train.py', python: '/nowhere/python' };
    await expect(survey(nowhere, 'python train.py')).rejects.toMatchObject({
      type: 'agent_failed',
      message: expect.stringContaining('/nowhere/python'),
    });
  });

  it.each([
    ['python train.py --num-workers=5', 'flag:--num-workers', 5],
    ['python -u $SOURCE_DIR/train.py --num-w 6 && echo done --num-workers 9', 'flag:--num-workers', 6],
    ['bash -c "cd . && OMP_NUM_THREADS=1 python train.py --num-workers 7"', 'flag:--num-workers', 7],
    ['torchx run -s local_cwd dist.ddp --script train.py -- --num-workers 8', 'flag:--num-workers', 8],
    ['bash run.sh', 'code:train.py:DEFAULT_WORKERS', 2],
  ])('reads the flags of `%s`', async (command, id, value) => {
    const seen = await survey({ dir: functions.dir, script: 'train.py', python }, command);
    const stage = seen.pipelines[0]!.stages.find((s) => s.function === 'load');
    expect([stage?.knob, stage?.concurrency]).toEqual([id, value]);
  });

  it('measures the model alone from the cache', async () => {
    const starved: Job = { dir: fixture('functions_flags'), script: 'train.py', args: ['--num-workers', '1'] };
    const timed = await rewriteOf(starved, [{ type: 'instrument' }]);
    const cached = await rewriteOf(starved, [{ type: 'instrument' }, { type: 'headspace' }]);
    const [base, ceiling] = [
      await withRewritten(starved, timed.files, runJob),
      await withRewritten(starved, cached.files, runJob),
    ];
    // Loading a batch takes 8 ms of sleep here; a step of the model far less than one.
    expect(median(base.stepTimesMs)).toBeGreaterThan(6);
    expect(median(ceiling.stepTimesMs)).toBeLessThan(3);
    expect(ceiling.throughput!).toBeGreaterThan(3 * base.throughput!);
  });
});

function splittable(seen: Survey): string[] {
  return seen.pipelines.flatMap((p) => p.stages.filter((s) => s.splittable).map((s) => s.function));
}

function expectMeasured(output: Output, entry: Case): void {
  expect([output.exitCode, output.samples, output.steps]).toEqual([0, entry.samples, entry.steps]);
  expect(output.cpuCores).toBeGreaterThan(0);
  expect(output.ttfbS).toBeGreaterThan(0);
  expect(output.stepTimesMs.every((ms) => ms >= 0)).toBe(true);
  expect(output.throughput).toBeGreaterThan(0);
}

function lastLine(text: string, part: string): string | undefined {
  return text.split('\n').findLast((line) => line.includes(part));
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
