/** The engine's state as plain JSON: every field with what it must be, complete by type. */
import type { Confirmation, ConfirmationRules, Drift, PastNoise } from '../belief/confirmation-state.js';
import { type Judgement, REPEAT_PURPOSES, VERDICTS } from '../belief/judgement.js';
import { NUMERIC_METRICS, REMARK_NAMES, RESULT_REMARKS } from '../evidence/metrics.js';
import { APPROVAL_STAGES, type ApprovalRules, type Asked, SILENCES } from './approval-rules.js';
import type { EngineState, Round, RunStatus } from './engine-state.js';
import { EXPERIMENT_KINDS, type ExperimentRow, type ExperimentStatus, type SpecOrigin } from './experiment-record.js';
import type { Failure } from './failure.js';
import type { Amount, Ledger } from './ledger.js';
import { LIMIT_NAMES, LIMITS, type Limits, STOP_MODES, STOP_REASONS } from './limits.js';
import {
  type Check,
  count,
  flag,
  idText,
  listOf,
  nullable,
  number,
  oneOf,
  optional,
  recordOf,
  type Shape,
  shaped,
  text,
  variant,
} from './shape-check.js';

const texts = listOf(text);
const ids = listOf(idText);
const LIMIT_SHAPES = Object.fromEntries(
  LIMIT_NAMES.map((name) => {
    const { field, kind } = LIMITS[name];
    const one = kind === 'optional amount' ? number : count;
    return [field, kind === 'count' ? one : nullable(one)];
  }),
) as unknown as Shape<Limits>;

const FAILURE: Shape<Failure> = {
  kind: text,
  phase: text,
  message: text,
  retryable: flag,
  details: recordOf(() => null),
  exception_type: nullable(text),
  job_id: nullable(text),
  created_at: text,
};
const failure = shaped(FAILURE);

const METRICS = {
  ...Object.fromEntries(NUMERIC_METRICS.map((name) => [name, nullable(number)])),
  custom: optional(shaped({ name: text, direction: text, value: nullable(number) })),
};

const ENDED = {
  completedAtMs: number,
  commit: nullable(text),
  jobId: nullable(text),
  launchedAtMs: nullable(number),
  durationS: nullable(number),
  failure,
};
const STATUSES: Record<ExperimentStatus['status'], Record<string, Check>> = {
  queued: {},
  preparing: { sinceMs: number },
  ready: { sinceMs: number, commit: text },
  launching: { sinceMs: number, commit: text, slot: count, isPending: optional(flag) },
  running: { commit: text, slot: count, jobId: text, launchedAtMs: number },
  analyzing: { commit: text, jobId: text, launchedAtMs: number, durationS: number },
  completed: {
    commit: text,
    jobId: text,
    launchedAtMs: number,
    durationS: number,
    completedAtMs: number,
    metrics: shaped(METRICS),
    sources: recordOf(text),
    ...Object.fromEntries(
      REMARK_NAMES.map((name) => [name, optional(RESULT_REMARKS[name] === 'text' ? text : number)]),
    ),
  },
  failed: ENDED,
  cancelled: ENDED,
};

const ORIGINS: Record<SpecOrigin['from'], Record<string, Check>> = {
  seed: {},
  plan: { iteration: count, index: count },
  repair: { of: idText, attempt: count },
  repeat: { of: idText, index: count, purpose: oneOf(REPEAT_PURPOSES) },
  ceiling: { of: idText },
  bundle: { of: ids },
  user: { request: text },
};

const JUDGEMENT: Shape<Judgement> = {
  verdict: oneOf(VERDICTS),
  against: nullable(idText),
  gain: nullable(shaped({ gain: number, low: number, high: number, confidence: number })),
  reason: text,
};

const APPROVAL: Shape<ApprovalRules> = {
  stage: oneOf(APPROVAL_STAGES),
  waitMinutes: nullable(number),
  silence: oneOf(SILENCES),
};
const ASKED: Shape<Asked> = {
  stage: oneOf(APPROVAL_STAGES),
  sinceMs: number,
  approved: optional(oneOf(['person', 'silence'] satisfies Asked['approved'][])),
};

const ROW: Shape<ExperimentRow> = {
  nodeId: idText,
  name: text,
  kind: oneOf(EXPERIMENT_KINDS),
  origin: variant('from', ORIGINS),
  parentId: nullable(idText),
  startCommit: nullable(text),
  priority: number,
  changeSet: texts,
  tags: texts,
  ceiling: optional(nullable(idText)),
  byCode: optional(flag),
  seq: count,
  state: variant('status', STATUSES),
  isPlaced: optional(flag),
  endedSeq: optional(count),
  asked: optional(shaped(ASKED)),
  judged: optional(shaped(JUDGEMENT)),
  wasProvisional: optional(flag),
};

