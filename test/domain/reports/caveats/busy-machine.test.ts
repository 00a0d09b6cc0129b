import { describe, expect, test } from 'vitest';
import { overviewOf } from '../../../../domain/overview/overview.js';
import { busyMachineText } from '../../../../domain/reports/caveats/busy-machine.js';
import { confidenceLines } from '../../../../domain/reports/caveats/confidence.js';
import { runFacts } from '../../../../domain/reports/run-facts.js';
import { newRunRecord } from '../../../../domain/reports/run-record.js';
import type { EngineState } from '../../../../domain/run/engine-state.js';
import { ConfirmedStory } from '../../confirmed-story.js';

/** A run of which every `of`-th measured job had company. */
function shared(of: number): EngineState {
  const run = ConfirmedStory.seeded({}, {});
  run.proposes('002_kept').ends('002_kept', 150).settles({ '002_kept': 130 });
  const state = structuredClone(run.state);
  const measured = Object.values(state.experiments).filter((row) => row.state.status === 'completed');
  for (const [index, { state: ended }] of measured.entries())
    if (ended.status === 'completed' && index % of === 0) ended.contention = 0.4;
  return state;
}

describe('a machine that does other work', () => {
  test('is no word where most jobs had it to themselves', () => {
    expect(busyMachineText(shared(3))).toBeNull();
  });

  test('is told with what could not be told for it, in reports and in status', () => {
    const state = shared(1);
    const text = busyMachineText(state);
    expect(text).toMatch(
      /^Other work .* beside (\d+) of \1 measured jobs: a single run is off by .*%, and gains below/,
    );
    expect(confidenceLines(state, runFacts(state))[0]).toBe(`- **${text}**`);
    const overview = overviewOf({ ...newRunRecord(), state }, { nowMs: 0, isServed: true, stalled: [] });
    expect(overview.diagnostics).toContainEqual(expect.objectContaining({ what: 'the machine is busy', why: text }));
  });
});
