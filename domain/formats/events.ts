/**
 * Events as they come from outside: the types of events.ts, checked. A log that holds one event that cannot be folded
 * is lost, so that whoever appends asks here first.
 */
import { z } from 'zod';
import { REPEAT_PURPOSES, VERDICTS } from '../belief/judgement.js';
import { DIRECTIONS } from '../evidence/custom-metric.js';
import { NUMERIC_METRICS, ofOtherMetrics, REMARK_NAMES, RESULT_REMARKS } from '../evidence/metrics.js';
import { APPROVAL_STAGES, SILENCES } from '../run/approval-rules.js';
import type { EventBody } from '../run/event-types.js';
import { EXPERIMENT_KINDS } from '../run/experiment-record.js';
import { FAILURE_KINDS, FAILURE_PHASES, type FailureKind } from '../run/failure.js';
import { SPENDING_PHASES } from '../run/ledger.js';
import { STOP_MODES, STOP_REASONS } from '../run/limits.js';
import { COMMIT, NODE_ID } from '../run/naming.js';

const text = z.string().max(20_000);
const texts = z.array(text).max(1000);
/** Node ids and request ids become names of files: a foreign message must not reach other folders by them. */
const name = z
  .string()
  .regex(NODE_ID, 'must be 1 to 128 letters, digits, "_", "-" or ".", and not begin with "." or "-"')
  .refine((value) => !Object.hasOwn(Object.prototype, value), 'is a name of the language itself');
const whole = z.number().int().min(0);
const commit = z.string().regex(COMMIT, 'must be the hash of a commit');
const iteration = z.number().int('must be a whole number').min(0);

