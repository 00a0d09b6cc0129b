/** The ranks of a job in its evidence: who they are, which lags, and whose stages are judged. */
import { describe, expect, it } from 'vitest';
import type { RankShare } from '../../../domain/evidence/evidence.js';
import { pipelineStatsText } from '../../../domain/evidence/evidence-text.js';
import { ranksOf } from '../../../domain/evidence/slowest-rank.js';
import { lagSentence, rankRows } from '../../../domain/memory/rank-sentences.js';
import { readingOf } from '../../../domain/memory/run-reading.js';
import { diagnose } from '../../../domain/memory/stage-rules.js';
import { otherWork } from '../../../domain/verdict/same-work.js';
import { evidenceOf, FOUR, processOf, steps } from '../../support/rank-evidence.js';

describe('the ranks of a job', () => {
  it('are none of one process', () => {
    expect(evidenceOf(steps([50]), [processOf({ pid: 7 })])).not.toHaveProperty('ranks');
    expect(
      evidenceOf(steps([50]), [processOf({ rank: 0, pid: 7 }), processOf({ rank: 0, pid: 8 })]),
    ).not.toHaveProperty('ranks');
  });

  it.each<[string, (rank: number) => string]>([
    ['rank= in the line', (rank) => ` rank=${rank}`],
    // A pid is known by the folder of its tables.
    ['pid= and the folder', (rank) => ` pid=${100 + rank}`],
  ])('are told by %s', (_, who) => {
    const { ranks } = evidenceOf(
      steps([50, 51, 70, 49], { who }),
      FOUR.map((rank) => processOf({ rank, pid: 100 + rank })),
    );
    expect(ranks?.each.map(({ name, steps: { stepMs } }) => [name, stepMs])).toEqual([
      ['rank 0', 50],
      ['rank 1', 51],
      ['rank 2', 70],
      ['rank 3', 49],
    ]);
    expect(ranks?.slowest).toMatchObject({
      name: 'rank 2',
      by: 'step',
      ownMs: 70,
      othersMs: 50,
      behind: expect.closeTo(0.4),
    });
  });

  it.each<[string, (rank: number) => string]>([
    ['PyTorch', (rank) => `[rank${rank}]: `],
    ['torchrun', (rank) => `[default${rank}]:`],
    ['srun', (rank) => `${rank}: `],
    ['torchx', (rank) => `trainer/${rank} `],
    ['mpirun', (rank) => `[1,${rank}]<stdout>:`],
  ])('are told by the labels of %s', (_, label) => {
    const lines = steps([50, 51, 70, 49], { who: () => '' }).map((line, at) => `${label(at % 4)}${line}`);
    expect(evidenceOf(lines).ranks?.slowest?.name).toBe('rank 2');
  });

  it('are the processes of a pool that have none', () => {
    const lines = steps([50, 51, 70, 49], { who: (at) => ` pid=${100 + at}` });
    const { ranks, findings } = evidenceOf(
      lines,
      FOUR.map((at) => processOf({ pid: 100 + at }, { decodeMs: at === 2 ? 40 : 20 })),
    );
    expect(ranks?.each.map(({ name, rank }) => [name, rank])).toEqual(FOUR.map((at) => [`process ${100 + at}`, null]));
    expect(findings).toContain(
      'process 102 is 40% slower than the median of the other processes (70.0 ms a step, and 50.0 ms): its stage `decode` takes 40.0 ms a task, and 20.0 ms there',
    );
  });

  it('are no processes that follow each other', () => {
    const lines = FOUR.flatMap((at) => steps([at === 2 ? 70 : 50], { who: () => ` pid=${100 + at}` }));
    expect(evidenceOf(lines)).not.toHaveProperty('ranks');
  });

  it('of two hosts may have one pid', () => {
    const { ranks } = evidenceOf(
      [],
      [processOf({ rank: 0, pid: 7 }), processOf({ rank: 1, pid: 7 }, { itemsPerS: 25 })],
    );
    expect(ranks?.slowest).toMatchObject({ name: 'rank 1', by: 'items', ownMs: 40, othersMs: 20, behind: 1 });
  });
});

it('more ranks than world_size says are a contradiction', () => {
  const processes = FOUR.map((rank) => processOf({ rank }));
  const notices = (size: number) =>
    evidenceOf([`[autoresearch] world_size=${size}`, ...steps([20])], processes).notices;
  expect(notices(2)?.join()).toContain(
    'a contradiction: world_size=2 was printed, and the probe saw 4 ranks, which counts',
  );
  // Of the others nothing may be on this disk.
  expect(notices(8)?.join()).not.toContain('contradiction');
});

