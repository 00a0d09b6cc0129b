/**
 * The limits of one job: those in force when it was launched, which are its for good. They stand in its run folder,
 * because a person may change the run's limits while it runs, and its end is told with the limit that ended it.
 */
import { z } from 'zod';
import type { Limits } from '../domain/run/limits.js';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';

const JobLimitsSchema = z.object({ timeout_s: z.number(), stall_timeout_s: z.number() });
type JobLimits = z.output<typeof JobLimitsSchema>;

interface Deps {
  context: Pick<RunContext, 'workdir' | 'config'>;
  runLog: Pick<RunLog, 'state'>;
}

/** The run's limits now: a person may have changed them since the start. */
export async function limitsInForce({
  context: { config },
  runLog,
}: Deps): Promise<Pick<Limits, 'jobTimeoutS' | 'maxConcurrency'>> {
  const state = await runLog.state();
  const { job_timeout_s, max_concurrency } = config;
  return state.seq === 0 ? { jobTimeoutS: job_timeout_s, maxConcurrency: max_concurrency } : state.limits;
}

/** Before the launch: a job without its file is one that earlier versions, or another engine, launched. */
export async function writeJobLimits(workdir: Workdir, nodeId: string, limits: JobLimits): Promise<void> {
  await writeJsonAtomic(fileOf(workdir, nodeId), limits);
}

/** What the job of a node was launched with; where nobody noted it, what is in force now. */
export async function jobLimits(deps: Deps, nodeId: string): Promise<JobLimits> {
  const { workdir, config } = deps.context;
  const noted = JobLimitsSchema.safeParse(await readJsonIfAny(fileOf(workdir, nodeId)));
  if (noted.success) return noted.data;
  return { timeout_s: (await limitsInForce(deps)).jobTimeoutS, stall_timeout_s: config.stall_timeout_s };
}

function fileOf(workdir: Workdir, nodeId: string): string {
  return workdir.run(nodeId, 'job_limits.json');
}
