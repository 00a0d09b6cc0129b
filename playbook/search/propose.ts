/**
 * The search: from the survey and the whole history to the next experiments. It keeps nothing between calls, so that
 * the same history always gives the same proposals. Pure.
 */

import type { Evidence } from '../../domain/evidence/evidence.js';
import { readingOf } from '../../domain/memory/run-reading.js';
import { diagnose } from '../../domain/memory/stage-rules.js';
import { diagnosisSentences } from '../../domain/memory/stage-sentences.js';
import { distrust, foretoldIn, type Outcome } from '../../domain/model/foretold.js';
import { type Axis, axesOf, axisValue, idleReasons, threadsIn } from './axes.js';
import { batchMoves } from './batch-moves.js';
import { bottleneckSteps } from './bottleneck-steps.js';
import { concludedKnobs, turnsConcludedOnly } from './concluded.js';
import { combinations, refinements, settingAfter, weighByHistory } from './history-moves.js';
import { modelMoves, predicted, type SearchModel, searchModel, threadsProbe } from './model-moves.js';
import { pipelineMoves } from './pipeline-moves.js';
import type { Move } from './scored-moves.js';
import type { SearchInput } from './search-input.js';
import { settingKey } from './settings.js';
import { doesOtherWork, shorterItems } from './shorter-items.js';
import { hasGpu, type Situation } from './situation.js';
import { structureMoves } from './structure-moves.js';
import { objectiveOfEntry, readTrials, type Trial, type Trials } from './trials.js';
import { withoutParts } from './without-part.js';

export type SearchAnswer =
  | { action: 'launch'; incumbent: Trial; moves: Move[]; axes: Axis[]; reasons: string[] }
  | { action: 'wait'; reasons: string[] }
  | { action: 'stop'; isAtCeiling: boolean; reasons: string[] };

/** Within this of the ceiling there is nothing left to gain by loading data faster. */
const AT_CEILING = 0.03;
/** Without headspace and fetch times, what a pipeline may still gain is taken to be this much. */
const UNKNOWN_HEADROOM = 4;
/** A move of less expected gain is not worth a job. */
const WORTH_A_JOB = 0.008;
/** Of 20 results 19 are expected below such a gain: it is not to be had. */
const SURELY_LESS = 0.05;
/** Of a rule's guess, where the model expects nothing of it. */
const DOUBTED = 0.2;
/** A proven gain of less expected worth stands in line with the others. */
const WORTH_A_PLACE = 0.03;
const FEWEST = 2;
const MOST = 4;

export function proposeMoves(input: SearchInput): SearchAnswer {
  const trials = readTrials(input.survey, input.history, input.baseCommit, input.bestNodeId);
  const { incumbent } = trials;
  if (!incumbent) {
    return { action: 'stop', isAtCeiling: false, reasons: ['No run has a measurement to start from.'] };
  }
  const axes = axesOf(input.survey, trials);
  const situation = situationOf(input, axes, incumbent, trials);
  const reasons = [
    // What it goes on from may be faster than what was confirmed as the best.
    `${incumbent.entry.nodeId === input.bestNodeId ? 'The best so far is' : 'The search goes on from'} ${incumbent.entry.nodeId}, ${incumbent.speed!.toFixed(2)} times the baseline.`,
    ...diagnosisSentences(situation.diagnosis),
  ];
  if (trials.ceiling !== null)
    reasons.push(`Cached data (headspace) allows ${trials.ceiling.toFixed(2)} times the baseline.`);
  const flat = input.memory.dimensions.filter(({ isConcluded }) => isConcluded);
  reasons.push(...idleReasons(input.survey));
  for (const { name, values } of flat) reasons.push(`${name} makes no difference at ${values.join(', ')}.`);
  if (situation.headroom - 1 <= Math.max(AT_CEILING, trials.noise)) {
    const far = (situation.headroom - 1) * 100;
    const place = far > 0 ? `within ${far.toFixed(1)}% of` : 'at or above';
    reasons.push(`That is ${place} what was measured without waiting for data: the model’s compute is the limit.`);
    return { action: 'stop', isAtCeiling: true, reasons };
  }
  const distrusted = input.withModel ? distrust(outcomesOf(input)) : null;
  if (distrusted !== null) reasons.push(distrusted);
  const model = input.withModel && distrusted === null ? searchModel(input, axes, incumbent, trials) : null;
  const ranked = rankedMoves(input, situation, incumbent, trials, model);
  const hasJoint = ranked.some(({ family }) => family.startsWith('model:'));
  const moves = chosen(
    ranked,
    hasJoint ? Math.min(MOST, Math.max(1, input.maxConcurrency)) : width(input),
    input,
    axes,
  );
  if (moves.length > 0) return { action: 'launch', incumbent, moves, axes, reasons };
  const open = input.history.filter(({ status }) => status === 'open').length;
  if (open > 0)
    return {
      action: 'wait',
      reasons: [...reasons, `Nothing else is worth a job before the ${open} open experiments end.`],
    };
  return { action: 'stop', isAtCeiling: false, reasons: [...reasons, 'Nothing untried remains that is worth a job.'] };
}

