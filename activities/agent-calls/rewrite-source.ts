/**
 * A code change by the agent, from task to commit: asked, checked against the edit rules, committed once under its
 * name.
 */

import type { RewriteTask } from '../../agents/agent.js';
import { type Parsed, parseRewrite } from '../../agents/parse-reply.js';
import { protectedPaths } from '../../domain/proposals/protected-paths.js';
import type { FailureKind } from '../../domain/run/failure.js';
import type { Spent } from '../../domain/run/ledger.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { applyEdits, editableSource } from '../../source/edits/apply-edits.js';
import { withSource } from '../../source/experiment-source.js';
import type { RunContext } from '../../workdir/run-context.js';
import type { Ask } from './ask.js';

export interface RewriteDeps {
  context: RunContext;
  sourceControl: SourceControl;
  ask: Ask;
}

export interface Rewrite {
  /** Ref under which the commit is kept, and the agent call's key. */
  name: string;
  key: string;
  parent: string;
  message: string;
  task: Pick<RewriteTask, 'phase' | 'spec' | 'failure' | 'nodeId'>;
  failure: FailureKind;
  /** Why a reply that changes nothing cannot be used; null when that is allowed. */
  emptyProblem: string | null;
}

export async function rewriteSource(
  deps: RewriteDeps,
  rewrite: Rewrite,
): Promise<{ commit: string; changed: boolean; spent: Spent }> {
  const { context, sourceControl, ask } = deps;
  const { config } = context;
  const { name, key, parent, task } = rewrite;
  const { value: files, spent } = await withSource({ config, sourceControl }, key, parent, async (source) => {
    const editable = await editableSource(sourceControl, parent);
    const read = async (text: string): Promise<Parsed<Map<string, string>>> => {
      const reply = parseRewrite(text, source.script);
      if (!reply.ok) return reply;
      const instruments = task.phase === 'instrument';
      const outcome = await applyEdits(editable, reply.value.edits, {
        python: source.python,
        keepInstrumentation: !instruments,
        protectedPaths: protectedPaths(config, { script: source.script, instruments }),
      });
      if (!outcome.ok) return outcome;
      if (outcome.files.size === 0 && rewrite.emptyProblem !== null) return { ok: false, reason: rewrite.emptyProblem };
      return { ok: true, value: outcome.files };
    };
    const notes = config.notes === '' ? [] : [config.notes];
    const common = { key, source, baseLaunchCommand: config.base_launch_command, refusal: null, notes };
    return await ask({ task: { ...task, ...common }, read, failure: rewrite.failure });
  });
  const commit = await sourceControl.commitEdits(name, parent, files, rewrite.message);
  return { commit, changed: files.size > 0, spent };
}
