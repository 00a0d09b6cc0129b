/**
 * The moves: changes of a pipeline that code makes by itself once a planner has named them. Each has a name, typed
 * parameters, a sentence, and what it does to the work of a job. How each is made stands in
 * playbook/python/pipeline_source/moves.py.
 */

/**
 * `same_work`: the same items in the same batches, but for their order. `other_batches`: the same items, batched
 * otherwise. `other_work`: something else is trained on, or otherwise; no gain of data loading.
 */
export const WORK_EFFECTS = ['same_work', 'other_batches', 'other_work'] as const;
export type WorkEffect = (typeof WORK_EFFECTS)[number];

type NumberName = 'workers' | 'items' | 'megabytes' | 'steps' | 'threads';

interface MoveFacts {
  /** What it does, for planners and people. */
  says: string;
  of: 'stage' | 'pipeline';
  /** Its one number, which has a default; 1 and more. */
  number?: { name: NumberName; most: number; says: string };
  effect: WorkEffect;
}

export const MOVES = {
  split_stage: {
    says: 'Splits a stage that first waits (reads, demuxes) and then computes, or waits for something else, into two stages, `<stage>_read` and `<stage>_compute`.',
    of: 'stage',
    number: {
      name: 'workers',
      most: 64,
      says: 'tasks of the first half; few where they hold each other up (demuxing: 2 or 3)',
    },
    effect: 'same_work',
  },
  merge_stages: {
    says: 'Runs a cheap stage and the one after it as one stage.',
    of: 'stage',
    effect: 'same_work',
  },
  own_executor: {
    says: 'Gives a stage threads of its own, so that it no longer waits for those that others hold.',
    of: 'stage',
    number: { name: 'workers', most: 32, says: 'threads; default: its concurrency' },
    effect: 'same_work',
  },
  batch_in_stage: {
    says: 'Lets one task of a stage do several items: for stages so short that handing items over costs more.',
    of: 'stage',
    number: { name: 'items', most: 256, says: 'items a task; default 8' },
    effect: 'same_work',
  },
  cache_stage: {
    says: 'Keeps what a repeatable stage made of an item in memory and gives a copy in later epochs.',
    of: 'stage',
    number: { name: 'megabytes', most: 1 << 20, says: 'memory at most; default 1024' },
    effect: 'same_work',
  },
  cache_on_disk: {
    says: 'Keeps on disk what cache_stage finds no room for in memory, for results that are dear to make again.',
    of: 'stage',
    number: { name: 'megabytes', most: 1 << 20, says: 'disk at most; default 4096' },
    effect: 'same_work',
  },
  await_stage: {
    says: 'Passes the coroutine itself to a stage that runs it by asyncio.run: it waits without a thread.',
    of: 'stage',
    effect: 'same_work',
  },
  output_order: {
    says: 'Lets a stage pass items on as they are done, so that a slow one holds none up.',
    of: 'stage',
    effect: 'other_batches',
  },
  load_npz: {
    says: 'Reads npz archives by spdl.io.load_npz, which does not hold the interpreter’s lock.',
    of: 'stage',
    effect: 'same_work',
  },
  decoder_threads: {
    says: 'Gives each decoder that a stage makes through spdl.io more threads than one.',
    of: 'stage',
    number: { name: 'threads', most: 32, says: 'threads a decoder; default 2' },
    effect: 'same_work',
  },
  nvdec: {
    says: 'Decodes video by the GPU’s own decoder (NVDEC), in threads of its own; needs a GPU that has one.',
    of: 'stage',
    number: { name: 'workers', most: 16, says: 'engines of the GPU; default 7' },
    // Frames in the same order and number, but for pixels that another decoder rounds and scales otherwise.
    effect: 'other_work',
  },
  callable_classes: {
    says: 'Makes callable objects of the lambdas and nested functions that stages run, so that they pickle.',
    of: 'pipeline',
    effect: 'same_work',
  },
  mtp: {
    says: 'Runs the pipeline in a process of its own; stages on the GPU stay in the main process.',
    of: 'pipeline',
    effect: 'same_work',
  },
  mtp_off: {
    says: 'Runs the pipeline in threads of the main process instead of a subprocess.',
    of: 'pipeline',
    effect: 'same_work',
  },
  buffers: {
    says: 'Lets more batches wait in the subprocess and between it and the training.',
    of: 'pipeline',
    number: { name: 'items', most: 64, says: 'batches; default 8' },
    effect: 'same_work',
  },
  arena: {
    says: 'Moves batches out of the subprocess through one piece of shared memory.',
    of: 'pipeline',
    number: { name: 'megabytes', most: 16_384, says: 'its size, several batches; default 256' },
    effect: 'same_work',
  },
  continuous_source: {
    says: 'Lets one pipeline go on over all epochs, so that none but the first begins with empty buffers.',
    of: 'pipeline',
    effect: 'same_work',
  },
  priority_executor: {
    says: 'Lets all stages share one pool of threads in which later stages come first.',
    of: 'pipeline',
    number: { name: 'workers', most: 32, says: 'threads; default: as many as the pipeline has' },
    effect: 'same_work',
  },
  gc_interval: {
    says: 'Collects garbage every so many steps of the loop, instead of in the middle of one.',
    of: 'pipeline',
    number: { name: 'steps', most: 100_000, says: 'steps between collections; default 100' },
    effect: 'same_work',
  },
} as const satisfies Record<string, MoveFacts>;