/** What experiments were predicted to measure, and what they did. */
function outcomesOf({ history }: SearchInput): Outcome[] {
  return history.flatMap((entry) => {
    const predicted = foretoldIn(entry.spec);
    const measured = objectiveOfEntry(entry);
    return predicted && measured ? [{ nodeId: entry.nodeId, foretold: predicted, measured }] : [];
  });
}

function width({ maxConcurrency }: SearchInput): number {
  return Math.min(MOST, Math.max(FEWEST, maxConcurrency));
}

function situationOf(input: SearchInput, axes: Axis[], incumbent: Trial, trials: Trials): Situation {
  const { survey } = input;
  const otherWork = new Set(trials.all.filter(doesOtherWork).map(({ entry }) => entry.nodeId));
  const evidence = Object.fromEntries(Object.entries(input.evidence).filter(([nodeId]) => !otherWork.has(nodeId)));
  const measured = evidenceFor(input, incumbent);
  const numThreads = threadsIn(incumbent.setting, axes, survey);
  const diagnosis = diagnose({
    ...readingOf(measured ?? NOT_MEASURED, numThreads),
    others: Object.values(evidence)
      .filter(({ nodeId }) => nodeId !== measured?.nodeId)
      .map(({ stages }) => stages),
  });
  const cpuCores = measured?.system.cpuCores ?? null;
  const cpuPct = measured?.system.cpuPct ?? null;
  const cpuUse = cpuPct !== null && cpuCores !== null && cpuCores > 0 ? Math.min(1, cpuPct / (100 * cpuCores)) : null;
  const headroom = headroomOf(axes, incumbent, trials, diagnosis.fetchShare);
  const isOnGpu = measured !== undefined && hasGpu(measured.system);
  const kept = Object.values(evidence).flatMap((each) => each.kept ?? []);
  const { setting } = incumbent;
  return { survey, axes, setting, diagnosis, headroom, cpuUse, cpuCores, numThreads, hasGpu: isOnGpu, kept };
}

const NOT_MEASURED = {
  stages: [],
  system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
  steps: { stepMs: null, fetchMs: null, computeMs: null },
};

/** The incumbent's own measurements, else those of an equal setting, else the baseline's. */
function evidenceFor({ evidence, history }: SearchInput, incumbent: Trial): Evidence | undefined {
  const baseline = history.find(({ kind }) => kind === 'baseline')?.nodeId ?? '';
  return evidence[incumbent.entry.nodeId] ?? evidence[baseline];
}

/** A loop that waits for data for more than this share of a step is not limited by compute, whatever headspace said. */
const CLEAR_WAIT = 0.1;

function headroomOf(axes: readonly Axis[], incumbent: Trial, trials: Trials, fetchShare: number | null): number {
  const byWaiting = fetchShare === null ? null : Math.min(UNKNOWN_HEADROOM, 1 / Math.max(0.05, 1 - fetchShare));
  // The ceiling was measured with the user's batch size; with another one it says nothing.
  const sameBatch = axes.every(
    (axis) => axis.role !== 'batch' || axisValue(axis, incumbent.setting) === axis.knob.value,
  );
  if (trials.ceiling === null || !sameBatch) return byWaiting ?? UNKNOWN_HEADROOM;
  const byCeiling = trials.ceiling / incumbent.speed!;
  return fetchShare !== null && fetchShare > CLEAR_WAIT ? Math.max(byCeiling, byWaiting!) : byCeiling;
}