describe('the slowest rank', () => {
  it('of those that train on their own has the longest steps; its stage says why', () => {
    const evidence = evidenceOf(
      steps([50, 50, 65.5, 50]),
      FOUR.map((rank) => processOf({ rank }, { decodeMs: rank === 2 ? 40 : 20 })),
    );
    const said =
      'rank 2 is 31% slower than the median of the other ranks (65.5 ms a step, and 50.0 ms): its stage `decode` takes 40.0 ms a task, and 20.0 ms there';
    expect(evidence.findings).toContain(said);
    expect(evidence.notices).toContain(said);
  });

  it('of those that take their steps together is the one that waits for its data', () => {
    const lines = steps([65, 65, 65, 65], { fetchMs: [3, 2, 41, 4] });
    const evidence = evidenceOf(
      lines,
      FOUR.map((rank) => processOf({ rank }, { decodeMs: rank === 2 ? 40 : 20 })),
    );
    expect(evidence.ranks?.slowest).toMatchObject({ name: 'rank 2', by: 'wait', ownMs: 41, othersMs: 3 });
    expect(evidence.findings.join()).toContain(
      'rank 2 holds the other ranks up: their steps take equally long, and rank 2 waits 41.0 ms of a step for its data where their median is 3.0 ms (58% of a step more): its stage `decode`',
    );
  });

  it('is told by the probe alone where one rank prints for all', () => {
    const processes = FOUR.map((rank) => processOf({ rank }, rank === 1 ? { waitMs: 15, ready: 0.1 } : {}));
    expect(evidenceOf(steps([20]), processes).ranks?.slowest).toMatchObject({
      name: 'rank 1',
      by: 'wait',
      ownMs: 15,
      othersMs: expect.closeTo(1),
    });
  });

  it('computes longer, where that is why', () => {
    const lines = steps([50, 50, 70, 50], { fetchMs: [5, 5, 5, 5] });
    expect(evidenceOf(lines).findings.join()).toMatch(
      /rank 2 is 40% slower .*: it computes 65\.0 ms in a step, and they 45\.0 ms$/,
    );
  });

  it.each<[string, string[]]>([
    ['that differ by little', steps([50, 52, 54, 51])],
    ['of a few steps', steps([50, 50, 90, 50]).slice(0, 24)],
    ['that wait a little longer', steps([50, 50, 50, 50], { fetchMs: [1, 1, 5, 1] })],
  ])('is nobody among ranks %s', (_, lines) => {
    const { ranks, findings } = evidenceOf(lines);
    expect(ranks?.each).toHaveLength(4);
    expect(ranks?.slowest).toBeNull();
    expect(findings.join()).not.toContain('slower');
  });

  it('of very many keeps its stages, and one that is like the others', () => {
    const { stages } = evidenceOf([], [processOf({})]);
    const share = (rank: number): RankShare => ({
      name: `rank ${rank}`,
      rank,
      steps: { count: 30, stepMs: rank === 70 ? 90 : 50, fetchMs: null, computeMs: null },
      samplesPerS: null,
      stages,
    });
    const ranks = ranksOf(Array.from({ length: 200 }, (_, rank) => share(rank)))!;
    expect(ranks.each.filter((one) => one.stages).map(({ name }) => name)).toEqual(['rank 0', 'rank 70']);
    const shown = rankRows(ranks).map(([name]) => name);
    expect(shown).toHaveLength(17);
    expect(shown.slice(-2)).toEqual(['rank 70', '184 more']);
  });
});

