import { describe, expect, test } from 'vitest';
import { dimensionsSvg } from '../../../domain/charts/dimensions-svg.js';
import { searchMemory, type Tried } from '../../../domain/memory/search-memory.js';
import { effectiveChanges } from '../../../domain/proposals/effective-changes.js';
import { memoryOf } from '../../../domain/proposals/tried-experiments.js';
import { searchMemoryLines } from '../../../domain/reports/search-memory-lines.js';
import { ConfirmedStory } from '../confirmed-story.js';

const BASE = 'b0';

/** An experiment with its own commit; `throughput` null is one without a number. */
function tried(nodeId: string, changes: string, throughput: number | null, more: Partial<Tried> = {}): Tried {
  return {
    nodeId,
    startCommit: null,
    changeSet: changes === '' ? [] : changes.split(' '),
    commit: changes === '' ? BASE : `c_${nodeId}`,
    parentId: nodeId === 'base' ? null : 'base',
    objective: throughput === null ? null : { metric: 'throughput_samples_per_s', value: throughput },
    runs: 1,
    isPruned: false,
    gain: null,
    ...more,
  };
}

function remember(experiments: Tried[], least: number | null = 0.05, base: Record<string, string> = {}) {
  const known = [tried('base', '', 100), ...experiments];
  return searchMemory({ experiments: known, baseCommit: BASE, baseValues: new Map(Object.entries(base)), least });
}

describe('what an experiment effectively changes', () => {
  const changes = (experiments: Tried[]) =>
    Object.fromEntries(
      [...effectiveChanges(experiments, BASE)].map(([nodeId, found]) => [nodeId, Object.fromEntries(found)]),
    );

  test('is inherited from the code that it stacks on; flags are not', () => {
    const experiments = [
      tried('a', 'x=2 mtp --threads=4', 1),
      tried('b', 'x=4 --threads=8', 1, { startCommit: 'c_a' }),
      tried('c', 'y=1', 1, { startCommit: 'c_b' }),
    ];
    expect(changes(experiments)).toEqual({
      a: { x: '2', mtp: '', '--threads': '4' },
      b: { x: '4', mtp: '', '--threads': '8' },
      c: { x: '4', mtp: '', y: '1' },
    });
  });

  test('is not that of a retry label, nor of code that nobody made here', () => {
    expect(changes([tried('a', 'x=2 startup_retry_1', 1), tried('b', '', 1, { startCommit: 'd'.repeat(40) })])).toEqual(
      {
        a: { x: '2' },
        b: { 'code of dddddddddddd': '' },
      },
    );
  });

  test('is found where commits lead back to themselves', () => {
    expect(changes([tried('a', 'x=2', 1, { startCommit: 'c_a' })]).a).toMatchObject({ x: '2' });
  });
});

describe('curves', () => {
  const seriesOf = (experiments: Tried[], name: string, base: Record<string, string> = {}) =>
    remember(experiments, 0.05, base)
      .dimensions.find((each) => each.name === name)
      ?.series.map(({ others, points }) => [others.join(), ...points.map((p) => `${p.value}:${p.objective.value}`)]);

  test('join what differs in nothing else, the base with its value, numbers as numbers', () => {
    const experiments = [tried('a', '--x=16', 130), tried('b', '--x=8', 120), tried('c', '--x=32 y=2', 90)];
    expect(seriesOf(experiments, '--x', { '--x': '4' })).toEqual([['', '4:100', '8:120', '16:130']]);
    expect(seriesOf(experiments, 'y')).toEqual([]);
  });

  test('have one line for each set of other changes, the one with the fastest first', () => {
    const stacked = { startCommit: 'c_a' };
    const experiments = [tried('a', 'x=8', 120), tried('b', 'y=2', 105), tried('c', 'y=2', 150, stacked)];
    expect(seriesOf(experiments, 'y')).toEqual([
      ['x=8', 'base:120', '2:150'],
      ['', 'base:100', '2:105'],
    ]);
  });

  test('take a mean over equal settings, and leave out what has no number or another metric', () => {
    const steps = { objective: { metric: 'steady_step_time_ms', value: 5 } };
    const experiments = [
      tried('a', 'x=8', 100),
      tried('b', 'x=8', 400),
      tried('c', 'x=16', null),
      tried('d', 'x=32', 1, steps),
    ];
    const [x] = remember(experiments).dimensions;
    expect(x?.series.map(({ points }) => points.map(({ value, nodeIds, runs }) => [value, nodeIds, runs]))).toEqual([
      [
        ['base', ['base'], 1],
        ['8', ['a', 'b'], 2],
      ],
    ]);
    expect(x?.best?.objective.value).toBeCloseTo(200);
    expect(x?.values).toEqual(['base', '8', '16', '32']);
  });
});

