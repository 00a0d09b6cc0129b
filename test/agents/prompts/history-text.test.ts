/** A long run is summed up: what planners need is there, and the text has a bound. */
import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../agents/agent.js';
import { historyText } from '../../../agents/prompts/history-text.js';
import { promptParts } from '../../../agents/prompts/task-prompt.js';
import { tokensOf } from '../../../agents/prompts/token-estimate.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { searchMemory } from '../../../domain/memory/search-memory.js';
import { failure } from '../../../domain/run/failure.js';
import { PLAN } from '../../support/agents/agent-tasks.js';

const METRIC = 'throughput_samples_per_s';

/** As a run leaves them: every seventh failed, every value of one setting another, the best in the middle. */
function experiment(index: number, count: number): HistoryEntry {
  const isBest = index === Math.floor(count / 2);
  const isFailed = index % 7 === 6 && !isBest;
  const value = isBest ? 900 : 100 + ((index * 37) % 500);
  const kind = index === 0 ? 'baseline' : index === 1 ? 'headspace' : index === 2 ? 'mtp' : 'planned';
  return {
    nodeId: `${String(index).padStart(3, '0')}_try`,
    kind,
    status: isFailed ? 'failed' : 'completed',
    spec: SpecSchema.parse({
      name: `try_${index}`,
      changes: index === 0 ? [] : [`workers=${index}`, `a change of the code, the ${index}th`],
      change_summary: 'The decoding stage is given another number of threads, and the reads are put together.',
      hypothesis: 'Decoding holds a lock.',
      launch_command: `python train.py --workers ${index}`,
    }),
    commit: `${index}`.repeat(40).slice(0, 40),
    parentId: index === 0 ? null : '000_try',
    result: isFailed
      ? null
      : {
          metrics: { ...UNKNOWN_METRICS, [METRIC]: value, cpu_utilization_pct: 40 },
          sources: {},
          findings: ['It waits for decoding.'],
        },
    objective: isFailed ? null : { metric: METRIC, value },
    failure: isFailed ? failure('job_startup_failed', `cannot pickle ${index}`, 0) : null,
    durationS: 60,
    isBest,
  };
}

function historyOf(count: number): HistoryEntry[] {
  return Array.from({ length: count }, (_, index) => experiment(index, count));
}

function memoryOf(history: readonly HistoryEntry[]) {
  return searchMemory({
    experiments: history.map(({ nodeId, spec, commit, objective }) => ({
      nodeId,
      startCommit: null,
      changeSet: spec.changes.slice(0, 1),
      commit,
      parentId: null,
      objective: objective ?? null,
      runs: 1,
      isPruned: false,
      gain: null,
    })),
    baseCommit: history[0]!.commit,
    baseValues: new Map(),
    least: 0.02,
  });
}

describe('the history of a plan prompt', () => {
  it('tells a short one whole, in its order', () => {
    const history = historyOf(9);
    const text = historyText(history);
    expect(text.match(/^- \d{3}_try/gm)).toEqual(history.map(({ nodeId }) => `- ${nodeId}`));
    expect(text).not.toContain('in short');
  });

  it('sums up a long one: seeds, the way to the best and the newest in full, failures by kind, the rest in short', () => {
    const history = historyOf(1000);
    history[500]!.parentId = '321_try';
    history[321]!.parentId = '000_try';
    const text = historyText(history);
    const [full = '', short = ''] = text.split('The others in short');
    for (const id of ['000_try', '001_try', '002_try', '321_try', '500_try', '999_try', '992_try'])
      expect(full, id).toContain(`- ${id} (`);
    expect(full).toMatch(/^1000 experiments: \d+ completed, \d+ failed\./);
    expect(full).toMatch(/142 × job_startup_failed; the newest: cannot pickle 993/);
    expect(short).toMatch(/^, but for \d+ that are in the counts alone:/);
    expect(short).toMatch(/^- \d{3}_try: workers=\d+; a change of the code/m);
    expect(tokensOf(text)).toBeLessThan(9500);
  });

  it('makes a prompt of 1,000 experiments at most half as long again as one of 50', async () => {
    const lengths = await Promise.all(
      [50, 1000].map(async (count) => {
        const history = historyOf(count);
        const best = history.find(({ isBest }) => isBest)!.nodeId;
        const { stable, rest } = await promptParts({ ...PLAN, history, bestNodeId: best, memory: memoryOf(history) });
        return { rest: tokensOf(rest), all: tokensOf([...stable, rest].join('\n\n')) };
      }),
    );
    const [few, many] = lengths as [(typeof lengths)[0], (typeof lengths)[0]];
    console.log(
      `plan prompt: ${few.all} tokens at 50 experiments (${few.rest} of them not stable), ${many.all} (${many.rest}) at 1,000`,
    );
    expect(many.rest).toBeLessThanOrEqual(1.5 * few.rest);
  });
});
