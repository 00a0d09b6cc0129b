import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pointsFor } from '../../agents/run-points.js';
import { CASES } from '../../bench/search/cases.js';
import { runSimulation, seeded } from '../../bench/search/simulated-pipeline.js';
import { newRunRecord, type RunRecord } from '../../domain/reports/run-record.js';
import type { ExperimentRow } from '../../domain/run/experiment-record.js';
import { Workdir } from '../../workdir/paths.js';

const { pipeline, start } = CASES[0]!;
let root = '';
let workdir: Workdir;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'autoresearch-points-'));
  workdir = new Workdir(root);
  for (const [i, nodeId] of ['000_baseline', '002_a', '003_again', '004_silent'].entries()) {
    const evidence = runSimulation(nodeId, { ...pipeline, noise: 0.05 }, start, seeded(i + 1));
    await mkdir(dirname(workdir.evidence(nodeId)), { recursive: true });
    await writeFile(
      workdir.evidence(nodeId),
      JSON.stringify(nodeId === '004_silent' ? { ...evidence, stages: [] } : evidence),
    );
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

function record(): RunRecord {
  const row = (nodeId: string, kind: string, status = 'completed') =>
    [nodeId, { nodeId, kind, state: { status } } as unknown as ExperimentRow] as const;
  const empty = newRunRecord();
  const experiments = Object.fromEntries([
    row('000_baseline', 'baseline'),
    row('002_a', 'planned'),
    row('003_again', 'repeat'),
    row('004_silent', 'planned'),
    row('005_failed', 'planned', 'failed'),
  ]);
  const confirmation = { repeats: { '002_a': ['003_again'] } } as unknown as RunRecord['state']['confirmation'];
  return { ...empty, state: { ...empty.state, experiments, ...(confirmation ? { confirmation } : {}) } };
}

it('every experiment whose job timed a stage is a point, its repeats pooled with it', async () => {
  const points = await pointsFor(workdir, record());
  expect(Object.keys(points)).toEqual(['000_baseline', '002_a']);
  const rate = (seed: number) =>
    runSimulation('', { ...pipeline, noise: 0.05 }, start, seeded(seed)).metrics.throughput_samples_per_s!;
  expect(points['002_a']!.rate).toBeCloseTo((rate(2) + rate(3)) / 2);
  expect(points['000_baseline']!.rate).toBeCloseTo(rate(1));
});

it('evidence that is known already is not read again', async () => {
  const known = new Map();
  const before = await pointsFor(workdir, record(), known);
  expect(known.get('004_silent')).toBeNull();
  expect(await pointsFor(new Workdir(join(root, 'nowhere')), record(), known)).toEqual(before);
});
