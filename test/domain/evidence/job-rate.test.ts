import { describe, expect, it } from 'vitest';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { measure } from '../../../domain/evidence/measure.js';
import { Refusals } from '../../../domain/evidence/measured-number.js';

function evidenceOf(lines: readonly string[], batchSize: number | null = null, ranks = 1) {
  const refusals = new Refusals();
  const [stdout, stderr] = [new JobOutput(refusals), new JobOutput(refusals)];
  for (const line of lines) stdout.readLine(line);
  const none = { processes: [], system: null, gpuOthers: null, durationS: null, findings: [] };
  return measure('000_baseline', { stdout, stderr, ...none, batchSize, ranks }, refusals);
}

const step = (n: number, ms = 50, who = '') => `[autoresearch] step=${n} step_time_ms=${ms}${who}`;

/** `count` processes that print in turn, as those do that train side by side; each ends with its own throughput. */
function sideBySide(count: number, steps: number, rate: number, who: (process: number) => string): string[] {
  const rounds = Array.from({ length: steps }, (_, i) =>
    Array.from({ length: count }, (_, p) => step(i + 1, 50, who(p))),
  ).flat();
  const ends = Array.from(
    { length: count },
    (_, p) => `[autoresearch] throughput_samples_per_s=${rate} sample_count=${steps * 8}${who(p)}`,
  );
  return [...rounds, ...ends];
}
const byPid = (process: number) => ` pid=${4000 + process}`;

describe('the rate of a whole job', () => {
  it('of a pool of workers is the sum of what each did: 4 x 160 samples/s are 640', () => {
    const { metrics, sources, steps, findings } = evidenceOf(sideBySide(4, 25, 160, byPid));
    expect(metrics.throughput_samples_per_s).toBeCloseTo(640, -1);
    expect(sources.throughput_samples_per_s).toBe('derived');
    expect(steps).toMatchObject({ count: 100, samples: 800, stepMs: 50, processes: expect.closeTo(4, 0) });
    expect(findings.join()).toMatch(/about (?:4|3\.9) processes train at a time; their rates were added up/);
  });

  it('tells of a number of processes that is no whole one what it is', () => {
    // Two that begin together, and a third for a part of the time, in lines that name nobody.
    const lines = Array.from({ length: 60 }, (_, at) => [
      step(at + 1, 20, ''),
      step(at + 1, 20, ''),
      ...(at % 2 === 0 ? [step(at + 1, 20, '')] : []),
    ]).flat();
    expect(evidenceOf([...lines, '[autoresearch] throughput_samples_per_s=400']).findings.join()).toMatch(
      /\b2 or 3 processes train at a time \(2\.[3-7] on average, by how often their lines come\)/,
    );
  });

  it('is the same for half the processes that are twice as fast', () => {
    const of = (lines: string[]) => evidenceOf(lines).metrics.throughput_samples_per_s!;
    const [four, two, one] = [
      of(sideBySide(4, 25, 160, byPid)),
      of(sideBySide(2, 50, 320, byPid)),
      of(sideBySide(1, 100, 640, byPid)),
    ];
    expect(two / four).toBeCloseTo(1, 1);
    expect(one / four).toBeCloseTo(1, 1);
  });

  it('of processes that follow each other, one an epoch, is that of one', () => {
    const epochs = [0, 1, 2].flatMap((epoch) => sideBySide(1, 30, 160, () => byPid(epoch)));
    const { metrics, steps } = evidenceOf(epochs);
    expect(metrics.throughput_samples_per_s).toBeCloseTo(160);
    expect(steps.count).toBe(90);
  });

  it('of ranks that say the same number is that number: it was gathered from all', () => {
    const lines = sideBySide(2, 30, 1234.5, () => '').map(
      (line, i) => `[rank${i % 2}]: ${line.replace(/ sample_count=\d+/, '')}`,
    );
    expect(evidenceOf(lines).metrics.throughput_samples_per_s).toBeCloseTo(1234.5);
  });

  it('of ranks of which one tells a throughput is what that one says', () => {
    const lines = sideBySide(2, 30, 0, () => '')
      .slice(0, 60)
      .map((line, i) => `[default${i % 2}]:${line}`);
    expect(
      evidenceOf([...lines, '[default0]:[autoresearch] throughput_samples_per_s=900']).metrics.throughput_samples_per_s,
    ).toBe(900);
  });

  it('of ranks that each print their own, told by batch size and step time, is the sum', () => {
    // 16 samples in 50 ms are 320 samples/s of one rank.
    const lines = [
      ...sideBySide(2, 30, 0, () => '')
        .slice(0, 60)
        .map((line, i) => `${i % 2}: ${line}`),
      '0: [autoresearch] throughput_samples_per_s=321',
      '1: [autoresearch] throughput_samples_per_s=319',
    ];
    expect(evidenceOf(lines, 16).metrics.throughput_samples_per_s).toBeCloseTo(640, -1);
  });

  it('of unnamed processes is doubted aloud where the last line may be that of one alone', () => {
    const lines = [
      ...Array.from({ length: 120 }, (_, i) => step(Math.floor(i / 4) + 1)),
      '[autoresearch] throughput_samples_per_s=160',
    ];
    expect(evidenceOf(lines).findings.join()).toContain('may be that of one alone');
    // 8 samples in 50 ms: 160 samples/s are one process's, and there are four.
    expect(evidenceOf(lines, 8).metrics.throughput_samples_per_s).toBeCloseTo(640, -1);
  });
});

