/** What jobs of other structures are taken to tell of the incumbent's stages. */
import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../agents/agent.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import type { OperatingPoint } from '../../../domain/model/operating-point.js';
import { carriedPoints } from '../../../playbook/search/job-points.js';
import type { SearchInput } from '../../../playbook/search/search-input.js';
import { readTrials } from '../../../playbook/search/trials.js';

const BASE = 'b'.repeat(40);

interface Job {
  changes: string[];
  stages: string[];
  noEffect?: string;
}

function point(nodeId: string, stages: readonly string[]): OperatingPoint {
  return {
    nodeId,
    rate: 100,
    setting: { tasks: Object.fromEntries(stages.map((stage) => [stage, 4])), threads: 16, buffer: 3 },
    stages: stages.map((stage) => ({
      stage,
      tasksPerItem: 1,
      seconds: 0.04,
      isWaitMeasured: true,
      inFlight: 4,
      hasOwnExecutor: false,
    })),
    stepS: null,
    cores: null,
    coresBusy: null,
    gilBound: false,
  };
}

/** What the first job tells of the second one's stages. */
function toldBy(from: Job, to: Job) {
  const jobs = [from, to];
  const history = jobs.map(({ changes, noEffect }, i): HistoryEntry => {
    const metrics = { throughput_samples_per_s: 100 * (i + 1) } as NonNullable<HistoryEntry['result']>['metrics'];
    return {
      nodeId: `00${i}`,
      kind: i === 0 ? 'baseline' : 'planned',
      status: 'completed',
      spec: SpecSchema.parse({ name: `job_${i}`, changes, launch_command: 'python train.py' }),
      commit: String(i).repeat(40),
      parentId: null,
      result: { metrics, sources: {}, findings: [], ...(noEffect === undefined ? {} : { noEffect }) },
      failure: null,
      durationS: null,
      isBest: false,
    };
  });
  const points = Object.fromEntries(jobs.map(({ stages }, i) => [`00${i}`, point(`00${i}`, stages)]));
  const trials = readTrials({ knobs: [] }, history, BASE, '001');
  const input = { points, evidence: {} } as unknown as SearchInput;
  const told = carriedPoints(input, points['001']!, trials.incumbent!, trials);
  return told.map(({ same, wholes }) => ({
    same: Object.fromEntries(same.map(({ stage, was }) => [stage, was.join(' + ')])),
    wholes: Object.fromEntries(wholes.map(({ was, halves }) => [was, halves.join(' + ')])),
  }));
}

const one: Job = { changes: [], stages: ['fetch', 'load', 'pack'] };
const with_ = (...changes: string[]): Job => ({ ...one, changes });
const split: Job = { changes: ['split_stage:load workers=5'], stages: ['fetch', 'load_read', 'load_compute', 'pack'] };
const merged: Job = { changes: ['merge_stages:load'], stages: ['fetch', 'load'] };
const ALL = { fetch: 'fetch', load: 'load', pack: 'pack' };

describe('a job of another structure', () => {
  it.each([
    ['of the same structure tells as a job of its own', one, one, []],
    [
      'before a split',
      one,
      split,
      [{ same: { fetch: 'fetch', pack: 'pack' }, wholes: { load: 'load_read + load_compute' } }],
    ],
    [
      'after a split',
      split,
      one,
      [{ same: { fetch: 'fetch', load: 'load_read + load_compute', pack: 'pack' }, wholes: {} }],
    ],
    // A merged stage goes by the first one's name, and is another one.
    ['before a merge', one, merged, [{ same: { fetch: 'fetch', load: 'load + pack' }, wholes: {} }]],
    ['after a merge', merged, one, [{ same: { fetch: 'fetch' }, wholes: { load: 'load + pack' } }]],
    ['before an executor of its own', one, with_('own_executor:load workers=4'), [{ same: ALL, wholes: {} }]],
    ['after a subprocess', with_('mtp'), one, [{ same: ALL, wholes: {} }]],
    [
      'where a stage does other things',
      one,
      with_('cache_stage:load'),
      [{ same: { fetch: 'fetch', pack: 'pack' }, wholes: {} }],
    ],
    [
      'where a half does other things',
      one,
      { ...split, changes: [...split.changes, 'cache_stage:load_compute'] },
      [{ same: { fetch: 'fetch', pack: 'pack' }, wholes: {} }],
    ],
    ['where a person changed the code', one, with_('rewrite the decoder'), []],
    ['without effect', { ...one, noEffect: 'it ran as before' }, split, []],
  ] as const)('%s', (_, from, to, told) => {
    expect(toldBy(from as Job, to as Job)).toEqual(told);
  });
});
