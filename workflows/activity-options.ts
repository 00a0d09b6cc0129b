/** How activities are called: the time each may take and how often it is tried, each number with its reason. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { Activities } from '../domain/protocol/activities.js';
import { lastInTask } from './last-in-task.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * How soon a killed worker is noticed: every activity beats every 3 s (activities/guard/activity-pulse), and five
 * missed beats are more than a busy machine explains. One that was alive after all runs twice, which every activity
 * can.
 */
const heartbeatTimeout = 15 * SECOND;

/**
 * Typed failures are marked non-retryable where they are thrown (activities/guard/guarded counts what nobody expected,
 * and makes a typed failure of it); what is left passes, only nobody knows when: a full disk, a lost worker.
 */
const patient = { initialInterval: SECOND, backoffCoefficient: 2, maximumInterval: MINUTE };

/**
 * File work. A minute is far above what a workdir's files need, and no limit on the number of tries: an export that
 * fails for want of disk space succeeds once there is some.
 */
export const files = proxyActivities<
  Pick<Activities, 'loadState' | 'lookupExperiments' | 'collectEvidence' | 'acceptExperiment'>
>({ startToCloseTimeout: MINUTE, heartbeatTimeout, retry: patient });

type InTask = Pick<Activities, 'exportWorkdir' | 'tellEngine' | 'lookupExperiments'>;

/** Runs begun before this change try inside their workflow task without end. */
const untiring = proxyLocalActivities<InTask>({ startToCloseTimeout: MINUTE, retry: patient });
/** After these tries, in some three seconds, what fails does not pass by itself: a full disk, say. */
const brief = proxyLocalActivities<InTask>({
  startToCloseTimeout: MINUTE,
  retry: { ...patient, maximumAttempts: 3 },
});
/** No patch: in a live run the end of an export comes by itself, and only its replay is put right. */
const exportLast: InTask['exportWorkdir'] = (input) => lastInTask(brief.exportWorkdir(input));
const shown = proxyActivities<InTask>({ startToCloseTimeout: MINUTE, heartbeatTimeout, retry: patient });

/**
 * The export of events, the reports of experiments and the look at them at intervals: run inside the workflow task,
 * because they take milliseconds and there are several for each experiment: each leaves one history event instead of
 * six. Repeated with its task when the worker dies. One that goes on failing becomes a regular activity: that shows
 * itself with its failure in the Temporal UI, is tried without end, and its tries cost the history nothing.
 */
export const inTask: InTask = {
  // Only here: an experiment does one thing at a time, so that nothing of its history can come in another order.
  exportWorkdir: (input) =>
    patched('failing-exports-show-themselves')
      ? openlyWhenItFails(exportLast, shown.exportWorkdir, input)
      : untiring.exportWorkdir(input),
  tellEngine: (input) => openlyWhenItFails(brief.tellEngine, shown.tellEngine, input),
  lookupExperiments: (input) =>
    patched('asks-openly-beside-exports')
      ? shown.lookupExperiments(input)
      : openlyWhenItFails(brief.lookupExperiments, shown.lookupExperiments, input),
};

async function openlyWhenItFails<Input, Output>(
  first: (input: Input) => Promise<Output>,
  openly: (input: Input) => Promise<Output>,
  input: Input,
): Promise<Output> {
  try {
    return await first(input);
  } catch (error) {
    // A local activity's failure comes as it was thrown.
    const cause = error instanceof ActivityFailure ? error.cause : error;
    const isRefused = cause instanceof ApplicationFailure && cause.nonRetryable === true;
    if (isRefused || isCancellation(error)) throw error;
    return await openly(input);
  }
}

/** Removing a tree takes milliseconds, of a very large repository seconds. */
export const cleanUp = proxyLocalActivities<Pick<Activities, 'releaseTree'>>({
  startToCloseTimeout: 15 * MINUTE,
  retry: { ...patient, maximumAttempts: 5 },
});

/**
 * The same for the engine, beside whose exports no other local activity may end: a replay delivers the ends of a task's
 * local activities together, and what followed from each in a turn of its own then comes in another order.
 */
const cleanUpOpenly = proxyActivities<Pick<Activities, 'releaseTree'>>({
  startToCloseTimeout: 15 * MINUTE,
  heartbeatTimeout,
  retry: { ...patient, maximumAttempts: 5 },
});
export const engineCleanUp: Pick<Activities, 'releaseTree'> = {
  releaseTree: (input) =>
    patched('asks-openly-beside-exports') ? cleanUpOpenly.releaseTree(input) : cleanUp.releaseTree(input),
};

/** Setup and charts: a very large repository may take minutes to be read once. */
export const source = proxyActivities<Pick<Activities, 'setup' | 'drawCharts'>>({
  startToCloseTimeout: 15 * MINUTE,
  heartbeatTimeout,
  retry: patient,
});

/**
 * Work that waits for a coding agent. The call's own limit is the configuration's, and how often a call may fail is
 * counted on disk (activities/agent-calls/ask); this time-out only has to be longer than two calls, and the number of
 * tries is open because interruptions of the engine and waits that a provider names use them up.
 */
const AGENT = { startToCloseTimeout: 12 * HOUR, heartbeatTimeout, retry: patient };
export const agent =
  proxyActivities<Pick<Activities, 'instrument' | 'applyPatch' | 'analyze' | 'plan' | 'report'>>(AGENT);

/** The build's own limit is the configuration's; images of large projects take hours. */
const BUILD = { startToCloseTimeout: 12 * HOUR, heartbeatTimeout, retry: patient };
export const build = proxyActivities<Pick<Activities, 'buildImage'>>(BUILD);

/** A submit answers within minutes; it is get-or-create, so that a repeated one launches nothing twice. */
const JOB = { startToCloseTimeout: 10 * MINUTE, heartbeatTimeout, retry: patient };
export const job = proxyActivities<Pick<Activities, 'launchJob' | 'cancelJob'>>(JOB);

/**
 * The same work for an experiment that is cancelled: it goes on only when the work has ended, so that no tree is
 * removed under a build, no job is looked for while it is launched, and no paid call goes unbooked. A heartbeat brings
 * the cancellation (five seconds), and its time-out ends the wait for a worker that has died.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
export const waited = {
  agent: proxyActivities<Pick<Activities, 'applyPatch' | 'analyze'>>({ ...AGENT, cancellationType }),
  build: proxyActivities<Pick<Activities, 'buildImage'>>({ ...BUILD, cancellationType }),
  job: proxyActivities<Pick<Activities, 'launchJob'>>({ ...JOB, cancellationType }),
};

/**
 * Watches a job in windows of a minute or so: the time-out is for one window. There is none for the whole, because
 * server time passes while everything is off and a job's limits are its runner's. Three beats of 15 s may be missed
 * before it goes on elsewhere: the job does not wait for its watch, and more beats would be calls beside every job.
 */
export const watch = proxyActivities<Pick<Activities, 'pollMetrics'>>({
  startToCloseTimeout: 10 * MINUTE,
  heartbeatTimeout: 45 * SECOND,
  retry: { initialInterval: SECOND, backoffCoefficient: 1, maximumInterval: SECOND },
});