describe('the rate of several ranks', () => {
  const own = ' sample_count=240';
  const rate = (value: number, more = '') => `[autoresearch] throughput_samples_per_s=${value}${more}`;
  const world = '[autoresearch] world_size=4';
  const oneRank = sideBySide(1, 30, 160, () => '').slice(0, 30);
  const ranks = (count: number, more: (rank: number) => string[] = () => []) => [
    ...sideBySide(count, 30, 0, (rank) => ` rank=${rank}`).slice(0, 30 * count),
    ...Array.from({ length: count }, (_, rank) => more(rank).map((line) => `${line} rank=${rank}`)).flat(),
  ];

  // 8 samples in 50 ms are 160 samples/s of one rank.
  it.each<[string, string[], number | null, { rate: number; of: string | undefined; says?: RegExp }]>([
    ['one process', [...oneRank, rate(160)], 8, { rate: 160, of: undefined }],
    [
      'its own, of one of four',
      [world, ...oneRank, rate(160, own)],
      null,
      { rate: 640, of: 'sum', says: /about 4 ranks train at a time, and only one of them printed lines.*as fast/ },
    ],
    ['by its steps its own', [world, ...oneRank, rate(161)], 8, { rate: 644, of: 'sum' }],
    ['by its steps that of all', [world, ...oneRank, rate(650)], 8, { rate: 650, of: 'all' }],
    [
      'one that prints for all',
      [world, ...oneRank, rate(650)],
      null,
      { rate: 650, of: 'all', says: /that of all of them$/ },
    ],
    [
      'neither its own nor that of all',
      [world, ...oneRank, rate(3000)],
      8,
      {
        rate: 3000,
        of: 'all',
        says: /a contradiction: 3000 samples\/s were printed for all of them, and .* makes 640\.0/,
      },
    ],
    ['none, but steps', [world, ...oneRank], 8, { rate: 640, of: 'steps' }],
    ['each its own', ranks(4, () => [rate(160, own)]), null, { rate: 640, of: 'sum' }],
    [
      'two of four their own',
      [world, ...ranks(2, () => [rate(160, own)])],
      null,
      { rate: 640, of: 'sum', says: /about 4 ranks train at a time, and 2 of them printed lines/ },
    ],
    [
      'three of four their own',
      ranks(4, (rankNumber) => (rankNumber === 3 ? [] : [rate(160, own)])),
      null,
      { rate: 640, of: 'sum', says: /only 3 of 4 printed theirs/ },
    ],
    [
      'each its own, and all in a line',
      [...ranks(4, () => [rate(160, own)]), rate(642)],
      null,
      { rate: 642, of: 'all' },
    ],
    [
      'each its own, and another sum',
      [...ranks(4, () => [rate(160, own)]), rate(2560)],
      null,
      {
        rate: 640,
        of: 'sum',
        says: /a contradiction: 2560 samples\/s were printed for all of them.*640\.0, which counts/,
      },
    ],
  ])('where they print %s', (_, lines, batchSize, expected) => {
    const { metrics, rateOf, notices } = evidenceOf(lines, batchSize);
    expect(metrics.throughput_samples_per_s).toBeCloseTo(expected.rate, 5);
    expect(rateOf).toBe(expected.of);
    if (expected.says) expect(notices?.join()).toMatch(expected.says);
    else expect(notices?.join()).not.toContain('contradiction');
  });

  it('counts the work of those that print nothing', () => {
    expect(evidenceOf([world, ...oneRank, rate(160, own)]).steps.samples).toBe(960);
    expect(evidenceOf([world, ...oneRank], 8).steps.samples).toBe(960);
    expect(evidenceOf(ranks(4, () => [rate(160, own)])).steps.samples).toBe(960);
  });

  it('counts each for as long as it trained: a slow one trains longer', () => {
    const pid = (process: number) => ` pid=${process}`;
    const lines = Array.from({ length: 60 }, (_, at) =>
      [0, 1, 2]
        .flatMap((p) => (at < 30 ? [step(2 * at + 1, 10, pid(p)), step(2 * at + 2, 10, pid(p))] : []))
        .concat(step(at + 1, 20, pid(3))),
    ).flat();
    const ends = [0, 1, 2, 3].map((p) => rate(p === 3 ? 400 : 800, ` sample_count=480${pid(p)}`));
    // 4 x 480 samples in the 60 x 20 ms of the slow one.
    const { metrics, findings } = evidenceOf([...lines, ...ends]);
    expect(metrics.throughput_samples_per_s).toBeCloseTo(1600, 0);
    expect(findings.join()).toContain('about 4 processes train at a time; their rates were added up, each for as long');
    // Their mean of 700 times four is another number.
    expect(findings.join()).toContain('(400.0 to 800.0 samples/s each)');
  });

  it('takes no number of processes from the command where a rate was printed', () => {
    const { metrics, rateOf, unclearRate } = evidenceOf([...oneRank, rate(160, own)], null, 4);
    expect(metrics.throughput_samples_per_s).toBe(160);
    expect(rateOf).toBe('unclear');
    expect(unclearRate).toMatch(/^the launch command starts 4 processes, .* may be that of one alone/);
  });

  it('is unclear where a few unnamed lines tell each step several times', () => {
    const lines = [1, 1, 1, 1, 2, 2, 2, 2].map((n) => step(n));
    expect(evidenceOf([...lines, rate(160), rate(170)])).toMatchObject({
      rateOf: 'unclear',
      unclearRate: expect.stringMatching(/^each step was printed about 4 times, .* may be that of one alone/),
    });
    expect(evidenceOf([...oneRank, rate(160)]).unclearRate).toBeUndefined();
  });

  it('keeps two hosts apart whose processes have one pid', () => {
    const lines = sideBySide(2, 30, 160, () => ' pid=7').map((line, i) => `trainer/${i % 2} ${line}`);
    expect(evidenceOf(lines)).toMatchObject({ steps: { count: 60 }, rateOf: 'sum' });
  });
});

describe('lines of [autoresearch]', () => {
  it.each<[string, object]>([
    [
      '\u001b[32m[autoresearch]\u001b[0m step=1 step_time_ms=\u001b[1m1,234.5\u001b[0m',
      { steady_step_time_ms: 1234.5 },
    ],
    ['2026-01-01 12:00:01,123 INFO train [autoresearch] step=1 step_time_ms=1.2345s', { steady_step_time_ms: 1234.5 }],
    ['[rank0]: [autoresearch] step=1, step_time_ms=12.5ms, fetch_time_ms=3', { steady_step_time_ms: 12.5 }],
    ['[autoresearch] ttfb_s=800ms', { ttfb_s: 0.8 }],
    ['[autoresearch] throughput_samples_per_s=1.2k', { throughput_samples_per_s: 1200 }],
    ['[autoresearch] throughput_samples_per_s=66,643.5', { throughput_samples_per_s: 66643.5 }],
    ['[autoresearch] throughput_samples_per_s=120samples/min', { throughput_samples_per_s: 2 }],
  ])('%j', (line, metrics) => expect(evidenceOf([line]).metrics).toMatchObject(metrics));
});
