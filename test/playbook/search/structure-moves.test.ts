/** Moves of the pipeline's structure: each only where a statistic shows what it is for. */
import { expect, it } from 'vitest';
import type { KeptResults } from '../../../domain/evidence/kept-results.js';
import type { Diagnosis, StageReading } from '../../../domain/memory/stage-rules.js';
import { MOVES, type MoveName } from '../../../domain/proposals/moves.js';
import type { Situation } from '../../../playbook/search/situation.js';
import { structureMoves } from '../../../playbook/search/structure-moves.js';

const reading = (more: { waits?: number; taskS?: number } = {}): StageReading =>
  ({
    stage: { function: 'decode', aveTimeS: more.taskS ?? 0.02 },
    threadWaitShare: more.waits ?? null,
    condition: 'keeps up',
  }) as StageReading;

interface Signs {
  stage?: StageReading;
  isBottleneck?: boolean;
  more?: Partial<Diagnosis>;
  headroom?: number;
  made?: string[];
  cpuUse?: number;
  hasGpu?: boolean;
  kept?: KeptResults[];
}

/** What is proposed where the code allows everything. */
function proposed(signs: Signs): string[] {
  const {
    stage = reading(),
    isBottleneck = false,
    more = {},
    headroom = 2,
    made = [],
    cpuUse = null,
    hasGpu = false,
    kept = [],
  } = signs;
  const moves = (Object.keys(MOVES) as MoveName[]).map((move) => ({
    move,
    ...(MOVES[move].of === 'stage' ? { stage: 'decode' } : {}),
    possible: true,
    reason: '',
  }));
  const diagnosis = {
    ...{ limit: 'stage', bottleneck: isBottleneck ? stage : null, stages: [stage], fetchShare: 0, threads: null },
    ...{ gilBound: false, ...more },
  } as Diagnosis;
  const situation = {
    survey: { moves },
    setting: { values: {}, structure: made },
    diagnosis,
    headroom,
    cpuUse,
    hasGpu,
    kept,
  };
  return structureMoves(situation as unknown as Situation).flatMap(({ structure }) => structure);
}

it.each<[string, Signs, string[]]>([
  ['nothing', {}, []],
  ['a bottleneck', { isBottleneck: true }, ['cache_stage:decode', 'await_stage:decode', 'load_npz:decode']],
  [
    'a bottleneck while cores are idle',
    { isBottleneck: true, cpuUse: 0.4 },
    ['cache_stage:decode', 'await_stage:decode', 'load_npz:decode', 'decoder_threads:decode threads=2'],
  ],
  [
    'a bottleneck that has the cores',
    { isBottleneck: true, cpuUse: 0.8 },
    ['cache_stage:decode', 'await_stage:decode', 'load_npz:decode'],
  ],
  [
    'a bottleneck whose results found no room in memory',
    { isBottleneck: true, kept: [{ stage: 'decode', items: 1000, bytes: 2 ** 30, missed: 9000, again: 1 }] },
    ['cache_stage:decode', 'cache_on_disk:decode megabytes=12288', 'await_stage:decode', 'load_npz:decode'],
  ],
  [
    'a bottleneck whose results hardly come again',
    { isBottleneck: true, kept: [{ stage: 'decode', items: 1000, bytes: 2 ** 30, missed: 9000, again: 0 }] },
    ['cache_stage:decode', 'await_stage:decode', 'load_npz:decode'],
  ],
  [
    'a bottleneck whose results are made faster than read',
    { isBottleneck: true, kept: [{ stage: 'decode', items: 10, bytes: 2 ** 30, missed: 90, again: 1 }] },
    ['cache_stage:decode', 'await_stage:decode', 'load_npz:decode'],
  ],
  [
    'a bottleneck of a job on a GPU',
    { isBottleneck: true, hasGpu: true },
    ['cache_stage:decode', 'await_stage:decode', 'load_npz:decode', 'nvdec:decode'],
  ],
  ['idle cores, and no bottleneck', { cpuUse: 0.1 }, []],
  ['waits for threads', { stage: reading({ waits: 0.5 }) }, ['own_executor:decode', 'await_stage:decode']],
  [
    'short tasks under the lock',
    { stage: reading({ taskS: 0.0001 }), more: { gilBound: true } },
    ['merge_stages:decode', 'batch_in_stage:decode items=16', 'load_npz:decode'],
  ],
  ['short tasks that hold nobody up', { stage: reading({ taskS: 0.0001 }) }, []],
  [
    'a loop that waits, and no bottleneck',
    { more: { fetchShare: 0.4 } },
    ['output_order:decode', 'mtp_off', 'buffers items=16', 'arena', 'continuous_source'],
  ],
  ['slow steps although data is ready', { more: { limit: 'compute' }, headroom: 1.3 }, ['gc_interval']],
  [
    'a move that is made',
    { stage: reading({ waits: 0.5 }), made: ['own_executor:decode workers=4'] },
    ['await_stage:decode'],
  ],
])('shows: %s', (_, signs, moves) => {
  expect(proposed(signs)).toEqual(moves);
});
