/**
 * What an experiment does to the work of a job, from its moves, its flags and settings by name, and what its planner
 * says: only the same work, or the same items in other batches, can gain by faster loading. In doubt a setting is
 * other work.
 */
import { differingFlags, flagsOf, settingName } from '../command/launch-command.js';
import type { Spec } from '../formats/spec.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import { MOVES, readMove, type WorkEffect } from './moves.js';
import { isBatchSize, lastPart, stepsOfSameItems, type TrainedBefore } from './same-items.js';

/** Whose numbers say how data is loaded, and not what is trained on. */
const LOADING =
  /concurren|worker|thread|buffer|prefetch|queue|executor|pool(?!ing)|cach|mtp|subprocess|arena|shm|shared.?mem|pin.?memory|persistent|num.?proc|parallel|\bgc\b|gc.?interval|in.?flight|ahead|executor|demux|decoder|drop.?last|continuous|output.?order|log|verbose|profile|stats|timeout|retries|debug|device|gpu.?decode|nvdec/i;
/** In a sentence. */
const BATCH = /batch|aggregate|bsz?\b/i;
/** Of the model's side: another training, which `--scope training` is for. */
const TRAINING =
  /\bamp\b|precision|dtype|bf16|fp16|float16|bfloat16|\bhalf\b|compile|\blr\b|learning.?rate|optimi[sz]er|fused|momentum|weight.?decay|scheduler|model|hidden|layers?\b|\bdim\b|dropout|grad|accum|checkpoint/i;
/** The same in a sentence, where a model, layer or gradient may be what loading overlaps with. */
const TRAINING_SAID =
  /\bamp\b|autocast|mixed.?precision|half.?precision|\b(?:bf16|fp16|float16|bfloat16)\b|torch\.compile|compile (?:the )?model|learning.?rate|\blr\b|\bfused (?:adam|optimi[sz]er)|weight.?decay|momentum|dropout|accumulat\w* (?:the )?grad|grad\w* (?:accum|checkpoint)/i;
const OTHER =
  /frames?\b|clip|duration|seconds|length|resol|size|width|height|crop|scale|\bfps\b|rate|samples?\b|items?\b|steps?\b|epochs?\b|iterations?\b|limit|subset|fraction|seed|augment|quality|tokens|seq|stride|max.?(?:num|count)|dataset|split/i;

export interface Effect {
  work: WorkEffect;
  /** It is the model's side that changes. */
  isTraining: boolean;
  /** What says so. */
  because: string;
}

const SAME: Effect = { work: 'same_work', isTraining: false, because: '' };

interface Known {
  /** Names that the survey has found to tune the pipeline, lower case. */
  loading?: ReadonlySet<string>;
  /** Of those that say how much of each item is taken. */
  lengths?: ReadonlySet<string>;
  /** What it stacks on does other work already. */
  below?: boolean;
  /** Without the numbers of the base command, which are known here. */
  before?: TrainedBefore;
}

const NOTHING_KNOWN: TrainedBefore = { values: new Map(), batchSize: null, steps: null };

export function effectOf(
  spec: Spec,
  baseCommand: string,
  { loading = new Set(), lengths = new Set(), below = false, before = NOTHING_KNOWN }: Known = {},
): Effect {
  const flags = spec.launch_command === '' ? [] : differingFlags(spec.launch_command, baseCommand);
  const settings = [...spec.changes, ...flags].flatMap((text) => {
    const [, name, value] = SETTING.exec(text) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });
  const values = new Map([...before.values, ...numbersOf(baseCommand)]);
  const steps = stepsOfSameItems(settings, { ...before, values });
  const setting = (text: string): Effect => {
    const isOfSameItems = steps !== null && SETTING.exec(text)?.[1] === steps;
    if (isOfSameItems) return { ...SAME, work: 'other_batches', because: steps };
    const name = text.split('=')[0]!.trim();
    const isLength = [name, lastPart(name)].some((each) => lengths.has(each.toLowerCase()));
    return isLength ? { work: 'other_work', isTraining: false, because: name } : ofSetting(text, loading);
  };
  const found = [
    ...spec.changes.map((change) => ofChange(change, setting)),
    ...flags.map((flag) => setting(flag.replace(/^removed /, ''))),
    ...(below ? [{ work: 'other_work' as const, isTraining: false, because: 'what it starts from' }] : []),
    ...(isEffect(spec.work) ? [{ ...SAME, work: spec.work, because: 'its planner' }] : []),
  ];
  const worst = found.reduce((most, each) => (RANK[each.work] > RANK[most.work] ? each : most), SAME);
  return { ...worst, isTraining: found.some(({ isTraining }) => isTraining) };
}

