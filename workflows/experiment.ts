/**
 * One experiment: prepare ahead of time, wait for a job slot, launch, watch, give the slot back, measure, analyse. It
 * reports to the engine by workflow id (never run id); its end is its result, and a report where the engine that would
 * hear the result has gone.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExperimentOutcome, ExperimentReport } from '../domain/protocol/activities.js';
import {
  cancelExperimentSignal,
  type ExperimentInput,
  reportEndSignal,
  slotGrantedSignal,
  withdrawSignal,
} from '../domain/protocol/messages.js';
import type { JobFacts } from '../domain/run/experiment-record.js';
import { type FailureKind, failure } from '../domain/run/failure.js';
import { NOTHING_SPENT, type PaidPhase, type Spent, spentOfFailure } from '../domain/run/ledger.js';
import { engineWorkflowId, experimentWorkflowId } from '../domain/run/naming.js';
import { runsAgain } from '../domain/verdict/runs-again.js';
import * as activities from './activity-options.js';
import { failureFrom } from './failure-value.js';

/** What each phase's failure is called when it does not say so itself. */
type Phase = 'prepare' | 'build' | 'launch' | 'job' | 'metrics' | 'analysis';
const UNNAMED_FAILURE = {
  prepare: 'code_change_failed',
  build: 'build_failed',
  launch: 'launch_failed',
  job: 'job_failed',
  metrics: 'metrics_collection_failed',
  analysis: 'analysis_failed',
} as const satisfies Record<Phase, FailureKind>;

const REASON_LENGTH = 200;