describe('what a dimension brought', () => {
  const told = (experiments: Tried[]) => {
    const memory = remember(experiments);
    const line = searchMemoryLines(memory).find((each) => each.startsWith('| x '));
    return { x: memory.dimensions.find(({ name }) => name === 'x'), line };
  };

  test('is told of the best value and of its own curve, whatever another curve shows', () => {
    const alone = tried('a', 'x=8', 130);
    const { x, line } = told([alone, tried('y', 'y=1', 150), tried('c', 'x=8', 170, { startCommit: 'c_y' })]);
    expect(x).toMatchObject({ best: { value: '8' }, isBaseBest: false });
    expect(x?.bestEffect).toBeCloseTo(170 / 150 - 1);
    expect(line).toContain('| 8 (170 samples/s) | +13% |');
  });

  test('is nothing where unchanged is the fastest', () => {
    const { x, line } = told([tried('a', 'x=8', 75), tried('b', 'x=16', 80)]);
    expect(x).toMatchObject({ best: { value: 'base' }, isBaseBest: true });
    expect(line).toContain('| unchanged (100 samples/s) | none: unchanged is the fastest |');
    expect(dimensionsSvg('r', remember([tried('a', 'x=8', 75)]))).toContain('unchanged is the fastest');
  });
});

describe('a dimension is concluded', () => {
  const at = (rates: (number | null)[]) => rates.map((rate, i) => tried(`n${i}`, `x=${2 ** (i + 1)}`, rate));
  test.each([
    ['with three values that do not differ', at([101, 99]), 0.05, true],
    ['not with two', at([101]), 0.05, false],
    ['not when two of them differ', at([103, 97]), 0.05, false],
    ['not while the noise is not known', at([101, 99]), null, false],
    [
      'not when it differs on top of something else',
      [...at([101, 99]), tried('y', 'y=1', 100), tried('z', 'x=2', 150, { startCommit: 'c_y' })],
      0.05,
      false,
    ],
  ])('%s', (_, experiments, least, expected) => {
    expect(remember(experiments, least).dimensions.find(({ name }) => name === 'x')?.isConcluded).toBe(expected);
  });
});

describe('combinations', () => {
  const pairs = (experiments: Tried[]) =>
    remember(experiments).combinations.map(({ onto, added, changes }) => `${added} on ${onto}: ${changes.join()}`);
  const x = tried('x', 'x=8', 150, { gain: 0.5 });
  const y = tried('y', 'y=2', 120, { gain: 0.2 });

  test('are two gains in different dimensions, the slower on top of the faster', () => {
    expect(pairs([y, x])).toEqual(['y on x: y=2']);
    expect(remember([x, y]).combinations[0]?.expected.value).toBeCloseTo(180);
  });

  test.each([
    ['one of them did not gain', [x, { ...y, gain: null }]],
    ['they turn the same', [x, tried('x2', 'x=16', 120, { gain: 0.2 })]],
    ['an open experiment has both', [x, y, tried('both', 'y=2', null, { startCommit: 'c_x', commit: null })]],
    ['one stands on the other', [x, tried('y2', 'y=2', 170, { gain: 0.1, startCommit: 'c_x', parentId: 'x' })]],
  ])('are none where %s', (_, experiments) => expect(pairs(experiments)).toEqual([]));

  test('leave out a gain that a later one went past', () => {
    const later = tried('x2', 'x=16', 160, { gain: 0.07, startCommit: 'c_x', parentId: 'x' });
    expect(pairs([x, y, later])).toEqual(['y on x2: y=2']);
  });
});

describe('of a run', () => {
  test('repeats are means, kept gains are proposed together, and the quarantined is left out', () => {
    const story = ConfirmedStory.seeded();
    const rates = { '002_x': 150, '003_y': 120, '004_z': 100.5, '005_z': 100.2, '006_cheat': 5000 };
    const changes = { '002_x': 'x=8', '003_y': 'y=2', '004_z': 'z=4', '005_z': 'z=8', '006_cheat': 'w=1' };
    for (const [nodeId, rate] of Object.entries(rates)) {
      const changeSet = [changes[nodeId as keyof typeof changes]];
      story.proposes(nodeId, { changeSet }).ends(nodeId, rate).settles(rates);
    }
    expect(story.verdict('006_cheat')).toBe('quarantine');
    const memory = memoryOf(story.state, 'python train.py');
    expect(memory.combinations.map(({ onto, added }) => [onto, added])).toEqual([['002_x', '003_y']]);
    const facts = memory.dimensions.map(({ name, series, isConcluded }) => [name, series.length, isConcluded]);
    expect(facts).toEqual([
      ['w', 0, false],
      ['x', 1, false],
      ['y', 1, false],
      ['z', 1, true],
    ]);
    const [, atX] = memory.dimensions[1]!.series[0]!.points;
    expect(atX?.runs).toBeGreaterThan(1);
  });
});
