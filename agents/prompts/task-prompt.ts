/** From a task to the prompt that a model reads: which template, and the text of each of its variables. */

import type { Evidence, StageStatistics } from '../../domain/evidence/evidence.js';
import { judgedText, lagSentence, rankTable } from '../../domain/memory/rank-sentences.js';
import type { AgentTask, AnalyzeTask, PlanTask, ReportTask, RewriteTask } from '../agent.js';
import { entryLine, historyText, toldInFull } from './history-text.js';
import { memoryText } from './memory-text.js';
import { offeredMovesText } from './offered-moves.js';
import { pipelineModelText } from './pipeline-model-text.js';
import { type PromptParts, promptText } from './prompt-parts.js';
import { loadTemplate, renderTemplate } from './render.js';
import { fenced } from './source-text.js';
import { DEFAULT_SETTINGS, type PromptSettings, stableParts } from './stable-parts.js';

export interface Prompt extends PromptParts {
  /** What applies to the stable part and had no room in it, in words for a log. */
  leftOut: string[];
}

export async function promptParts(task: AgentTask, settings: PromptSettings = DEFAULT_SETTINGS): Promise<Prompt> {
  const template = loadTemplate(task.phase);
  const common = { notes: notesText(task.notes), refusal: refusalText(task.refusal) };
  return {
    ...(await stableParts(template.stable, task, settings)),
    rest: renderTemplate(template, { ...common, ...valuesFor(task) }, task.phase).trim(),
  };
}

export async function promptFor(task: AgentTask): Promise<string> {
  return promptText(await promptParts(task));
}

function valuesFor(task: AgentTask): Record<string, string> {
  switch (task.phase) {
    case 'instrument':
    case 'headspace':
      return { script: task.source.script };
    case 'apply':
      return specValues(task);
    case 'repair':
      return repairValues(task);
    case 'analyze':
      return analyzeValues(task);
    case 'plan':
      return planValues(task);
    case 'report':
      return reportValues(task);
  }
}

function specValues(task: RewriteTask): Record<string, string> {
  const spec = task.spec;
  return {
    name: spec?.name ?? '',
    description: spec?.description ?? '',
    changes: spec?.changes.join('; ') ?? '',
    hypothesis: spec?.hypothesis ?? '',
    launch_command: spec?.launch_command || task.baseLaunchCommand,
  };
}

function repairValues(task: RewriteTask): Record<string, string> {
  const { name, description, changes } = specValues(task) as { name: string; description: string; changes: string };
  const failure = task.failure ? `${task.failure.failure.kind}: ${task.failure.failure.message}` : 'unknown';
  return { name, description, changes, failure, logs: fenced(task.failure?.logs ?? '', '') };
}

function analyzeValues(task: AnalyzeTask): Record<string, string> {
  const { spec, evidence } = task;
  return {
    name: spec.name,
    kind: task.kind,
    description: spec.description,
    hypothesis: spec.hypothesis,
    launch_command: spec.launch_command || task.baseLaunchCommand,
    measured: json({ metrics: evidence.metrics, steps: evidence.steps, findings: evidence.findings }),
    stages: stagesText(evidence),
    system: json(evidence.system),
    comparison: json({ baseline: task.baseline, headspace: task.headspace, best: task.best }),
    logs: fenced(task.logs, ''),
  };
}

function planValues(task: PlanTask): Record<string, string> {
  const best = task.history.find((entry) => entry.nodeId === task.bestNodeId);
  const headspace = task.history.find((entry) => entry.kind === 'headspace');
  const { known, tried, notApplicable } = task.practices;
  return {
    iteration: String(task.iteration),
    base_launch_command: task.baseLaunchCommand,
    base_commit: task.baseCommit,
    best: best ? [entryLine(best), ...doubtedLines(task)].join('\n') : 'none',
    headspace: headspace ? entryLine(headspace) : 'not measured',
    practices: `known ${known.join(', ')}; tried ${tried.join(', ') || 'none'}; not applicable ${notApplicable.join(', ') || 'none'}`,
    limits: json(task.limits),
    history: historyText(task.history),
    memory: [memoryText(task.memory), pipelineModelText(task)].filter((text) => text !== '').join('\n\n'),
    moves: offeredMovesText(task),
    stages: stagesText((task.bestNodeId !== null && task.evidence[task.bestNodeId]) || { stages: [] }),
  };
}

function doubtedLines({ doubted = [] }: PlanTask): string[] {
  return doubted.map(
    ({ nodeId, onto, text }) =>
      `**Doubted in it**: ${nodeId} is ${text}. Propose the best without it, once: what came later on top of ${onto}, or the best with that change undone; say that reason in its hypothesis.`,
  );
}

function reportValues(task: ReportTask): Record<string, string> {
  const best = task.history.find((entry) => entry.nodeId === task.bestNodeId);
  return {
    base_launch_command: task.baseLaunchCommand,
    history: historyText(task.history),
    analyses: analysesText(task),
    best: best ? entryLine(best) : 'none',
  };
}

/** Of the experiments that the history tells in full: of a long run they alone would fill a model's context. */
function analysesText({ analyses, history }: ReportTask): string {
  const told = new Set([...toldInFull(history)].map(({ nodeId }) => nodeId));
  return Object.entries(analyses)
    .filter(([node]) => told.has(node))
    .map(([node, text]) => `### ${node}\n\n${text}`)
    .join('\n\n');
}

function stagesText({ stages, ranks }: Pick<Evidence, 'stages' | 'ranks'>): string {
  const table = stages.length === 0 ? '(no stage statistics)' : stageTable(stages);
  if (!ranks) return table;
  const lag = lagSentence(ranks) ?? 'the ranks are alike';
  return `Stages ${judgedText(ranks)}:\n\n${table}\n\nRanks: ${lag}.\n\n${rankTable(ranks)}`;
}

function stageTable(stages: readonly StageStatistics[]): string {
  const cell = (value: number | null) => (value === null ? '?' : String(Number(value.toPrecision(4))));
  const rows = stages.map(
    (s) =>
      `| ${s.name} | ${cell(s.aveTimeS)} | ${cell(s.numTasks)} | ${cell(s.qps)} | ${cell(s.putS)} | ${cell(s.getS)} | ${cell(s.occupationRate)} |`,
  );
  return [
    '| stage | ave_time s | tasks | qps | put s | get s | occupation_rate |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function json(value: unknown): string {
  return fenced(JSON.stringify(value, null, 1), 'json-data');
}

function notesText(notes: readonly string[]): string {
  return notes.length === 0 ? '' : `\n## Notes from the owner\n\n${notes.map((note) => `- ${note}`).join('\n')}\n`;
}

function refusalText(refusal: string | null): string {
  return refusal === null ? '' : `\n## Your previous answer was refused\n\n${refusal}\n`;
}
