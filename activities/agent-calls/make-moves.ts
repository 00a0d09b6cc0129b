/**
 * The code of moves that a specification names, from the rewrites to the commit: no agent is asked, and nothing is
 * paid.
 */
import { protectedPaths } from '../../domain/proposals/protected-paths.js';
import { raise } from '../../domain/protocol/thrown-failure.js';
import { rewrite } from '../../playbook/run-python.js';
import type { RewriteAction } from '../../playbook/survey.js';
import { applyEdits, editableSource } from '../../source/edits/apply-edits.js';
import { withSource } from '../../source/experiment-source.js';
import type { RewriteDeps } from './rewrite-source.js';

export interface MovesToMake {
  /** Ref under which the commit is kept. */
  name: string;
  parent: string;
  message: string;
  launchCommand: string;
  actions: readonly RewriteAction[];
}

/** Throws code_change_failed where a move cannot be made soundly. */
export async function makeMoves(deps: Pick<RewriteDeps, 'context' | 'sourceControl'>, moves: MovesToMake) {
  const { context, sourceControl } = deps;
  const { config } = context;
  const files = await withSource({ config, sourceControl }, moves.name, moves.parent, async (source) => {
    const result = await rewrite(source, moves.launchCommand, moves.actions);
    if (result.refused.length > 0) {
      const reasons = result.refused.map(({ action, reason }) => `${action}: ${reason}`);
      raise('code_change_failed', reasons.join('; '));
    }
    const edits = Object.entries(result.files).map(([path, content]) => ({ path, content }));
    const outcome = await applyEdits(await editableSource(sourceControl, moves.parent), edits, {
      python: source.python,
      keepInstrumentation: true,
      protectedPaths: protectedPaths(config, { script: source.script, instruments: false }),
    });
    if (!outcome.ok) raise('code_change_failed', outcome.reason);
    context.log(`${moves.name}: ${result.done.join('; ')}`);
    return outcome.files;
  });
  const commit = await sourceControl.commitEdits(moves.name, moves.parent, files, moves.message);
  return { commit, changed: files.size > 0 };
}
