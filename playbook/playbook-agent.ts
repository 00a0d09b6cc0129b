/**
 * The agent without a model and without a network: it reads the task, not the prompt, and answers by rules and by
 * numeric search, in the same reply formats as any other agent.
 */
import type { AgentAnswer, AgentTask, CodingAgent, PlanTask } from '../agents/agent.js';
import { analysisAnswer } from './analysis-answer.js';
import { planProposals } from './plan-answer.js';
import { reportAnswer } from './report-answer.js';
import { jsonBlock, type PipelineRewriter, rewriteAnswer } from './rewrite-answer.js';
import { rewrite, survey } from './run-python.js';
import { surveyOfBase } from './search/settings.js';
import type { Survey } from './survey.js';

/** `withModel`: joint settings by a model of the pipeline; without it the search goes by rules alone. */
export function createPlaybookAgent(
  { withModel = true }: { withModel?: boolean } = {},
  rewriter: PipelineRewriter = { survey, rewrite },
): CodingAgent {
  return {
    name: 'playbook',
    async answer(task, _prompt, signal): Promise<AgentAnswer> {
      signal.throwIfAborted();
      const text = await textFor(task, rewriter, withModel);
      return { text, costUsd: 0, usage: {}, raw: { agent: 'playbook', phase: task.phase, text } };
    },
  };
}

async function textFor(task: AgentTask, rewriter: PipelineRewriter, withModel: boolean): Promise<string> {
  switch (task.phase) {
    case 'analyze':
      return analysisAnswer(task);
    case 'plan':
      return await planAnswer(task, rewriter, withModel);
    case 'report':
      return reportAnswer(task);
    default:
      return await rewriteAnswer(task, rewriter);
  }
}

async function planAnswer(task: PlanTask, rewriter: PipelineRewriter, withModel: boolean): Promise<string> {
  const surveyed = await knownSurvey(task, rewriter);
  const ofBase = surveyOfBase(surveyed, task.history, task.baseCommit, task.bestNodeId);
  // The engine names what it refused: `<name>: <reason>`, a line each.
  const refusedNames = (task.refusal ?? '').split('\n').map((line) => line.split(':')[0]!.trim());
  const { maxConcurrency } = task.limits;
  const plan = planProposals({ ...task, survey: ofBase, refusedNames, maxConcurrency, withModel });
  const unclear = ofBase.problems.length > 0 ? `\n\nNot understood: ${ofBase.problems.join('; ')}` : '';
  return `${plan.reasoning}${unclear}\n\n${jsonBlock(plan)}`;
}

/** Rounds in a row look at the best's code, which seldom changes; other runs of the worker have their own. */
const SURVEYS_KEPT = 8;
const surveys = new Map<string, Survey>();

async function knownSurvey({ source, baseLaunchCommand }: PlanTask, { survey }: PipelineRewriter): Promise<Survey> {
  const { commit, python, script } = source;
  if (commit === undefined) return await survey(source, baseLaunchCommand, true);
  const key = JSON.stringify([commit, python, script, baseLaunchCommand]);
  const found = surveys.get(key) ?? (await survey(source, baseLaunchCommand, true));
  surveys.delete(key);
  surveys.set(key, found);
  for (const oldest of surveys.keys()) if (surveys.size > SURVEYS_KEPT) surveys.delete(oldest);
  return found;
}
