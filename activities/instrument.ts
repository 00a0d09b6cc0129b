/** Adds timing to the pipeline script: the commit from which every experiment starts. */

import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { FailureKind } from '../domain/run/failure.js';
import { NOTHING_SPENT } from '../domain/run/ledger.js';
import { type RewriteDeps, rewriteSource } from './agent-calls/rewrite-source.js';

/** Ref of the commit that experiments start from. */
export const BASE_REF = 'base';
const REFUSAL = 'setup_instrumentation_failed' satisfies FailureKind;

export function makeInstrument(deps: RewriteDeps): Activities['instrument'] {
  const { context, sourceControl, ask } = deps;
  return async (_input) => {
    const known = await sourceControl.commitOf(BASE_REF);
    if (known !== null) return { baseCommit: known, spent: await ask.spentOn('instrument') };
    const anchor =
      (await sourceControl.commitOf('anchor')) ?? raise('setup_source_failed', 'the source was not anchored');
    const untouched = () => sourceControl.commitEdits(BASE_REF, anchor, new Map(), 'ar: base');
    if (context.config.skip_instrument) return { baseCommit: await untouched(), spent: NOTHING_SPENT };
    try {
      const { commit, changed, spent } = await rewriteSource(deps, {
        name: BASE_REF,
        key: 'instrument',
        parent: anchor,
        message: 'ar: instrument the training loop',
        task: { phase: 'instrument', spec: null, failure: null, nodeId: null },
        failure: REFUSAL,
        emptyProblem: null,
      });
      context.log(changed ? `instrumented at ${commit}` : 'the script reports its timing already');
      return { baseCommit: commit, spent };
    } catch (error) {
      // The refusal names --metric as a way out: with a number that the job prints itself, nothing has to be put in.
      if (context.config.metric === null || !isRefusal(error)) throw error;
      context.log(`no timing was put in, and results are compared by --metric alone: ${error.message}`);
      return { baseCommit: await untouched(), spent: await ask.spentOn('instrument') };
    }
  };
}

function isRefusal(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && error.type === REFUSAL;
}