const failure = z.looseObject({
  kind: z.enum(Object.keys(FAILURE_KINDS) as [FailureKind, ...FailureKind[]]),
  phase: z.enum(FAILURE_PHASES),
  message: text,
  retryable: z.boolean(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  exception_type: text.nullable(),
  job_id: text.nullable(),
  created_at: text,
});
const metrics = z.looseObject({
  ...Object.fromEntries(NUMERIC_METRICS.map((metric) => [metric, z.number().nullable()])),
  ...ofOtherMetrics({ text: text.nullable(), flag: z.boolean().nullable() }),
  custom: z.looseObject({ name, direction: z.enum(DIRECTIONS), value: z.number().nullable() }).optional(),
});
const provenance = z.enum(['parsed', 'derived', 'reported']);
const result = z.looseObject({
  metrics,
  sources: z.record(z.string(), provenance),
  findings: texts,
  notices: texts.optional(),
  ...Object.fromEntries(
    REMARK_NAMES.map((name) => [name, (RESULT_REMARKS[name] === 'text' ? text : z.number()).optional()]),
  ),
});
const job = z.looseObject({ commit, jobId: text, launchedAtMs: z.number(), durationS: z.number() });
const limits = z.record(z.string(), z.number().nullable());
const amount = z.looseObject({ usd: z.number(), tokens: z.number(), jobHours: z.number() });

const origin = z.discriminatedUnion('from', [
  z.looseObject({ from: z.literal('seed') }),
  z.looseObject({ from: z.literal('plan'), iteration, index: whole }),
  z.looseObject({ from: z.literal('repair'), of: name, attempt: whole }),
  z.looseObject({ from: z.literal('repeat'), of: name, index: whole, purpose: z.enum(REPEAT_PURPOSES) }),
  z.looseObject({ from: z.literal('ceiling'), of: name }),
  z.looseObject({ from: z.literal('bundle'), of: z.array(name) }),
  z.looseObject({ from: z.literal('user'), request: name }),
]);
const experiment = z.looseObject({
  nodeId: name,
  name: text,
  kind: z.enum(EXPERIMENT_KINDS),
  origin,
  parentId: name.nullable(),
  startCommit: commit.nullable(),
  priority: z.number(),
  changeSet: texts,
  tags: texts,
  ceiling: name.nullable().optional(),
  byCode: z.literal(true).optional(),
});

const approval = z.looseObject({
  stage: z.enum(APPROVAL_STAGES),
  waitMinutes: z.number().positive().nullable(),
  silence: z.enum(SILENCES),
});

const confirmation = z.looseObject({
  calibrationRuns: whole,
  confirmRuns: whole,
  verifyRuns: whole,
  minImprovement: z.number().nullable(),
  doubtsLowCeilings: z.literal(true).optional(),
  weighsOdds: z.literal(true).optional(),
  goesOnUndecided: z.literal(true).optional(),
  measuresCeilingsAgain: z.literal(true).optional(),
  heedsChildren: z.literal(true).optional(),
  watchesDrift: z.literal(true).optional(),
  bundlesSmallGains: z.literal(true).optional(),
  weighsRepeats: z.literal(true).optional(),
  verifiesAsNeeded: z.literal(true).optional(),
  verifiesUntilClose: z.literal(true).optional(),
  verifiesAtLimits: z.literal(true).optional(),
  keepsJobsToDecide: z.literal(true).optional(),
  expectsLargeGains: z.literal(true).optional(),
  plansBetweenJobs: z.literal(true).optional(),
  waitsForQueued: z.literal(true).optional(),
  ignoresCancelled: z.literal(true).optional(),
  calibratesAsNeeded: z.literal(true).optional(),
});
const gain = z.looseObject({ gain: z.number(), low: z.number(), high: z.number(), confidence: z.number() });
const judgement = z.looseObject({
  verdict: z.enum(VERDICTS),
  against: name.nullable(),
  gain: gain.nullable(),
  reason: text,
});

/** Complete by type: an event without its fields here does not compile. */
const FIELDS = {
  run_started: {
    run: text,
    limits,
    anew: z.boolean().optional(),
    taken: z.array(name).max(1000).optional(),
    passesOver: z.boolean().optional(),
    chain: text.optional(),
  },
  setup_started: {},
  setup_completed: {
    anchorCommit: commit,
    baseCommit: commit,
    practices: texts,
    repair: z.looseObject({ retries: whole, experiments: texts }),
    confirmation: confirmation.optional(),
    needsBaseline: z.boolean().optional(),
    needsMeasuredBaseline: z.boolean().optional(),
  },
  setup_failed: { failure },
  experiment_added: { experiment },
  experiment_preparing: { nodeId: name },
  experiment_requeued: { nodeId: name },
  experiment_prepared: { nodeId: name, commit, image: text.optional() },
  slot_granted: { nodeId: name, slot: whole },
  job_pending: { nodeId: name },
  job_launched: { nodeId: name, jobId: text, launchedAtMs: z.number() },
  job_ended: { nodeId: name, durationS: z.number() },
  experiment_completed: { nodeId: name, result, job: job.optional() },
  experiment_failed: { nodeId: name, failure, job: job.partial().optional() },
  experiment_cancelled: { nodeId: name, failure, job: job.partial().optional() },
  best_changed: { nodeId: name, insteadOf: name.optional() },
  candidate_judged: { nodeId: name, judgement },
  drift_found: { nodeId: name, by: z.number(), afterSeq: whole, fromSeq: whole },
  verification_started: { nodeId: name },
  planning_started: { iteration },
  plan_received: {
    iteration,
    action: z.enum(['launch', 'stop', 'manual']),
    reasoning: text,
    accepted: texts,
    refused: z.array(z.looseObject({ name: text, reason: text })).max(1000),
    notApplicable: texts,
    unreached: texts.optional(),
    tookMs: z.number().min(0).optional(),
  },
  planning_failed: { iteration, failure },
  approval_set: { approval: approval.nullable() },
  experiment_approved: { nodeId: name, by: z.enum(['person', 'silence']) },
  experiment_reprioritized: { nodeId: name, priority: z.number() },
  experiment_removed: { nodeId: name, withdraws: z.boolean().optional(), byPerson: z.literal(true).optional() },
  withdrawal_ended: { nodeId: name },
  limits_set: { limits },
  note_added: { text, request: name.optional() },
  given_refused: { request: name, given: text, reason: text },
  add_unchecked: { request: text, given: text, reason: text, waits: z.boolean() },
  reported: { skipped: z.array(z.looseObject({ step: z.enum(['charts', 'reports']), reason: text })).optional() },
  paused: {},
  resumed: {},
  returned: {},
  stop_requested: { mode: z.enum(STOP_MODES) },
  limit_reached: { reason: z.enum(STOP_REASONS), detail: text },
  stopped: { reason: z.enum(STOP_REASONS), detail: text },
} as const satisfies Record<EventBody['type'], z.core.$ZodLooseShape>;

const money = z.looseObject({
  reserve: z.record(z.string(), amount).optional(),
  settle: z
    .array(z.looseObject({ phase: z.enum(SPENDING_PHASES), key: text, spent: amount, unpriced: z.number() }))
    .optional(),
  release: texts.optional(),
});

const SCHEMAS = new Map<string, z.ZodType>(
  Object.entries(FIELDS).map(([type, fields]) => [
    type,
    z.looseObject({ seq: whole, atMs: z.number(), type: z.literal(type), money: money.optional(), ...fields }),
  ]),
);

/** What keeps a value from being an event, or null. */
export function eventProblem(value: unknown): string | null {
  const type = typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : 'nothing';
  const schema = SCHEMAS.get(type);
  if (!schema) return `there is no event of type ${JSON.stringify(type.slice(0, 100))}`;
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  return issue ? `${issue.path.join('.')}: ${issue.message}` : null;
}
