/**
 * What an experiment's report must look like. Anybody who reaches the Temporal server can send one; an engine that
 * stumbles over it would stumble again at each replay.
 */

import { DIRECTIONS, isMetricName } from '../evidence/custom-metric.js';
import { ofOtherMetrics, REMARK_NAMES, RESULT_REMARKS } from '../evidence/metrics.js';
import { isFailureKind } from '../run/failure.js';
import { PAID_PHASES } from '../run/ledger.js';
import { COMMIT } from '../run/naming.js';

type Fields = Record<string, unknown>;

function asObject(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= 20_000;
const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isCount = (value: unknown): boolean => isAmount(value) && Number.isSafeInteger(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.length <= 100 && value.every(isText);
const isCommit = (value: unknown): boolean => typeof value === 'string' && COMMIT.test(value);
const isNumberOrNull = (value: unknown): boolean =>
  value === null || (typeof value === 'number' && Number.isFinite(value));

const TYPES = ['prepared', 'granted', 'pending', 'launched', 'job_ended', 'finished'];

/** Why one of the `reports` of an experiment cannot be one, or null. */
export function reportProblem(message: unknown): string | null {
  const report = asObject(message);
  if (!report) return 'a report must be an object';
  if (typeof report.nodeId !== 'string') return 'nodeId must be a string';
  if (!TYPES.includes(String(report.type))) return `type must be one of ${TYPES.join(', ')}`;
  switch (report.type) {
    case 'prepared':
      if (!isCommit(report.commit)) return 'commit must be the hash of a commit';
      return isText(report.image) ? spentProblem(report.spent) : 'image must be a string';
    case 'granted':
      if (!isCommit(report.commit)) return 'commit must be the hash of a commit';
      return isCount(report.slot) ? spentProblem(report.spent) : 'slot must be a whole number';
    case 'pending':
      return null;
    case 'launched':
    case 'job_ended':
      if (!isText(report.jobId)) return 'jobId must be a string';
      if (!isAmount(report.launchedAtMs)) return 'launchedAtMs must be a time in milliseconds';
      return report.type === 'launched' || isAmount(report.durationS) ? null : 'durationS must be a number of seconds';
    default:
      return outcomeProblem(report.outcome);
  }
}

export function outcomeProblem(value: unknown): string | null {
  const outcome = asObject(value);
  if (!outcome) return 'outcome must be an object';
  const problem = spentProblem(outcome.spent) ?? paidForProblem(outcome.paidFor);
  if (problem !== null || outcome.type === 'withdrawn') return problem;
  const job = asObject(outcome.job);
  if (!job) return 'outcome.job must be an object';
  const isComplete = outcome.type === 'completed';
  if (!jobFits(job, isComplete)) return 'outcome.job must name commit, jobId, launchedAtMs and durationS';
  switch (outcome.type) {
    case 'completed':
      return resultProblem(outcome.result);
    case 'failed':
    case 'cancelled':
      return failureProblem(outcome.failure);
    default:
      return 'outcome.type must be completed, failed, cancelled or withdrawn';
  }
}

function jobFits(job: Fields, isComplete: boolean): boolean {
  const checks = { commit: isCommit, jobId: isText, launchedAtMs: isAmount, durationS: isAmount };
  return Object.entries(checks).every(([name, fits]) => (!isComplete && job[name] === undefined) || fits(job[name]));
}

function spentProblem(value: unknown): string | null {
  const spent = asObject(value);
  return spent && ['usd', 'tokens', 'unpriced'].every((name) => isAmount(spent[name]))
    ? null
    : 'spent must give usd, tokens and unpriced';
}

function paidForProblem(value: unknown): string | null {
  return value === undefined || PAID_PHASES.some((phase) => phase === value)
    ? null
    : `paidFor must be ${PAID_PHASES.join(' or ')}`;
}

function resultProblem(value: unknown): string | null {
  const result = asObject(value);
  const metrics = asObject(result?.metrics);
  if (!result || !metrics || !asObject(result.sources)) return 'outcome.result must hold metrics and sources';
  if (!isTexts(result.findings)) return 'outcome.result.findings must be a list of strings';
  if (result.notices !== undefined && !isTexts(result.notices))
    return 'outcome.result.notices must be a list of strings';
  for (const name of REMARK_NAMES) {
    const [isRight, kind] = RESULT_REMARKS[name] === 'text' ? [isText, 'string'] : [isAmount, 'number'];
    if (result[name] !== undefined && !isRight(result[name])) return `outcome.result.${name} must be a ${kind}`;
  }
  const { custom, ...others } = metrics;
  if (custom !== undefined && !isCustom(asObject(custom)))
    return 'outcome.result.metrics.custom must give name, direction and value';
  const texts: Record<string, boolean> = ofOtherMetrics({ text: true, flag: false });
  const strange = Object.entries(others).find(
    ([name, metric]) =>
      !(isNumberOrNull(metric) || typeof metric === 'boolean' || (isText(metric) && texts[name] === true)),
  );
  return strange ? `outcome.result.metrics.${strange[0].slice(0, 100)} must be a number or null` : null;
}

function isCustom(custom: Fields | null): boolean {
  if (!custom || typeof custom.name !== 'string' || !isMetricName(custom.name)) return false;
  return DIRECTIONS.some((direction) => direction === custom.direction) && isNumberOrNull(custom.value);
}

function failureProblem(value: unknown): string | null {
  const record = asObject(value);
  if (!record || typeof record.kind !== 'string' || !isFailureKind(record.kind))
    return 'outcome.failure.kind is unknown';
  if (!isText(record.message)) return 'outcome.failure.message must be a string';
  return asObject(record.details) ? null : 'outcome.failure.details must be an object';
}
