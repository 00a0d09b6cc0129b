/**
 * Moves that the pipeline's model suggests: the joint setting of all that it knows with the greatest expected
 * improvement, then the one that is worth most beside it.
 */
import { bestSetting, judged, type Reach } from '../../domain/model/best-setting.js';
import type { JointSetting } from '../../domain/model/operating-point.js';
import { fitModel, heldAgainst, type PipelineModel } from '../../domain/model/pipeline-model.js';
import { boundBy, type Prediction, predictionOf, ratesOf, ratios } from '../../domain/model/prediction.js';
import { type Axis, THREADS_MOST, THREADS_MOST_EXTENDED } from './axes.js';
import { type Concluded, turnsConcludedOnly } from './concluded.js';
import { settingAfter } from './history-moves.js';
import { carriedPoints, pointsOf, structureOf } from './job-points.js';
import { jointSetting, type Turns, turnsOf, valuesForTasks } from './joint-turns.js';
import type { Move } from './scored-moves.js';
import type { SearchInput } from './search-input.js';
import { type Setting, settingKey } from './settings.js';
import type { Trial, Trials } from './trials.js';

/** A stage gets no more tasks than so many times what was tried: nothing is known of its curve there. */
const GROWTH = 4;
const FEWER_THREADS = 12;
/** Expected of a setting before a job is spent on it: less is the width of curves that nothing was measured of. */
const LEAST_EXPECTED = 0.015;
/** Expected of more threads before a job is spent on fewer, relatively; and the share of it that the job counts for. */
const WORTH_A_PROBE = 0.03;
const PROBE_SHARE = 0.6;

export interface SearchModel {
  model: PipelineModel;
  reference: JointSetting;
  /** Of the reference, by each draw. */
  rates: readonly number[];
  turns: Turns;
  incumbent: Trial;
  /** The joint setting of the pipeline by knobs. */
  jointOf(setting: Setting): JointSetting;
}

/** Null where no stage of the incumbent's pipeline was timed, or nothing of it can be turned. */
export function searchModel(
  input: SearchInput,
  axes: readonly Axis[],
  incumbent: Trial,
  trials: Trials,
): SearchModel | null {
  const { survey } = input;
  const all = turnsOf(survey, axes);
  const points = pointsOf(input, axes, incumbent, trials);
  const reference = points.find(({ nodeId }) => nodeId === incumbent.entry.nodeId);
  // What sets a stage that no job has timed is the rules' to turn.
  const isTimed = (stage: string) => reference?.stages.some((point) => point.stage === stage);
  const turns = { ...all, stages: all.stages.filter(({ stages }) => stages.some(isTimed)) };
  if (!reference || turns.stages.length === 0) return null;
  const batch = axes.find(({ role }) => role === 'batch');
  const sameBatch = !batch || (incumbent.setting.values[batch.knob.id] ?? batch.knob.value) === batch.knob.value;
  const fitted = fitModel({
    points,
    reference,
    cachedStepS: sameBatch ? cachedStepS(input) : null,
    carried: carriedPoints(input, reference, incumbent, trials),
  });
  const jointOf = (setting: Setting): JointSetting => {
    const known = jointSetting(survey, axes, setting);
    return { ...reference.setting, ...known, tasks: { ...reference.setting.tasks, ...known.tasks } };
  };
  const joint = jointOf(incumbent.setting);
  const structure = structureOf(incumbent.setting);
  const known = new Set(points.map(({ nodeId }) => nodeId));
  const otherwise = trials.all.flatMap(({ entry, setting, speed }) =>
    speed === null ||
    speed <= 0 ||
    entry.result?.noEffect !== undefined ||
    known.has(entry.nodeId) ||
    structureOf(setting) !== structure
      ? []
      : [{ setting: jointOf(setting), ratio: speed / incumbent.speed! }],
  );
  const model = heldAgainst(fitted, joint, otherwise);
  return { model, reference: joint, rates: ratesOf(model, joint), turns, incumbent, jointOf };
}

function cachedStepS({ history, evidence }: SearchInput): number | null {
  const headspace = history.find(({ kind, status }) => kind === 'headspace' && status === 'completed');
  const metrics = headspace?.result?.metrics;
  if (!headspace || !metrics) return null;
  const rate = metrics.throughput_samples_per_s;
  if (rate) return 1 / rate;
  const stepMs = metrics.steady_step_time_ms ?? evidence[headspace.nodeId]?.steps.stepMs;
  return stepMs ? stepMs / 1000 : null;
}

/** Up to `count` joint settings, each worth what it adds to those before it. */
export function modelMoves(
  search: SearchModel,
  input: SearchInput,
  axes: readonly Axis[],
  trials: Trials,
  concluded: Concluded,
  count: number,
): Move[] {
  const { model, reference, incumbent } = search;
  const seen = new Set(trials.all.map(({ key }) => key));
  const moveTo = (setting: JointSetting) => ({ values: valuesOf(setting, search), structure: [] });
  const isOpen = (setting: JointSetting) => {
    const move = { ...moveTo(setting), gain: 0, why: '', family: '' };
    if (turnsConcludedOnly(move, concluded)) return false;
    return !seen.has(settingKey(settingAfter(move, incumbent))) && input.allows(move, axes, incumbent);
  };
  // What is under way may turn out to be as good as it is predicted.
  const open = trials.all.filter(({ entry }) => entry.status === 'open');
  let had = model.draws.map(() => 1);
  for (const { setting } of open) {
    const values = ratios(model, search.jointOf(setting), search.rates);
    had = had.map((ratio, k) => Math.max(ratio, values[k]!));
  }
  const moves: Move[] = [];
  while (moves.length < count) {
    const found = bestSetting(model, reference, reachOf(search), had, isOpen);
    if (!found || found.gain < LEAST_EXPECTED) break;
    const move = moveTo(found.setting);
    seen.add(settingKey(settingAfter({ ...move, gain: 0, why: '', family: '' }, incumbent)));
    moves.push({
      ...move,
      gain: found.gain,
      why: whyOf(search, found.setting, moves.length > 0),
      family: `model:${moves.length}`,
      predicted: predictionOf(found.ratios),
    });
    had = had.map((ratio, k) => Math.max(ratio, found.ratios[k]!));
  }
  return moves;
}

