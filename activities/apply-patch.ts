/** The code of one experiment: its commit, made once from its starting commit and its specification. */
import { z } from 'zod';
import type { RewriteTask } from '../agents/agent.js';
import { mayBeCopy } from '../domain/belief/copied-work.js';
import { differingFlags } from '../domain/command/launch-command.js';
import { FileEditSchema } from '../domain/formats/agent-replies.js';
import type { Spec } from '../domain/formats/spec.js';
import { moveAction } from '../domain/proposals/moves.js';
import type { Activities } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { commitOf, type ExperimentIdentity, type ExperimentRow } from '../domain/run/experiment-record.js';
import { failureDetailsOf, type Spent } from '../domain/run/ledger.js';
import { jobLogTail } from '../jobs/job-log-tail.js';
import type { Platform } from '../jobs/platforms/platform.js';
import { freeChanges } from '../playbook/named-moves.js';
import type { RewriteAction } from '../playbook/survey.js';
import { applyEdits, editableSource } from '../source/edits/apply-edits.js';
import { KnownWork } from '../source/known-work.js';
import { targetPython } from '../source/target-python.js';
import type { RunLog } from '../workdir/event-log.js';
import { specOf } from '../workdir/spec-store.js';
import { makeMoves } from './agent-calls/make-moves.js';
import { type RewriteDeps, rewriteSource } from './agent-calls/rewrite-source.js';
import { BASE_REF } from './instrument.js';

interface ApplyDeps extends RewriteDeps {
  runLog: RunLog;
  platform: Platform;
}

const EditsSchema = z.array(FileEditSchema).min(1);

