/** Reads what the workdir holds of each launched experiment, one after the other: their series may be long. */
import type { Evidence } from '../../domain/evidence/evidence.js';
import { JobOutput } from '../../domain/evidence/job-output.js';
import { Refusals } from '../../domain/evidence/measured-number.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import { jobIdOf } from '../../domain/run/experiment-record.js';
import { isJobFolder } from '../../domain/run/naming.js';
import { jobSeries, type Series } from '../../domain/tracking/job-series.js';
import { type TrackedRun, trackedExperiments, trackedRun } from '../../domain/tracking/tracked-run.js';
import { readJsonIfAny } from '../../host/atomic-file.js';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { eachLine } from '../../jobs/output/read-lines.js';
import type { Workdir } from '../../workdir/paths.js';
import { specOf } from '../../workdir/spec-store.js';

export async function* trackedRuns(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState,
): AsyncGenerator<TrackedRun, void> {
  for (const shown of trackedExperiments(state)) {
    const row = state.experiments[shown.nodeId]!;
    const [spec, evidence] = await Promise.all([
      specOf(workdir, config, state, row).catch(() => null),
      readJsonIfAny(workdir.evidence(row.nodeId)).catch(() => null) as Promise<Evidence | null>,
    ]);
    const launchedAtMs = 'launchedAtMs' in row.state ? (row.state.launchedAtMs ?? 0) : 0;
    const series = await seriesOf(workdir, row.nodeId, jobIdOf(row), launchedAtMs);
    yield trackedRun(state, shown, { spec, evidence, series });
  }
}

/** Steps of jobs whose output is elsewhere are not known here; what the probe wrote is. */
async function seriesOf(
  workdir: Workdir,
  nodeId: string,
  jobId: string | null,
  launchedAtMs: number,
): Promise<Series[]> {
  const refusals = new Refusals();
  const [stdout, stderr] = [new JobOutput(refusals), new JobOutput(refusals)];
  if (jobId !== null && isJobFolder(jobId)) {
    await eachLine(workdir.job(jobId, 'stdout.log'), (line) => stdout.readLine(line));
    await eachLine(workdir.job(jobId, 'stderr.log'), (line) => stderr.readLine(line));
  }
  return jobSeries({ stdout, stderr, ...(await readMetricFiles(workdir.metrics(nodeId))) }, launchedAtMs);
}