export type MoveName = keyof typeof MOVES;
export const MOVE_NAMES = Object.keys(MOVES) as MoveName[];

export function isMoveName(name: string): name is MoveName {
  return Object.hasOwn(MOVES, name);
}

function factsOf(name: MoveName): MoveFacts {
  return MOVES[name];
}

/** As a plan reply names it: `{"move": "split_stage", "stage": "decode"}`, `{"move": "set", "knob": …, "value": 8}`. */
export interface MoveCall extends Partial<Record<NumberName, number | undefined>> {
  move: 'set' | MoveName;
  stage?: string | undefined;
  knob?: string | undefined;
  value?: number | undefined;
}

/** Why a call of a move cannot be made: what it lacks, what it does not take, or which number is too large. */
export function moveProblem({ move, ...given }: MoveCall): string | null {
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const facts = move === 'set' ? null : factsOf(move);
  const needed = facts === null ? ['knob', 'value'] : facts.of === 'stage' ? ['stage'] : [];
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) return `${move} needs ${missing.join(' and ')}`;
  const taken = [...needed, ...(facts?.number ? [facts.number.name] : [])];
  const unknown = names.filter((name) => !taken.includes(name));
  if (unknown.length > 0) return `${move} takes no ${unknown.join(' and no ')}`;
  const limited = facts?.number;
  const number = limited && given[limited.name];
  if (limited === undefined || number === undefined) return null;
  const isRight = Number.isInteger(number) && number >= 1 && number <= limited.most;
  return isRight ? null : `${limited.name} of ${move} is a whole number from 1 to ${limited.most}`;
}

/** A move as rewrite.py takes it. */
export interface MoveAction extends Partial<Record<NumberName, number>> {
  type: MoveName;
  stage?: string;
}

export function moveAction({ move, stage, workers, items, megabytes, steps, threads }: MoveCall): MoveAction {
  if (move === 'set') throw new RangeError('set is an action of its own');
  const all = { type: move, stage, workers, items, megabytes, steps, threads };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as MoveAction;
}

/** As it stands among a specification's changes: `split_stage:decode`, `own_executor:decode workers=8`, `mtp`. */
export function moveText({ type, stage, ...numbers }: MoveAction): string {
  const number = Object.entries(numbers).map(([name, value]) => ` ${name}=${value}`);
  return `${type}${stage === undefined ? '' : `:${stage}`}${number.join('')}`;
}

const TEXT = /^([a-z_]+)(?::\s*(\S+))?(?:\s+([a-z]+)=(\d+))?$/i;

/** The move that a text among changes names; null for any other text. */
export function readMove(text: string): MoveAction | null {
  const [, name = '', stage, number, value] = TEXT.exec(text.trim()) ?? [];
  const move = name.toLowerCase();
  if (!isMoveName(move)) return null;
  const call: MoveCall = { move, stage, ...(number === undefined ? {} : { [number]: Number(value) }) };
  return moveProblem(call) === null ? moveAction(call) : null;
}

/** A move that a source allows, as the planner may name it. */
export interface OfferedMove {
  move: MoveName;
  stage?: string;
}