export function makeApplyPatch(deps: ApplyDeps): Activities['applyPatch'] {
  const { context, sourceControl, runLog } = deps;
  const { workdir, config } = context;
  const works = new KnownWork(deps);
  return async (input) => {
    const state = await runLog.state();
    // The row that the log holds, not the message: what a foreign sender claims of an experiment does not count.
    const { nodeId } = input.experiment;
    const experiment = Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
    if (!experiment) raise('policy_refused', `${nodeId} is no experiment of this run`);
    const spec = await specOf(workdir, config, state, experiment);
    const base = await sourceControl.commitOf(BASE_REF);
    const start = experiment.startCommit ?? base ?? raise('source_restore_failed', 'the run has no base commit');
    if (start !== base && !(await isOfThisRun(state, start)))
      raise('policy_refused', `${nodeId} would start from ${start}, which this run did not make`);
    const known = await sourceControl.commitOf(nodeId);
    const made =
      known === null ? await change(state, experiment, spec, start) : { commit: known, changed: known !== start };
    const spent = await deps.ask.spentOn(keyOf(nodeId));
    await refuseCopy(state, experiment, { commit: made.commit, command: spec.launch_command }, spent);
    return { ...made, spent };
  };

  /** What has launched is this experiment's own, whatever others do. */
  async function refuseCopy(
    state: EngineState,
    row: ExperimentRow,
    made: { commit: string; command: string },
    spent: Spent,
  ): Promise<void> {
    const { status } = row.state;
    if (!mayBeCopy(row) || (status !== 'queued' && status !== 'preparing')) return;
    const content = await sourceControl.contentHash(made.commit);
    const original = await works.claim(state, row, { content, command: made.command });
    if (original === null) return;
    raise('duplicate_work', `its code and its launch command are those of ${original}: it needs no job of its own`, {
      // A rule of its own kind: in runs from before it such a round counts as one without a gain.
      details: { copy_of: original, is_no_try: true, ...failureDetailsOf(spent) },
    });
  }

  /** A log may hold what a message claimed; the run's own refs say what was made here. */
  async function isOfThisRun(state: EngineState, commit: string): Promise<boolean> {
    if ((await sourceControl.commitOf('anchor')) === commit) return true;
    for (const row of Object.values(state.experiments)) {
      if (commitOf(row) === commit && (await sourceControl.commitOf(row.nodeId)) === commit) return true;
    }
    return false;
  }

  async function change(state: EngineState, experiment: ExperimentIdentity, spec: Spec, start: string) {
    const { nodeId, kind } = experiment;
    const message = `ar: ${nodeId}: ${spec.change_summary || spec.name}`;
    const edits = EditsSchema.safeParse(spec.edits);
    if (kind === 'user' && edits.success) {
      const python = await targetPython(config);
      const outcome = await applyEdits(await editableSource(sourceControl, start), edits.data, { python });
      if (!outcome.ok) raise('code_change_failed', outcome.reason);
      return {
        commit: await sourceControl.commitEdits(nodeId, start, outcome.files, message),
        changed: outcome.files.size > 0,
      };
    }
    if (kind === 'baseline' || kind === 'repeat' || spec.changes.length === 0) {
      return { commit: await sourceControl.commitEdits(nodeId, start, new Map(), message), changed: false };
    }
    const moved =
      (await byMoves(experiment, spec, start, message)) ?? (await seedByMoves(experiment, spec, start, message));
    if (moved?.isAll) return moved;
    const left = moved === null ? spec : { ...spec, changes: freeChanges(spec) };
    const task = { phase: phaseOf(experiment), spec: left, failure: await failureOf(state, experiment), nodeId };
    return await rewriteSource(deps, {
      name: nodeId,
      key: keyOf(nodeId),
      parent: moved?.commit ?? start,
      message,
      task,
      failure: 'code_change_failed',
      emptyProblem: mayChangeNothing(experiment, spec)
        ? null
        : 'the reply changes nothing: it would repeat the run that it starts from',
    });
  }

  /** What code makes of the moves that a plan names; null where it names none. */
  async function byMoves({ nodeId, kind }: ExperimentIdentity, spec: Spec, start: string, message: string) {
    const { moves = [] } = spec;
    if (moves.length === 0 || kind === 'repair') return null;
    const actions = moves.flatMap((call): RewriteAction[] => {
      if (call.move !== 'set') return [moveAction(call)];
      return spec.changes.includes(`${call.knob}=${call.value}`)
        ? [{ type: 'set', knob: call.knob!, value: call.value! }]
        : [];
    });
    const isAll = freeChanges(spec).length === 0;
    const name = isAll ? nodeId : `${nodeId}_moves`;
    const made = await makeMoves(deps, {
      name,
      parent: start,
      message,
      launchCommand: spec.launch_command || config.base_launch_command,
      actions,
    });
    return { ...made, isAll };
  }

  /**
   * A seed, where the code allows it; MTP that does not pickle, or did not, by callable classes. Null where an agent
   * has to find another way.
   */
  async function seedByMoves({ nodeId, kind }: ExperimentIdentity, spec: Spec, start: string, message: string) {
    const isRepair = kind === 'repair' && spec.changes.includes('mtp');
    if (config.agent === 'playbook' || (kind !== 'mtp' && kind !== 'headspace' && !isRepair)) return null;
    const tries: RewriteAction[][] = isRepair
      ? [[{ type: 'callable_classes' }]]
      : kind === 'headspace'
        ? [[{ type: 'headspace', fed: true }]]
        : [[{ type: 'mtp' }], [{ type: 'callable_classes' }, { type: 'mtp' }]];
    for (const actions of tries) {
      const moves = { name: nodeId, parent: start, message, launchCommand: config.base_launch_command, actions };
      const made = await makeMoves(deps, moves).catch((error: unknown) => {
        context.log(`${nodeId}: no move makes it: ${(error as Error).message.split('\n')[0]}`);
        return null;
      });
      if (made?.changed) return { ...made, isAll: true };
    }
    return null;
  }

  /** Flags alone may make the change; a seed is measured in any case. */
  function mayChangeNothing(experiment: ExperimentIdentity, spec: Spec): boolean {
    if (experiment.origin.from === 'seed') return true;
    return differingFlags(spec.launch_command, config.base_launch_command).length > 0;
  }

  async function failureOf(state: EngineState, { origin }: ExperimentIdentity): Promise<RewriteTask['failure']> {
    if (origin.from !== 'repair') return null;
    const failed = state.experiments[origin.of]?.state;
    if (!failed || !('failure' in failed)) return null;
    return { failure: failed.failure, logs: await jobLogTail(deps.platform, failed.jobId) };
  }
}

function keyOf(nodeId: string): string {
  return `apply_${nodeId}`;
}

function phaseOf({ kind }: ExperimentIdentity): RewriteTask['phase'] {
  if (kind === 'headspace') return 'headspace';
  return kind === 'repair' ? 'repair' : 'apply';
}