export async function experimentWorkflow(input: ExperimentInput): Promise<ExperimentOutcome> {
  const { run, experiment } = input;
  const { nodeId } = experiment;
  const node = { run, nodeId };
  // Only the engine starts one: it knows what is queued, and how many jobs may run.
  if (
    workflowInfo().parent?.workflowId !== engineWorkflowId(run) ||
    workflowInfo().workflowId !== experimentWorkflowId(run, nodeId)
  )
    throw ApplicationFailure.nonRetryable(`${run} did not start ${nodeId} in this way`, 'policy_refused');
  const scope = new CancellationScope();
  const work = patched('waits-for-cancelled-work') ? activities.waited : activities;
  let slot = input.slot;
  let ending: { type: 'cancelled' | 'withdrawn'; reason: string } | null = null;
  let phase: Phase = 'prepare';
  let mayHaveJob = false;
  let mustReportEnd = false;
  const job: Partial<JobFacts> = {};
  /** Where it stands, as it is told to an engine that greets it. */
  let stage: ExperimentReport[] = [];
  let answered: Promise<unknown> = Promise.resolve();
  /** Of the last agent call that the engine was not told of yet. */
  let spent: Spent = NOTHING_SPENT;
  let paidFor: PaidPhase = 'apply';

  setHandler(slotGrantedSignal, (granted) => {
    const given: unknown = granted?.slot;
    if (typeof given === 'number' && Number.isInteger(given) && given >= 0) slot = given;
  });
  setHandler(cancelExperimentSignal, (message) => {
    ending = { type: 'cancelled', reason: String(message?.reason ?? 'cancelled').slice(0, REASON_LENGTH) };
    scope.cancel();
  });
  setHandler(reportEndSignal, () => {
    mustReportEnd = true;
    if (patched('tells-its-stage-again')) answered = CancellationScope.nonCancellable(tellStage);
  });
  setHandler(withdrawSignal, () => withdraw('withdrawn'));

  function withdraw(reason: string): void {
    if (slot !== null) return;
    ending = { type: 'withdrawn', reason };
    scope.cancel();
  }

  const tell = (report: ExperimentReport) => activities.inTask.tellEngine({ run, report });

  async function tellStage(): Promise<void> {
    for (const report of stage) await tell(report);
  }

  async function steps(): Promise<ExperimentOutcome> {
    const summary = experiment.name;
    const patch = await work.agent.applyPatch.executeWithOptions({ summary }, [{ run, experiment }]);
    job.commit = patch.commit;
    spent = patch.spent;
    phase = 'build';
    const { image } = await work.build.buildImage.executeWithOptions({ summary }, [node]);
    const prepared = { type: 'prepared', nodeId, commit: patch.commit, image, spent } as const;
    stage = [prepared];
    await tell(prepared);
    spent = NOTHING_SPENT;
    paidFor = 'analyze';
    setCurrentDetails('prepared; waiting for a job slot');
    await slotOrEngineGone(prepared);
    const granted = { type: 'granted', nodeId, commit: patch.commit, slot: slot ?? 0, spent: patch.spent } as const;
    stage = [granted];

    const { jobId, launched, end } = await runJob();
    // A job that waits for others of its host is launched, and begins later: its own time counts from there.
    const ran = { jobId, launchedAtMs: end.launchedAtMs ?? launched.launchedAtMs, durationS: end.durationS };
    Object.assign(job, ran);
    setCurrentDetails(`job ${jobId} ended after ${end.durationS.toFixed(1)} s`);
    const ended = { type: 'job_ended', nodeId, ...ran } as const;
    stage = [granted, ended];
    await tell(ended);

    phase = 'metrics';
    if (end.failure) {
      await activities.files.collectEvidence(node).catch(onlySaid('there is no evidence of its failure'));
      return { type: 'failed', failure: end.failure, job, spent };
    }
    await activities.files.collectEvidence.executeWithOptions({ summary }, [node]);
    phase = 'analysis';
    const analysis = await work.agent.analyze.executeWithOptions({ summary }, [node]);
    spent = analysis.spent;
    return {
      type: 'completed',
      result: analysis.result,
      spent,
      job: { commit: patch.commit, ...ran },
    };
  }

  /**
   * One whose disk was full meanwhile runs again, in a tree that it has not written to: its launch waits until there is
   * room.
   */
  async function runJob() {
    const summary = experiment.name;
    for (let again = 0; ; again += 1) {
      if (again > 0) {
        await activities.cleanUp.releaseTree({ ...node, anew: true });
        phase = 'build';
        await work.build.buildImage.executeWithOptions({ summary }, [node]);
      }
      phase = 'launch';
      mayHaveJob = true;
      const request = { ...node, slot: slot ?? 0, ...(again > 0 ? { again } : {}) };
      const launched = await work.job.launchJob.executeWithOptions({ summary }, [request]);
      const { jobId } = launched;
      job.jobId = jobId;
      setCurrentDetails(`job ${jobId} was launched`);

      phase = 'job';
      const end = await watchJob();
      mayHaveJob = false;
      if (!runsAgain(end.failure, again)) return { jobId, launched, end };
    }
  }

  /**
   * An engine that somebody terminated withdraws nothing: who waits for it asks again at long intervals, and ends when
   * it is gone. The next engine finds that, and prepares the experiment again.
   */
  async function slotOrEngineGone(prepared: ExperimentReport): Promise<void> {
    const { askMs } = input;
    if (askMs === undefined || !patched('ends-with-its-engine')) return await condition(() => slot !== null);
    while (!(await condition(() => slot !== null, askMs))) {
      if ((await tell(prepared)) === false) withdraw('its engine is gone');
    }
  }

  /** A watch that the server's clock gave up on looks at the job again: only the job's own runner judges it. */
  async function watchJob() {
    for (;;) {
      try {
        return await activities.watch.pollMetrics.executeWithOptions({ summary: experiment.name }, [node]);
      } catch (error) {
        if (failureFrom(error, 'job_failed').exception_type !== 'TimeoutFailure') throw error;
      }
    }
  }

  const cancelledRecord = (reason: string) => failure('cancelled', reason, Date.now(), { job_id: job.jobId ?? null });

  let outcome: ExperimentOutcome;
  /** What its last call cost is not known here: the call was cancelled, or ended with its worker. */
  let isUntold = false;
  try {
    outcome = await scope.run(steps);
  } catch (error) {
    const cause = failureFrom(error, UNNAMED_FAILURE[phase]);
    outcome = { type: 'failed', failure: cause, job, spent: spentOfFailure(cause) ?? spent };
    isUntold = spentOfFailure(cause) === null;
  }
  // What ended meanwhile with its worker is not tried again, and fails for that.
  const isCancelled = CancellationScope.current().consideredCancelled;
  return await CancellationScope.nonCancellable(async () => {
    const asked = ending as { type: 'cancelled' | 'withdrawn'; reason: string } | null;
    if (asked && outcome.type === 'failed') {
      outcome =
        asked.type === 'withdrawn'
          ? { type: 'withdrawn', spent: outcome.spent }
          : {
              type: 'cancelled',
              spent: outcome.spent,
              failure: cancelledRecord(asked.reason),
              job,
            };
    } else if (outcome.type === 'failed' && (isCancelled || outcome.failure.kind === 'cancelled')) {
      const { failure: cause } = outcome;
      const record = cause.kind === 'cancelled' ? cause : cancelledRecord('its workflow was cancelled');
      outcome = { ...outcome, type: 'cancelled', failure: record };
    }
    // Whatever ended the watch: a job that nobody watches must not go on.
    if (mayHaveJob) await activities.job.cancelJob(node).catch(onlySaid('its job may still run'));
    const released = await activities.cleanUp
      .releaseTree(node)
      .catch(onlySaid('its tree is left, until a worker starts or ends'));
    const { paid } = released ?? {};
    // One that is withdrawn is prepared again, and finds its call.
    const isOver = isUntold && outcome.type !== 'withdrawn';
    if (isOver && paid && phase === 'prepare') outcome = { ...outcome, spent: paid.apply };
    if (isOver && paid && phase === 'analysis') outcome = { ...outcome, spent: paid.analyze };
    outcome = { ...outcome, paidFor };
    await answered;
    if (mustReportEnd) await tell({ type: 'finished', nodeId, outcome });
    return outcome;
  });
}

/** Evidence of a failed job and the removal of its tree are worth a try and no failure of the experiment. */
function onlySaid(consequence: string): (error: unknown) => void {
  return (error) => {
    if (isCancellation(error)) throw error;
    log.warn(`${consequence}: ${failureFrom(error, 'unexpected_exception').message}`);
  };
}
