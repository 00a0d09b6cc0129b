/** Adds timing to the pipeline script: the commit from which every experiment starts. */

import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { NOTHING_SPENT } from '../domain/run/ledger.js';
import { ownRun } from '../workdir/run-context.js';
import { type RewriteDeps, rewriteSource } from './rewrite-source.js';

/** Ref of the commit that experiments start from. */
export const BASE_REF = 'base';

export function makeInstrument(deps: RewriteDeps): Activities['instrument'] {
  const { context, sourceControl, ask } = deps;
  return async (input) => {
    ownRun(context, input);
    const known = await sourceControl.commitOf(BASE_REF);
    if (known !== null) return { baseCommit: known, spent: await ask.spentOn('instrument') };
    const anchor =
      (await sourceControl.commitOf('anchor')) ?? raise('setup_source_failed', 'the source was not anchored');
    if (context.config.skip_instrument) {
      const commit = await sourceControl.commitEdits(BASE_REF, anchor, new Map(), 'ar: base');
      return { baseCommit: commit, spent: NOTHING_SPENT };
    }
    const { commit, changed, spent } = await rewriteSource(deps, {
      name: BASE_REF,
      key: 'instrument',
      parent: anchor,
      message: 'ar: instrument the training loop',
      task: { phase: 'instrument', spec: null, failure: null, nodeId: null },
      failure: 'setup_instrumentation_failed',
      emptyProblem: null,
    });
    context.log(changed ? `instrumented at ${commit}` : 'the script reports its timing already');
    return { baseCommit: commit, spent };
  };
}