const ROUND: Shape<Round> = {
  iteration: count,
  open: count,
  accepted: count,
  waited: flag,
  gained: flag,
  action: oneOf(['launch', 'stop', 'manual', 'failed'] satisfies Round['action'][]),
  stoppedOn: optional(idText),
  plainBefore: optional(count),
};

const RULES: Shape<ConfirmationRules> = {
  calibrationRuns: count,
  confirmRuns: count,
  verifyRuns: count,
  minImprovement: nullable(number),
  doubtsLowCeilings: optional(flag),
  weighsOdds: optional(flag),
  goesOnUndecided: optional(flag),
  measuresCeilingsAgain: optional(flag),
  heedsChildren: optional(flag),
  watchesDrift: optional(flag),
  bundlesSmallGains: optional(flag),
  weighsRepeats: optional(flag),
  verifiesAsNeeded: optional(flag),
  verifiesUntilClose: optional(flag),
  verifiesAtLimits: optional(flag),
  keepsJobsToDecide: optional(flag),
  expectsLargeGains: optional(flag),
  plansBetweenJobs: optional(flag),
  waitsForQueued: optional(flag),
  ignoresCancelled: optional(flag),
  calibratesAsNeeded: optional(flag),
};
const PAST: Shape<PastNoise> = { squares: number, degrees: number, stepSquares: number, stepRuns: number };
const DRIFT: Shape<Drift> = { nodeId: idText, by: number, afterSeq: count, fromSeq: count };
const CONFIRMATION: Shape<Confirmation> = {
  rules: shaped(RULES),
  repeats: recordOf(ids),
  ceilings: recordOf(idText),
  candidates: ids,
  verified: nullable(idText),
  ended: count,
  spoiled: optional(count),
  past: optional(shaped(PAST)),
  drifts: optional(listOf(shaped(DRIFT))),
  bundled: optional(ids),
};

const AMOUNT: Shape<Amount> = { usd: number, tokens: number, jobHours: number };
const amounts = recordOf(shaped(AMOUNT));
const LEDGER: Shape<Ledger> = {
  spent: shaped(AMOUNT),
  unpriced: number,
  reserved: amounts,
  booked: amounts,
  bookedUnpriced: optional(recordOf(number)),
  largest: amounts,
};

const STATUS_NAMES = [
  'setup',
  'running',
  'paused',
  'interrupted',
  'draining',
  'stopped',
] as const satisfies RunStatus[];

const STATE: Shape<EngineState> = {
  stateVersion: count,
  run: text,
  seq: count,
  status: oneOf(STATUS_NAMES),
  stop: nullable(shaped({ reason: oneOf(STOP_REASONS), detail: text })),
  stopMode: nullable(oneOf(STOP_MODES)),
  limits: shaped(LIMIT_SHAPES),
  approval: optional(shaped(APPROVAL)),
  anchorCommit: nullable(text),
  baseCommit: nullable(text),
  setupFailures: listOf(failure),
  seeded: flag,
  repair: shaped({ retries: count, experiments: texts }),
  iteration: count,
  planningSince: nullable(number),
  lastPlanningMs: number,
  lastPreparingMs: optional(number),
  rounds: listOf(shaped(ROUND)),
  roundOf: recordOf(count),
  best: nullable(idText),
  confirmation: optional(shaped(CONFIRMATION)),
  practicesKnown: texts,
  practicesTried: texts,
  practicesNotApplicable: texts,
  practicesLeftOut: optional(texts),
  practiceAttempts: recordOf(count),
  experiments: recordOf(shaped(ROW)),
  open: ids,
  withdrawing: optional(ids),
  needsBaseline: optional(flag),
  needsMeasuredBaseline: optional(flag),
  passesOver: optional(flag),
  chain: optional(text),
  jobs: optional(count),
  lendsSlots: optional(flag),
  roundsBefore: optional(count),
  filesChangedTold: optional(count),
  tally: shaped({ completed: count, failed: count, cancelled: count, failedByKind: recordOf(count) }),
  resultsSincePlan: count,
  nextCounter: count,
  notes: texts,
  noteRequests: optional(texts),
  unchecked: optional(listOf(shaped({ request: text, given: text, reason: text, waits: flag }))),
  notesInPlan: count,
  ledger: shaped(LEDGER),
  startedAtMs: number,
  updatedAtMs: number,
  earlierMs: number,
  ranMs: number,
  runsSinceMs: nullable(number),
};

export const checkState: Check = shaped(STATE);
