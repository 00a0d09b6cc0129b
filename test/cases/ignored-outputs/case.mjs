// Shape: TabPFN #814 with the most usual layout: the script writes to ./outputs, git ignores outputs/, and the user has a
// checkpoint of last week's training in it.
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { broken } from '../facts.mjs';

const CHECKPOINT = '{"epoch": 1, "norm": 123.5, "note": "three days of training"}';
const hash = (text) => createHash('sha256').update(text).digest('hex');

let writtenAtMs = 0;

export default {
  script: 'finetune.py',
  launch: '{python} finetune.py --num-workers 2',
  right: "the user's checkpoint is untouched; each job trains the same number of steps; the workers' number wins",
  before: ({ source }) => {
    mkdirSync(join(source, 'outputs'));
    writeFileSync(join(source, 'outputs', 'last.json'), CHECKPOINT);
    writtenAtMs = statSync(join(source, 'outputs', 'last.json')).mtimeMs;
  },
  check: (facts) => {
    const steps = facts.jobs
      .filter((job) => facts.status(job.nodeId) === 'completed')
      .map((job) => facts.steps(job.nodeId));
    return [
      ...broken({
        'the exit code is 0': facts.exitCode === 0,
        'the checkpoint is the same, byte for byte': hash(facts.file('outputs/last.json')) === hash(CHECKPOINT),
        "the checkpoint's time is the same":
          statSync(join(facts.source, 'outputs', 'last.json')).mtimeMs === writtenAtMs,
        'each job that counts trained the same number of steps': steps.length > 0 && new Set(steps).size === 1,
      }),
      ...(facts.isShort ? [] : broken({ 'more workers win': facts.bestRate > 1.2 * facts.baseline })),
    ];
  },
};