/**
 * The engine allows more than 16 threads once 16 have beaten fewer. Where the model promises much of more, and no job
 * has shown that yet, the setting with fewer is worth a job.
 */
export function threadsProbe(search: SearchModel, input: SearchInput, axes: readonly Axis[], trials: Trials): Move[] {
  const { model, reference, incumbent, turns } = search;
  const { threads } = turns;
  if (!threads || reference.threads !== THREADS_MOST || threads.most !== THREADS_MOST) return [];
  if (trials.all.some(({ setting }) => (setting.values[threads.knob.id] ?? threads.knob.value) < THREADS_MOST))
    return [];
  const reach = { ...reachOf(search), threads: { least: threads.least, most: THREADS_MOST_EXTENDED } };
  const found = bestSetting(
    model,
    reference,
    reach,
    model.draws.map(() => 1),
    ({ threads: more }) => more !== null && more > THREADS_MOST,
  );
  const fewer = { ...reference, threads: FEWER_THREADS };
  const move: Move = {
    values: { [threads.knob.id]: FEWER_THREADS },
    structure: [],
    gain: found ? PROBE_SHARE * found.gain : 0,
    why: `By the model more than ${THREADS_MOST} threads promise more, which are allowed once ${THREADS_MOST} have beaten fewer: fewer are measured.`,
    family: 'model:threads',
    predicted: predictionOf(ratios(model, fewer, search.rates)),
  };
  return found && found.gain >= WORTH_A_PROBE && input.allows(move, axes, incumbent) ? [move] : [];
}

/** What the model expects of a move of others; null where it turns what the model does not know. */
export function predicted(
  move: Move,
  search: SearchModel,
  axes: readonly Axis[],
): { gain: number; prediction: Prediction } | null {
  if (move.structure.length > 0 || !Object.keys(move.values).every((id) => isModelled(id, search, axes))) return null;
  const setting = search.jointOf(settingAfter(move, search.incumbent));
  const found = judged(
    search.model,
    setting,
    search.rates,
    search.model.draws.map(() => 1),
  );
  return { gain: found.gain, prediction: predictionOf(found.ratios) };
}

function isModelled(id: string, { turns }: SearchModel, axes: readonly Axis[]): boolean {
  const known = [
    turns.threads,
    turns.buffer,
    ...turns.stages.flatMap(({ concurrency, executor }) => [concurrency, executor]),
  ];
  return known.some((axis) => axis?.knob.id === id) && axes.some(({ knob }) => knob.id === id);
}

function reachOf({ model, turns: { stages, threads, buffer } }: SearchModel): Reach {
  const tried = (stages: readonly string[]) =>
    model.points.flatMap(({ setting }) => stages.flatMap((stage) => setting.tasks[stage] ?? []));
  return {
    stages: stages.map(({ stages: own, concurrency, most }) => ({
      stages: own,
      least: concurrency?.least ?? 1,
      most: Math.min(most, GROWTH * Math.max(1, ...tried(own))),
    })),
    threads: threads && { least: threads.least, most: threads.most },
    buffer: buffer && { least: buffer.least, most: buffer.most },
  };
}

function valuesOf(setting: JointSetting, { turns, reference, incumbent }: SearchModel): Record<string, number> {
  const values: Record<string, number> = {};
  for (const turn of turns.stages) {
    const tasks = turn.stages.map((stage) => setting.tasks[stage]).find((each) => each !== undefined);
    const before = turn.stages.map((stage) => reference.tasks[stage]).find((each) => each !== undefined);
    if (tasks !== undefined && tasks !== before) Object.assign(values, valuesForTasks(turn, tasks, incumbent.setting));
  }
  if (turns.threads && setting.threads !== null && setting.threads !== reference.threads)
    values[turns.threads.knob.id] = setting.threads;
  if (turns.buffer && setting.buffer !== null && setting.buffer !== reference.buffer)
    values[turns.buffer.knob.id] = setting.buffer;
  return values;
}

function whyOf({ model, reference }: SearchModel, setting: JointSetting, isBeside: boolean): string {
  const jobs = `${model.points.length} ${model.points.length === 1 ? 'job' : 'jobs'}`;
  const before = boundBy(model, reference);
  const after = boundBy(model, setting);
  const bound = before === null ? '' : `\`${before}\` is the bottleneck. `;
  const then = after === null || after === before ? '' : ` \`${after}\` would be it then.`;
  return isBeside
    ? `${bound}Beside the best setting by the model over ${jobs}, this one may bring and teaches most.${then}`
    : `${bound}No other joint setting promises as much by the model over ${jobs}.${then}`;
}
