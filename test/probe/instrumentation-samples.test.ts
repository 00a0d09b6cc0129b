/** The samples of docs/instrumentation.md do what the page says: each runs, and the product reads its lines. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { JobOutput } from '../../domain/evidence/job-output.js';
import { measure } from '../../domain/evidence/measure.js';
import { Refusals } from '../../domain/evidence/measured-number.js';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

/** 15 batches of 4 an epoch, 4 ms each; an evaluation takes 5 batches. */
const LOADER = `
import time
class Loader:
    sampler = "theirs"
    def __init__(self, batches, as_dict=False):
        self.batches, self.as_dict = batches, as_dict
    def __len__(self):
        return self.batches
    def __iter__(self):
        for _ in range(self.batches):
            time.sleep(0.004)
            yield {"input_ids": [0] * 4} if self.as_dict else ([0] * 4, [1] * 4)
train_step = lambda images, labels: time.sleep(0.001)
`;

/** Stand-ins in the shape of each library: what comes before the page's sample, and what after it. */
const SAMPLES: Record<string, { before: string; after: string; steps: number }> = {
  'A plain loop': { before: 'pipeline = Loader(30)', after: '', steps: 30 },
  'A prefetcher': {
    // As in apex's main_amp.py: one batch ahead.
    before: `
class data_prefetcher:
    def __init__(self, loader):
        self.loader = iter(loader)
        self.preload()
    def preload(self):
        self.following = next(self.loader, (None, None))
    def next(self):
        batch = self.following
        self.preload()
        return batch
train_loader = Loader(30)`,
    after: '',
    steps: 30,
  },
  TorchTNT: {
    before: `
class Unit:
    def train_step(self, state, data):
        train_step(*data)
def train(unit, train_dataloader, *, max_epochs):
    for epoch in range(max_epochs):
        assert train_dataloader.sampler == "theirs" and len(train_dataloader) == 15
        data_iter = iter(train_dataloader)
        while True:
            try:
                unit.train_step(None, next(data_iter))
            except StopIteration:
                break
        for _ in Loader(5):
            pass
unit, train_dataloader = Unit(), Loader(15)`,
    after: '',
    steps: 30,
  },
  Lightning: {
    before: `
class Callback:
    def on_train_epoch_start(self, trainer, pl_module): pass
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx): pass
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx): pass
    def on_validation_end(self, trainer, pl_module): pass
class Trainer:
    def __init__(self, max_epochs, callbacks):
        self.max_epochs, self.callbacks = max_epochs, callbacks
    def tell(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(self, None, *args)
    def validate(self):
        for _ in Loader(5):
            pass
        self.tell("on_validation_end")
    def fit(self, module, loader):
        self.validate()
        for epoch in range(self.max_epochs):
            self.tell("on_train_epoch_start")
            for index, batch in enumerate(loader):
                self.tell("on_train_batch_start", batch, index)
                train_step(*batch)
                self.tell("on_train_batch_end", None, batch, index)
                if index == 7:
                    self.validate()`,
    after: 'trainer.fit(None, Loader(15))',
    steps: 30,
  },
  "Hugging Face's Trainer": {
    before: `
class Trainer:
    def get_train_dataloader(self):
        return Loader(15, as_dict=True)
    def train(self):
        loader = self.get_train_dataloader()
        assert len(loader) == 15 and not hasattr(loader, "set_epoch")
        for epoch in range(2):
            for step, inputs in enumerate(loader):
                train_step(inputs["input_ids"], None)`,
    after: 'TimedTrainer().train()',
    steps: 30,
  },
};

/** The page's Python blocks by the heading that they stand under. */
async function blocks(): Promise<Map<string, string[]>> {
  const page = await readFile(packageFile('docs', 'instrumentation.md'), 'utf8');
  const parts = page.split(/^## /m).slice(1);
  const python = (part: string) => [...part.matchAll(/```python\n(.*?)```/gs)].map((match) => match[1]!);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), python(part)]));
}

const evidenceOf = (printed: string) => {
  const refusals = new Refusals();
  const [stdout, stderr] = [new JobOutput(refusals), new JobOutput(refusals)];
  for (const line of printed.split('\n')) stdout.readLine(line);
  const none = { processes: [], system: null, gpuOthers: null, durationS: null, findings: [] };
  return measure('000_baseline', { stdout, stderr, ...none, batchSize: null, ranks: 1 }, refusals);
};

describe('docs/instrumentation.md', () => {
  it('shows no sample that is not run here', async () => {
    const withCode = [...(await blocks())].filter(([, found]) => found.length > 0).map(([heading]) => heading);
    expect(withCode).toEqual(['The timer of the samples below', ...Object.keys(SAMPLES)]);
  });

  it.each(Object.entries(SAMPLES))('%s: each training step is counted, at its pace', async (heading, sample) => {
    const found = await blocks();
    const code = [
      LOADER,
      ...found.get('The timer of the samples below')!,
      sample.before,
      ...found.get(heading)!,
      sample.after,
    ];
    const folder = await mkdtemp(join(tmpdir(), 'autoresearch-samples-'));
    try {
      await writeFile(join(folder, 'train.py'), code.join('\n'));
      const python = packageFile('.tools', 'venv', 'bin', 'python');
      const { stdout } = await execa(python, ['train.py'], { cwd: folder, timeout: 30_000 });
      const { metrics, steps, findings } = evidenceOf(stdout);
      expect(findings).toEqual([]);
      expect(steps).toMatchObject({ count: sample.steps, samples: sample.steps * 4 });
      // 4 samples in 5 ms and more; evaluations, which take 20 ms, would halve it.
      expect(metrics.throughput_samples_per_s).toBeGreaterThan(150);
      expect(metrics.throughput_samples_per_s).toBeLessThan(800);
      expect(steps.fetchMs).toBeGreaterThan(3.9);
      expect(metrics.ttfb_s).toBeGreaterThan(0.0039);
    } finally {
      await removeFolder(folder);
    }
  });

  it('shows lines that are read', async () => {
    const page = await readFile(packageFile('docs', 'instrumentation.md'), 'utf8');
    const lines = page.split('\n').filter((line) => line.startsWith('    [autoresearch] '));
    const { metrics, steps, system } = evidenceOf(lines.join('\n'));
    expect(metrics).toMatchObject({ throughput_samples_per_s: 912.4, ttfb_s: 1.2345, step_time_ms: 35.1 });
    expect(steps).toMatchObject({ count: 120, samples: 109488, fetchMs: 4.2, computeMs: 30.9 });
    expect(system.cpuCores).toBe(16);
  });
});
