import { describe, expect, it } from 'vitest';
import { pipelineModelText } from '../../../agents/prompts/pipeline-model-text.js';
import { promptFor } from '../../../agents/prompts/task-prompt.js';
import { TWIN } from '../../../bench/headline/twin.js';
import { runSimulation, seeded } from '../../../bench/search/simulated-pipeline.js';
import { type OperatingPoint, operatingPoint } from '../../../domain/model/operating-point.js';
import { PLAN } from '../../support/agents/agent-tasks.js';

const { pipeline, start } = TWIN;

function pointOf(nodeId: string, concurrency: Record<string, number>): OperatingPoint {
  const setting = { ...start, concurrency: { ...start.concurrency, ...concurrency } };
  const point = operatingPoint(runSimulation(nodeId, { ...pipeline, noise: 0 }, setting, seeded(1)), { threads: 2 })!;
  return { ...point, stages: point.stages.map((stage) => ({ ...stage, hasOwnExecutor: true })) };
}

const points = {
  '000_baseline': pointOf('000_baseline', {}),
  '002_a': pointOf('002_a', { demux: 4 }),
  '003_b': pointOf('003_b', { demux: 3, decode: 9 }),
};
const task = { ...PLAN, points, bestNodeId: '003_b' };

describe('what the model of the pipeline says to planners', () => {
  const text = pipelineModelText(task);

  it('is how long tasks take, where that was measured', () => {
    expect(text).toContain("over 3 of the run's jobs");
    const [, atEight] = /`demux` \(executor of its own\): .* 8: (\d+) ms/.exec(text)!;
    expect(Number(atEight)).toBeGreaterThan(120);
    expect(Number(atEight)).toBeLessThan(180);
    expect(text).toMatch(/`demux`.*measured with \d\.\d to 8\.\d/);
  });

  it('is which stage bounds the best, and which joint settings promise most', () => {
    expect(text).toContain('`decode` bounds.');
    const best = /Most promising: (.*), predicted ([\d.]+) times as fast \(19 of 20 results from/.exec(text)!;
    expect(best[1]).toMatch(/`demux` [234], `decode` [5678] /);
    expect(Number(best[2])).toBeGreaterThan(1);
  });

  it('stands in the prompt of a plan, and nothing where no stage was timed', async () => {
    expect(await promptFor(task)).toContain(text);
    expect(pipelineModelText(PLAN)).toBe('');
    expect(await promptFor(PLAN)).not.toContain('A model of the pipeline');
  });
});
