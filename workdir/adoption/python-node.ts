/** One experiment of the Python engine as values of ours: its specification, its end, its result, its failure. */
import {
  type MetricSources,
  type Metrics,
  NUMERIC_METRICS,
  ofOtherMetrics,
  type Result,
  UNKNOWN_METRICS,
} from '../../domain/evidence/metrics.js';
import type { NodeFile, StateFile } from '../../domain/formats/files.js';
import { type Spec, SpecSchema } from '../../domain/formats/spec.js';
import { FAILURE_PHASES, type Failure, failure, isFailureKind } from '../../domain/run/failure.js';
import { checked } from '../checked-file.js';
import { timeOf } from './python-run.js';

/** An end, as the history of the Python engine's state tells it. */
export type Ended = StateFile['history'][number];

/** As it was proposed: what the Python engine wrote into it later stands in fields of ours. */
export function specOfNode({ node_id, spec, name }: NodeFile): Spec {
  const { commit: _, _image, ...plain } = spec;
  return checked({ ...plain, name }, SpecSchema, `the specification of ${node_id}`);
}

/** An end that the history does not tell of. */
export function entryOf({ node_id, name, commit, job_id, result, failure: why }: NodeFile, iteration: number): Ended {
  const { metrics, findings } = result ?? { metrics: {}, findings: [] };
  const structured = { metrics, findings, ...(why === null ? {} : { failure: why }) };
  return { iteration, run_id: node_id, name, commit, job_id, completed_at: '', structured };
}

/** The other engine had its numbers from its agent: they are marked so. */
export function resultOf({ metrics: found, findings }: Ended['structured']): Result {
  const metrics: Metrics = { ...UNKNOWN_METRICS };
  const sources: MetricSources = {};
  for (const name of NUMERIC_METRICS) {
    const value = found[name];
    if (typeof value !== 'number') continue;
    metrics[name] = value;
    sources[name] = 'reported';
  }
  for (const [name, type] of Object.entries(ofOtherMetrics({ text: 'string', flag: 'boolean' })))
    if (typeof found[name] === type) Object.assign(metrics, { [name]: found[name] });
  return { metrics, sources, findings };
}

export function failureOf(
  why: NonNullable<Ended['structured']['failure']>,
  jobId: string | null,
  atMs: number,
): Failure {
  const kind = isFailureKind(why.kind) ? why.kind : 'job_failed';
  const phase = FAILURE_PHASES.find((known) => known === why.phase);
  const details = Object.entries(why.details ?? {}).filter((entry): entry is [string, string | number | boolean] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  );
  return failure(kind, why.message, timeOf(String(why.created_at)) ?? atMs, {
    ...(phase ? { phase } : {}),
    retryable: why.retryable === true,
    details: Object.fromEntries(details),
    exception_type: typeof why.exception_type === 'string' ? why.exception_type : null,
    job_id: typeof why.job_id === 'string' ? why.job_id : jobId,
  });
}