describe('the stages of several ranks', () => {
  // Rank 2 is starved by its decoding; the others have their batches ready.
  const processes = FOUR.map((rank) =>
    processOf({ rank }, rank === 2 ? { decodeMs: 80, ready: 0.05, waitMs: 40 } : {}),
  );
  const lines = steps([65, 65, 65, 65], { fetchMs: [1, 1, 40, 1] });

  it('are those of the slowest, so that its bottleneck is the job’s; items are of all', () => {
    const { stages, metrics } = evidenceOf(lines, processes);
    expect(metrics.bottleneck_stage).toBe('decode');
    expect(metrics.data_readiness_pct).toBeCloseTo(5);
    expect(stages.map(({ function: name, qps, numItems }) => [name, qps, numItems])).toEqual([
      ['src', 50, 4000],
      ['decode', 50, 4000],
      ['sink', 50, 4000],
    ]);
  });

  it('are no sum of rates over the concurrency of one: four ranks that are alike have no bottleneck', () => {
    const alike = evidenceOf(
      steps([20, 20, 20, 20], { fetchMs: [0.1, 0.1, 0.1, 0.1] }),
      FOUR.map((rank) => processOf({ rank })),
    );
    expect(diagnose(readingOf(alike, 4))).toMatchObject({ limit: 'compute', bottleneck: null });
    expect(alike.stages[1]).toMatchObject({ qps: 50, numItems: 4000 });
  });

  it('share no interpreter: one busy core of each rank is as much as one of one', () => {
    const system = { cpuCores: 16, cpuPct: 400, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null };
    const busy = FOUR.map((rank) => processOf({ rank }, { decodeMs: 60 }));
    expect(diagnose(readingOf({ ...evidenceOf(steps([20, 20, 20, 20]), busy), system }, null)).gilBound).toBe(true);
    expect(diagnose(readingOf({ ...evidenceOf(steps([20]), busy.slice(0, 1)), system }, null)).gilBound).toBe(false);
  });

  it('stand in pipeline_stats_log.txt beside the ranks', () => {
    const evidence = evidenceOf(lines, processes);
    const text = pipelineStatsText([], [], evidence);
    expect(text).toContain('## stages (steady part; of rank 2, the slowest of 4 ranks)\n');
    expect(text).toMatch(
      /## ranks \(steady part\)\nrank {4}steps +step_ms +fetch_ms +compute_ms .*\nrank 0 +30 +65 +1 +64 /,
    );
    expect(text.trimEnd().endsWith(lagSentence(evidence.ranks!)!)).toBe(true);
  });
});

describe('the work of several ranks', () => {
  const say = (samples: number, rank: number) =>
    `[autoresearch] throughput_samples_per_s=160 sample_count=${samples} rank=${rank}`;
  const processes = FOUR.map((rank) => processOf({ rank }));
  const all = evidenceOf([...steps([50, 50, 50, 50]), ...FOUR.map((rank) => say(240, rank))], processes);
  const references = { baseline: all, repeats: [], isAlone: false };

  it('is as much where only one of them shows in the log', () => {
    const one = evidenceOf([...steps([50]), say(240, 0)], processes);
    expect(one.metrics.throughput_samples_per_s).toBeCloseTo(all.metrics.throughput_samples_per_s!);
    expect(one.steps.samples).toBe(960);
    expect(otherWork(one, references)).toBeNull();
  });

  it('is less where each did less', () => {
    const half = evidenceOf(
      [...steps([50, 50, 50, 50]).slice(0, 60), ...FOUR.map((rank) => say(120, rank))],
      processes,
    );
    expect(otherWork(half, references)).toMatch(/^it trained 480 samples, and the baseline 960: /);
  });

  it('is as much where one lags, and no line names its rank', () => {
    // Lines of ranks of 10, 10, 16 and 10 steps a unit of time, whose beginnings lie apart by `late`.
    const unnamed = (late: readonly number[], count = 20, every = 1) =>
      [10, 10, 16, 10]
        .flatMap((pace, rank) =>
          Array.from({ length: count }, (_, at) => ({
            step: (at + 1) * every,
            t: late[rank]! + (at + 1) * pace + rank / 9,
          })),
        )
        .sort((a, b) => a.t - b.t)
        .map(({ step }) => `[autoresearch] step=${step} step_time_ms=50`);
    for (const every of [1, 10]) {
      const runs = [
        [0, 0, 0, 0],
        [0, 3, 21, 7],
        [25, 0, 40, 2],
      ].map((late) => evidenceOf(unnamed(late, 20, every)));
      expect(runs.map(({ steps: { ofAll } }) => ofAll)).toEqual([80 * every, 80 * every, 80 * every]);
      for (const baseline of runs)
        for (const own of runs) expect(otherWork(own, { baseline, repeats: [], isAlone: false })).toBeNull();
      const half = evidenceOf(unnamed([0, 3, 21, 7], 10, every));
      expect(otherWork(half, { baseline: runs[0]!, repeats: [], isAlone: false })).toMatch(/^it trained 4/);
    }
  });
});
