/**
 * The playbook's answers to rewriting tasks: which actions a task asks for, and the edits that they lead to, or why
 * not.
 */

import type { RewriteTask } from '../agents/agent.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { FailureKind } from '../domain/run/failure.js';
import type { SourceView } from '../source/experiment-source.js';
import { readChange } from './changes.js';
import type { RewriteAction, RewriteResult, Survey } from './survey.js';

/** Reads and rewrites pipelines with the target's own Python. */
export interface PipelineRewriter {
  survey(source: SourceView, launchCommand: string, moves?: boolean): Promise<Survey>;
  rewrite(source: SourceView, launchCommand: string, actions: readonly RewriteAction[]): Promise<RewriteResult>;
}

export async function rewriteAnswer(task: RewriteTask, rewriter: PipelineRewriter): Promise<string> {
  const cannot = failureKindOf(task);
  const survey = await rewriter.survey(task.source, task.baseLaunchCommand);
  if (task.phase === 'instrument' && survey.instrumented) {
    return reply({}, ['the script reports its timing already']);
  }
  if (task.refusal !== null) {
    raise(cannot, `the rewritten code was refused, and the playbook knows no other way: ${task.refusal}`);
  }
  const actions = actionsOf(task, survey);
  if (task.phase === 'repair') refuseHopelessRepair(task, survey, actions);
  if (actions.length === 0) return reply({}, ['flags of the launch command make the whole change']);
  const result = await rewritten(task, rewriter, actions);
  if (result.refused.length > 0) {
    raise(cannot, result.refused.map(({ action, reason }) => `${action}: ${reason}`).join('; '));
  }
  return reply(result.files, result.done);
}

/** A pipeline that does not pickle gets a second try, with callable classes for what does not. */
async function rewritten(
  { source, baseLaunchCommand }: RewriteTask,
  rewriter: PipelineRewriter,
  actions: readonly RewriteAction[],
): Promise<RewriteResult> {
  const result = await rewriter.rewrite(source, baseLaunchCommand, actions);
  if (result.refused.length === 0 || !actions.some(({ type }) => type === 'mtp')) return result;
  const again = await rewriter.rewrite(source, baseLaunchCommand, [{ type: 'callable_classes' }, ...actions]);
  return again.refused.length === 0 ? again : result;
}

function failureKindOf({ phase }: RewriteTask): FailureKind {
  return phase === 'instrument' ? 'setup_instrumentation_failed' : 'code_change_failed';
}

function actionsOf({ phase, spec }: RewriteTask, survey: Survey): RewriteAction[] {
  if (phase === 'instrument') return [{ type: 'instrument' }];
  if (phase === 'headspace') return [{ type: 'headspace' }];
  return (spec?.changes ?? []).flatMap((text) => {
    const change = readChange(text, survey);
    if (change.type === 'unknown') return raise('code_change_failed', change.reason);
    return change.type === 'action' ? [change.action] : [];
  });
}

/** The same rewrite of the same code would fail as before: a repair needs something that is not done yet. */
function refuseHopelessRepair(task: RewriteTask, survey: Survey, actions: readonly RewriteAction[]): void {
  const isMtp = actions.some(({ type }) => type === 'mtp');
  const possible = survey.pipelines.some(({ inSubprocess, mtp }) => !inSubprocess && mtp.possible);
  if (isMtp && possible) return;
  const died = task.failure?.failure.message.split('\n')[0] ?? 'the job did not start';
  const reasons = survey.pipelines.map(({ mtp }) => mtp.reason).filter((reason) => reason !== '');
  const why = isMtp && reasons.length > 0 ? ` (${[...new Set(reasons)].join('; ')})` : '';
  raise('code_change_failed', `the playbook knows no other way to make this change${why}. The job died of: ${died}`);
}

function reply(files: Readonly<Record<string, string>>, done: readonly string[]): string {
  const edits = Object.entries(files).map(([path, content]) => ({ path, content }));
  const summary = done.join('; ');
  return `${summary}\n\n${jsonBlock({ edits, summary })}`;
}

/** A value as the fenced block that the reply parsers look for. */
export function jsonBlock(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`;
}
