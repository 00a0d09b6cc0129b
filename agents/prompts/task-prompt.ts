/** From a task to the prompt that a model reads: which template, and the text of each of its variables. */

import { objectiveOf } from '../../domain/belief/compare.js';
import type { Judgement } from '../../domain/belief/judgement.js';
import type { Evidence, StageStatistics } from '../../domain/evidence/evidence.js';
import { judgedText, lagSentence, rankTable } from '../../domain/memory/rank-sentences.js';
import { intervalText, VERDICT_TEXTS } from '../../domain/reports/judgement-text.js';
import { suggestedAction } from '../../domain/run/failure.js';
import type { AgentTask, AnalyzeTask, HistoryEntry, PlanTask, ReportTask, RewriteTask } from '../agent.js';
import { knowledgeText } from './knowledge-folder.js';
import { memoryText } from './memory-text.js';
import { type PromptParts, promptText } from './prompt-parts.js';
import { loadTemplate, renderTemplate } from './render.js';
import { fenced, otherFilesText, scriptText } from './source-text.js';

/** `knowledgeDir`: the owner's own texts about the project; '' when there are none. */
export async function promptParts(task: AgentTask, knowledgeDir = ''): Promise<PromptParts> {
  const template = loadTemplate(task.phase);
  const common = { notes: notesText(task.notes), refusal: refusalText(task.refusal) };
  return {
    stable: await Promise.all(template.stable.map((name) => stablePart(name, task, knowledgeDir))),
    rest: renderTemplate(template, { ...common, ...valuesFor(task) }, task.phase).trim(),
  };
}

export async function promptFor(task: AgentTask): Promise<string> {
  return promptText(await promptParts(task));
}

async function stablePart(name: string, task: AgentTask, knowledgeDir: string): Promise<string> {
  return renderTemplate(loadTemplate(name), await stableValues(name, task, knowledgeDir), name).trim();
}

async function stableValues(name: string, task: AgentTask, knowledgeDir: string): Promise<Record<string, string>> {
  return name === 'code' ? await codeValues(task) : { project: await knowledgeText(knowledgeDir) };
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

/** An analysis judges a run: its script is enough. */
async function codeValues(task: AgentTask): Promise<Record<string, string>> {
  return {
    script: task.source.script,
    source: await scriptText(task.source),
    other_files: task.phase === 'analyze' ? '' : await otherFilesText(task.source),
  };
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
    best: best ? entryLine(best) : 'none',
    headspace: headspace ? entryLine(headspace) : 'not measured',
    practices: `known ${known.join(', ')}; tried ${tried.join(', ') || 'none'}; not applicable ${notApplicable.join(', ') || 'none'}`,
    limits: json(task.limits),
    history: task.history.map(entryText).join('\n\n'),
    memory: memoryText(task.memory),
    stages: stagesText((task.bestNodeId !== null && task.evidence[task.bestNodeId]) || { stages: [] }),
  };
}

function reportValues(task: ReportTask): Record<string, string> {
  const best = task.history.find((entry) => entry.nodeId === task.bestNodeId);
  return {
    base_launch_command: task.baseLaunchCommand,
    history: task.history.map(entryText).join('\n\n'),
    analyses: Object.entries(task.analyses)
      .map(([node, text]) => `### ${node}\n\n${text}`)
      .join('\n\n'),
    best: best ? entryLine(best) : 'none',
  };
}

function entryLine(entry: HistoryEntry): string {
  const objective = entry.objective ?? (entry.result ? objectiveOf(entry.result.metrics, entry.durationS) : null);
  const outcome = objective
    ? `${objective.metric} ${objective.value}${objective.direction === undefined ? '' : ` (${objective.direction} is better)`}`
    : (entry.failure?.kind ?? entry.status);
  return `${entry.nodeId} (${entry.kind}, ${entry.status}${entry.isBest ? ', best' : ''}): ${outcome}, commit ${entry.commit ?? 'none'}`;
}

function entryText(entry: HistoryEntry): string {
  const { spec, result, failure, judged } = entry;
  const lines = [
    `- ${entryLine(entry)}`,
    `  changes: ${spec.changes.join('; ') || 'none'}; starts from ${spec.goto ?? 'the base commit'}; launch: \`${spec.launch_command || 'base command'}\``,
    `  summary: ${spec.change_summary || spec.description}`,
  ];
  if (judged) lines.push(`  verdict: ${verdictText(judged)}`);
  if (result) lines.push(`  metrics: ${JSON.stringify(withoutNull(result.metrics))}`);
  for (const finding of result?.findings.slice(0, 4) ?? []) lines.push(`  finding: ${finding}`);
  if (failure?.kind === 'pruned') lines.push(`  measured, and slow: ${failure.message}`);
  else if (failure?.kind === 'duplicate_work') lines.push(`  not run: ${failure.message}`);
  else if (failure) lines.push(`  failed: ${failure.message.split('\n')[0]} (${suggestedAction(failure.kind)})`);
  return lines.join('\n');
}

function verdictText({ verdict, against, gain, reason }: Judgement): string {
  const compared = gain && against !== null ? `; against ${against} ${intervalText(gain)}` : '';
  return `${VERDICT_TEXTS[verdict]} (${reason}${compared})`;
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

function withoutNull(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
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
