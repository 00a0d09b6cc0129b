/** The search where a number in the code is not the one that the job uses. */
import { expect, it } from 'vitest';
import type { HistoryEntry } from '../../agents/agent.js';
import { CASES } from '../../bench/search/cases.js';
import { runSimulation, seeded } from '../../bench/search/simulated-pipeline.js';
import { BASE_COMMAND, BASE_COMMIT, surveyFor } from '../../bench/search/simulated-run.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import { type PlanInput, planProposals } from '../../playbook/plan-answer.js';
import type { Survey } from '../../playbook/survey.js';

const { pipeline, start } = CASES[0]!;
const EVIDENCE = runSimulation('000_baseline', pipeline, start, seeded(1));

function entry(nodeId: string, changes: string[], more: Partial<HistoryEntry> = {}): HistoryEntry {
  const { metrics, sources } = EVIDENCE;
  return {
    nodeId,
    kind: nodeId === '000_baseline' ? 'baseline' : 'planned',
    status: 'completed',
    spec: { ...SpecSchema.parse({ name: nodeId, changes }), launch_command: BASE_COMMAND, goto: BASE_COMMIT },
    commit: nodeId === '000_baseline' ? BASE_COMMIT : `c${nodeId}`.padEnd(40, '0'),
    parentId: null,
    result: { metrics, sources, findings: [] },
    failure: null,
    durationS: 60,
    isBest: nodeId === '000_baseline',
    ...more,
  };
}

function planOf(survey: Survey, history: HistoryEntry[]) {
  const input: PlanInput = {
    survey,
    history,
    evidence: { '000_baseline': EVIDENCE },
    baseCommit: BASE_COMMIT,
    baseLaunchCommand: BASE_COMMAND,
    bestNodeId: '000_baseline',
    memory: { dimensions: [], combinations: [] },
    maxConcurrency: 4,
    practices: { known: ['concurrency_tuning'], tried: [], notApplicable: [] },
  };
  return planProposals(input);
}

it('says of a concurrency that the code does not show how many the job ran', () => {
  const survey = surveyFor(pipeline, start);
  const hidden = survey.pipelines[0]!.stages.find(({ knob }) => knob !== null)!;
  const { concurrency, function: name } = hidden;
  Object.assign(hidden, { knob: null, concurrency: null });
  const { reasoning, unreached } = planOf(survey, [entry('000_baseline', [])]);
  const sentence = `\`${name}\` runs ${concurrency} at a time: where the ${concurrency} comes from could not be seen.`;
  expect(reasoning).toContain(sentence);
  expect(unreached).toContain(sentence);
});

it('turns no knob again whose change did not reach the job, and the number that stands in for it instead', () => {
  const survey = surveyFor(pipeline, start);
  const before = planOf(survey, [entry('000_baseline', [])]).experiments.flatMap(({ changes }) => changes);
  const isProposed = ({ id }: { id: string }) => before.some((change) => change.startsWith(`${id}=`));
  const idle = survey.knobs.find((knob) => knob.role === 'stage_concurrency' && isProposed(knob))!;
  const inForce = {
    ...idle,
    id: 'config:conf.yaml:/loader/workers',
    role: 'other' as const,
    stage: null,
    where: { type: 'config' as const, file: 'conf.yaml', pointer: '/loader/workers' },
    confidence: 'name' as const,
  };
  survey.knobs.push(inForce);
  const { metrics, sources } = EVIDENCE;
  const lost = entry('002_more', [`${idle.id}=${idle.value * 2}`], {
    result: { metrics, sources, findings: [], noEffect: 'the change had no effect' },
  });
  const after = planOf(survey, [entry('000_baseline', []), lost]).experiments.flatMap(({ changes }) => changes);
  expect(after.some((change) => change.startsWith(`${idle.id}=`))).toBe(false);
  expect(after.some((change) => change.startsWith(`${inForce.id}=`))).toBe(true);
});
