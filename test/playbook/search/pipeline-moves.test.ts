/** Moves that statistics suggest: what they say of a stage is what was measured of it. */
import { expect, it } from 'vitest';
import { runSimulation, type SimulatedPipeline, seeded } from '../../../bench/search/simulated-pipeline.js';
import { BASE_COMMIT, surveyFor } from '../../../bench/search/simulated-run.js';
import { diagnose } from '../../../domain/memory/stage-rules.js';
import { axesOf } from '../../../playbook/search/axes.js';
import { pipelineMoves } from '../../../playbook/search/pipeline-moves.js';
import { readTrials } from '../../../playbook/search/trials.js';

const stage = (name: string, waitMs: number) => ({ name, waitMs, cpuMs: 0, gilMs: 0, crowding: 0, goodUpTo: 64 });
const PIPELINE: SimulatedPipeline = {
  ...{ name: 'two stages', cores: 8, batchMs: 0, sampleMs: 1, disturbance: 0, jitter: 0, noise: 0 },
  stages: [stage('fetch', 4), stage('decode', 12)],
};
const START = { concurrency: { fetch: 8, decode: 2 }, threads: 16, batch: 32, buffer: 2 };

/** Why more tasks at a time are proposed, where the code has stages of these names. */
function reasons(names: string[]): string[] {
  const { stages, steps, system } = runSimulation('000_baseline', PIPELINE, START, seeded(1));
  const survey = surveyFor({ ...PIPELINE, stages: names.map((name) => stage(name, 4)) }, START);
  const moves = pipelineMoves({
    survey,
    axes: axesOf(survey, readTrials(survey, [], BASE_COMMIT, null)),
    setting: { values: {}, structure: [] },
    diagnosis: diagnose({ stages, steps, system, numThreads: 16 }),
    ...{ headroom: 2, cpuUse: null, cpuCores: null, numThreads: 16, hasGpu: false, kept: [] },
  });
  return moves.map(({ why }) => why).filter((why) => why.includes('more room'));
}

it('say how busy a stage is, and of one that statistics do not name that nothing shows it', () => {
  expect(reasons(['fetch', 'decode'])).toEqual([
    expect.stringMatching(/^`fetch` is busy [1-9]\d?% of the time: a little more room may smooth it\.$/),
  ]);
  expect(reasons(['fetch', 'load'])).toContain('Nothing shows how busy `load` is: a little more room may smooth it.');
});