const RANK = { same_work: 0, other_batches: 1, other_work: 2 } as const satisfies Record<WorkEffect, number>;

function isEffect(value: unknown): value is WorkEffect {
  return typeof value === 'string' && Object.hasOwn(RANK, value);
}

const SETTING = /^([^\s=]+)\s*=\s*(.*)$/s;

/** Settings of a command that are numbers, by their names in lower case. */
function numbersOf(command: string): [string, number][] {
  return [...flagsOf(command)].flatMap(([name, value]): [string, number][] =>
    value.trim() !== '' && Number.isFinite(Number(value)) ? [[settingName(name).toLowerCase(), Number(value)]] : [],
  );
}

/** `setting`: what one that is written as `name=value` does. */
function ofChange(change: string, setting: (text: string) => Effect): Effect {
  const move = readMove(change);
  if (move) return { ...SAME, work: MOVES[move.type].effect, because: change };
  if (SETTING.test(change)) return setting(change);
  // In words: what does not speak of the work is taken for a change of the code that does it, and counted as it runs.
  if (TRAINING_SAID.test(change)) return { work: 'other_work', isTraining: true, because: change };
  if (BATCH.test(change)) return { ...SAME, work: 'other_batches', because: change };
  return SAME;
}

/** `--num-workers=8`, `flag:loader.workers=8`, `train.py:Config.frames=16`, or a switch. */
function ofSetting(text: string, loading: ReadonlySet<string>): Effect {
  const name = text.split('=')[0]!.trim();
  const last = lastPart(name);
  if (isBatchSize(name)) return { ...SAME, work: 'other_batches', because: name };
  if (loading.has(name.toLowerCase()) || loading.has(last.toLowerCase())) return SAME;
  if (TRAINING.test(spaced(last))) return { work: 'other_work', isTraining: true, because: name };
  if (LOADING.test(last) && !isOther(last)) return SAME;
  return { work: 'other_work', isTraining: false, because: name };
}

function isOther(name: string): boolean {
  return (
    OTHER.test(spaced(name)) &&
    !/(?:buffer|pool|queue|cache|prefetch|shm|arena).?(?:size|items|samples)|\blog\b.*steps/i.test(spaced(name))
  );
}

/** `num_frames` and `clipLength` as words. */
function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_]+/g, ' ');
}

export const ALLOWED = ['other-work'] as const;
export const SCOPES = ['data', 'training'] as const;

/** Why an experiment of such an effect is not run, or null. */
export function effectProblem(
  { work, isTraining, because }: Effect,
  { allow, scope }: { allow: readonly string[]; scope: string },
): string | null {
  if (work !== 'other_work') return null;
  const said = because.slice(0, 100);
  if (!allow.includes('other-work'))
    return `it changes the work of a job (${said}), which is no gain of data loading: such is run only with --allow other-work, and kept apart`;
  if (isTraining && scope !== 'training')
    return `it changes the training itself (${said}): such is run only with --scope training, and kept apart`;
  return null;
}

const OTHER_WORK = 'it does other work by design: its numbers are kept apart, and are no gain of data loading';

/** Why the numbers of such a job are set apart. */
export function setApart(work: unknown): string | null {
  return work === 'other_work' ? OTHER_WORK : null;
}

/** Whether the numbers of an ended experiment are set apart for that. */
export function isSetApart({ state }: Pick<ExperimentRow, 'state'>): boolean {
  return state.status === 'completed' && state.doubt === OTHER_WORK;
}
