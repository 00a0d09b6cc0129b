/** The rank that lags is named wherever a run is explained: by the playbook, in prompts, on an experiment's page. */
import { describe, expect, it } from 'vitest';
import { promptFor } from '../../agents/prompts/task-prompt.js';
import { stageReport } from '../../domain/board/stage-bars.js';
import { resultFrom } from '../../domain/verdict/analysis-result.js';
import { analysisAnswer } from '../../playbook/analysis-answer.js';
import { Story } from '../domain/run-story.js';
import { ANALYZE, PLAN } from '../support/agents/agent-tasks.js';
import { evidenceOf, FOUR, processOf, steps } from '../support/rank-evidence.js';

const LAG =
  /ank 2 is 31% slower than the median of the other ranks \(65\.5 ms a step, and 50\.0 ms\): its stage `decode` takes 40\.0 ms a task, and 20\.0 ms there/;
const lagging = evidenceOf(
  steps([50, 50, 65.5, 50]),
  FOUR.map((rank) => processOf({ rank }, { decodeMs: rank === 2 ? 40 : 20 })),
);
const alike = evidenceOf(
  steps([50, 50, 50, 50]),
  FOUR.map((rank) => processOf({ rank })),
);

describe('the rank that lags', () => {
  it('is named by the playbook, once, with a table of the ranks', () => {
    const answer = analysisAnswer({ ...ANALYZE, evidence: lagging });
    expect(answer).toMatch(LAG);
    expect(answer.match(/% slower than the median/g)).toHaveLength(1);
    expect(answer).toContain('## Stages (of rank 2, the slowest of 4 ranks)');
    expect(answer).toMatch(/## Ranks\n\nRank 2 is .*\n\n\| rank \| steps \|/);
    expect(answer).toContain('| rank 2 | 30 | 65.5 |');
    expect(analysisAnswer({ ...ANALYZE, evidence: alike })).toContain('## Ranks\n\nThe ranks are alike.');
    expect(analysisAnswer(ANALYZE)).not.toContain('Ranks');
  });

  it('is named in what a model is asked to analyse, and to plan from', async () => {
    const plan = { ...PLAN, bestNodeId: '000_baseline' };
    for (const prompt of [
      await promptFor({ ...ANALYZE, evidence: lagging }),
      await promptFor({ ...plan, evidence: { '000_baseline': lagging } }),
    ]) {
      expect(prompt).toMatch(LAG);
      expect(prompt).toContain('Stages of rank 2, the slowest of 4 ranks:');
      expect(prompt).toContain('| rank 3 | 30 | 50 |');
    }
    expect(await promptFor(ANALYZE)).not.toContain('Ranks:');
  });

  it('is named on the page of an experiment, and in its findings', () => {
    expect(stageReport(lagging, null).limits[0]).toMatch(LAG);
    expect(stageReport(alike, null).limits.join()).not.toContain('slower');
    const { findings, notices } = resultFrom(new Story().setUp().state, '000_baseline', lagging, null);
    expect(findings.join()).toMatch(LAG);
    expect(notices?.join()).toMatch(LAG);
  });
});