function rankedMoves(
  input: SearchInput,
  situation: Situation,
  incumbent: Trial,
  trials: Trials,
  model: SearchModel | null,
): Move[] {
  const { axes } = situation;
  const stepMs = evidenceFor(input, incumbent)?.steps.stepMs ?? null;
  const byThroughput = incumbent.entry.result?.metrics.throughput_samples_per_s != null;
  const suggested = [
    ...pipelineMoves(situation),
    ...structureMoves(situation),
    // Step times of different batch sizes cannot be compared.
    ...(byThroughput ? batchMoves(axes, incumbent, trials, stepMs) : []),
  ].map((move) => weighByHistory(move, axes, incumbent, trials));
  const concluded = concludedKnobs(input.memory, input.survey, incumbent.entry.nodeId);
  const byRules = [
    ...[...suggested, ...refinements(axes, incumbent, trials)].filter((move) => !turnsConcludedOnly(move, concluded)),
    ...combinations(incumbent, trials),
    ...withoutParts(input, incumbent, trials),
    ...shorterItems(situation, incumbent, trials),
  ];
  const joint = model
    ? [...modelMoves(model, input, axes, trials, concluded, width(input)), ...threadsProbe(model, input, axes, trials)]
    : [];
  // While the model has a setting that is worth a job, the rules need not guess.
  const needsRules = joint.length === 0;
  const steps = model ? bottleneckSteps(model, axes) : [];
  const all = model
    ? [...joint, ...steps, ...byRules.flatMap((move) => byModel(move, model, axes, needsRules))]
    : byRules;
  const seen = new Set([...trials.all.map(({ key }) => key), settingKey(trials.base)]);
  const ranked = all
    .filter(({ gain }) => gain >= WORTH_A_JOB)
    .sort((a, b) => b.gain - a.gain || (a.family < b.family ? -1 : 1));
  return ranked.filter((move) => {
    const key = settingKey(settingAfter(move, incumbent));
    if (seen.has(key)) return false;
    seen.add(key);
    return input.allows(move, axes, incumbent);
  });
}

/**
 * A rule's guess at what the model knows is worth no job where the model is sure that it loses. Where it only expects
 * nothing, faint guesses are left out, and a clear sign of the statistics still counts, as no model knows everything.
 */
function byModel(move: Move, model: SearchModel, axes: readonly Axis[], needsRules: boolean): Move[] {
  const known = move.isProven ? null : predicted(move, model, axes);
  if (!known) return [move];
  return needsRules && known.prediction.high >= 1 + SURELY_LESS
    ? [{ ...move, gain: Math.max(known.gain, DOUBTED * move.gain), predicted: known.prediction }]
    : [];
}

/**
 * The best, with at most two of one family, and places for a proven gain, for best practices that no round has tried
 * yet, and for one move of other work: such is there only where the owner has asked for it.
 */
function chosen(ranked: readonly Move[], count: number, input: SearchInput, axes: readonly Axis[]): Move[] {
  const proven = ranked.filter(({ isProven, gain }) => isProven === true && gain >= WORTH_A_PLACE).slice(0, 1);
  const first = topOf(ranked, Math.max(1, count - proven.length), proven);
  const isLater = input.history.some(({ kind }) => kind === 'planned');
  const owed = input.untried.flatMap((tag) => {
    if (!isLater && tag !== 'concurrency_tuning') return [];
    if ([...proven, ...first].some((move) => tagsOf(move, axes).includes(tag)) || isOpen(input, tag)) return [];
    return ranked.find((move) => tagsOf(move, axes).includes(tag)) ?? [];
  });
  const asked = isLater ? ranked.filter(({ work }) => work !== undefined).slice(0, 1) : [];
  const reserved = [...new Set([...proven, ...owed, ...asked])];
  return [...topOf(ranked, Math.max(1, count - reserved.length), reserved), ...reserved].slice(0, MOST);
}

function topOf(ranked: readonly Move[], count: number, without: readonly Move[]): Move[] {
  const families = new Map<string, number>();
  const picked: Move[] = [];
  for (const move of ranked) {
    const sameFamily = families.get(move.family) ?? 0;
    if (picked.length >= count || sameFamily >= 2 || without.includes(move)) continue;
    families.set(move.family, sameFamily + 1);
    picked.push(move);
  }
  return picked;
}

function isOpen({ history }: SearchInput, tag: string): boolean {
  return history.some(({ status, spec }) => status === 'open' && spec.best_practices_tags.includes(tag));
}

export function tagsOf(move: Move, axes: readonly Axis[]): string[] {
  const roles = axes.filter(({ knob }) => knob.id in move.values).map(({ role }) => role);
  const tags = new Set<string>();
  if (roles.includes('concurrency') || roles.includes('threads')) tags.add('concurrency_tuning');
  if (roles.includes('batch')) tags.add('batch_size_tuning');
  if (move.structure.includes('mtp')) tags.add('mtp');
  if (move.structure.some((change) => change.startsWith('nvdec:'))) tags.add('gpu_video_decode');
  return [...tags];
}
