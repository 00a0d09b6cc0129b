/**
 * Moves that change how the pipeline is built, where the incumbent's statistics show what each is for: a stage that
 * waits for threads, tasks so short that handing them over costs more, a slow item that holds others up. Without such a
 * sign none is proposed.
 */
import { wholeSize } from '../../domain/evidence/kept-results.js';
import type { StageReading } from '../../domain/memory/stage-rules.js';
import { milliseconds } from '../../domain/memory/stage-sentences.js';
import { isMoveName, type MoveAction, type MoveName, moveProblem, moveText } from '../../domain/proposals/moves.js';
import type { Move } from './scored-moves.js';
import type { Situation } from './situation.js';

/** A task that waits for a thread for this share of its time has something to gain from threads of its own. */
const WAITS_FOR_THREAD = 0.2;
/** Seconds: what SPDL does for each task takes about a tenth of this, so that several items a task save most of it. */
const SHORT_TASK_S = 0.0005;
/** A loop that waits for data for more than this share of a step has something to gain from its pipeline. */
const CLEAR_WAIT = 0.1;
/** Up to this share of the machine's cores in use, a decoder with a second thread takes nothing from another. */
const IDLE_CORES = 0.5;
/** What a plain disk gives while others use it, too. */
const DISK_BYTES_PER_S = 200e6;
/** Files hold a little more than what they stand for. */
const ROOM = 1.2;
const ITEMS_A_TASK = 16;
const BUFFERED = 16;

interface Worth {
  gain: number;
  why: string;
  /** Its number, where the default is not meant. */
  with?: Partial<Pick<MoveAction, 'items' | 'workers' | 'steps' | 'threads' | 'megabytes'>>;
}

export function structureMoves(situation: Situation): Move[] {
  const { survey, setting } = situation;
  return (survey.moves ?? []).flatMap(({ move, stage, possible }): Move[] => {
    if (!possible || !isMoveName(move) || isMade(move, stage, setting.structure)) return [];
    const worth = worthOf(move, stage, situation);
    if (worth === null) return [];
    const change = moveText({ type: move, ...(stage === undefined ? {} : { stage }), ...worth.with });
    return [{ values: {}, structure: [change], gain: worth.gain, why: worth.why, family: change.split(' ')[0]! }];
  });
}

function isMade(move: MoveName, stage: string | undefined, structure: readonly string[]): boolean {
  const name = stage === undefined ? move : `${move}:${stage}`;
  return structure.some((change) => change.split(' ')[0] === name);
}

function worthOf(move: MoveName, stage: string | undefined, situation: Situation): Worth | null {
  const { diagnosis, headroom } = situation;
  const room = Math.max(0, Math.min(1, headroom - 1));
  if (stage === undefined) return worthForPipeline(move, situation, room);
  const reading = diagnosis.stages.find((each) => each.stage.function === stage);
  return reading === undefined ? null : worthForStage(move, stage, reading, situation, room);
}

function worthForStage(
  move: MoveName,
  name: string,
  reading: StageReading,
  { diagnosis, cpuUse, hasGpu, kept }: Situation,
  room: number,
): Worth | null {
  const isBottleneck = diagnosis.bottleneck === reading;
  const waits = reading.threadWaitShare ?? 0;
  const taskS = reading.stage.aveTimeS;
  const isShort = taskS !== null && taskS < SHORT_TASK_S;
  switch (move) {
    case 'own_executor':
      if (waits < WAITS_FOR_THREAD) return null;
      return {
        gain: 0.4 * room * waits,
        why: `\`${name}\` waits for a thread for ${(waits * 100).toFixed(0)}% of its time: with threads of its own it would not.`,
      };
    case 'cache_stage':
      if (!isBottleneck) return null;
      return {
        gain: 0.15 * room,
        why: `\`${name}\` is the bottleneck and makes the same of the same item each time: from the second time on it need not.`,
      };
    case 'cache_on_disk': {
      const measured = kept.findLast((each) => each.stage === name);
      const size = measured ? wholeSize(measured) : null;
      if (!isBottleneck || taskS === null || size === null) return null;
      const readS = size / (measured!.items + measured!.missed) / DISK_BYTES_PER_S;
      const megabytes = Math.ceil((ROOM * size) / 2 ** 20);
      if (readS > taskS / 2 || moveProblem({ move, stage: name, megabytes }) !== null) return null;
      return {
        gain: 0.15 * room,
        why: `What \`${name}\` makes takes ${megabytes} MB, more than memory had room for: read from disk, it need not be made again.`,
        with: { megabytes },
      };
    }
    case 'batch_in_stage':
      if (!isShort || !(isBottleneck || diagnosis.gilBound)) return null;
      return {
        gain: 0.25 * room,
        why: `A task of \`${name}\` takes ${milliseconds(taskS!)}: handing it over costs as much, and would be done once for ${ITEMS_A_TASK} items.`,
        with: { items: ITEMS_A_TASK },
      };
    case 'merge_stages':
      if (!isShort || !diagnosis.gilBound) return null;
      return {
        gain: 0.1 * room,
        why: `\`${name}\` and the stage after it are so short that handing items over weighs.`,
      };
    case 'await_stage':
      if (!isBottleneck && waits < WAITS_FOR_THREAD && diagnosis.threads?.starved !== true) return null;
      return { gain: 0.3 * room, why: `\`${name}\` holds a thread only to wait: awaited, it holds none.` };
    case 'output_order':
      if (diagnosis.fetchShare === null || diagnosis.fetchShare < CLEAR_WAIT) return null;
      return {
        gain: 0.12 * room,
        why: `\`${name}\` keeps the order of its items: a slow one holds up all that are done.`,
      };
    case 'load_npz':
      if (!isBottleneck && !diagnosis.gilBound) return null;
      return {
        gain: 0.2 * room,
        why: `\`${name}\` reads archives under the interpreter’s lock: SPDL’s reader does not.`,
      };
    case 'nvdec':
      if (!isBottleneck || !hasGpu) return null;
      return {
        gain: 0.5 * room,
        why: `\`${name}\` is the bottleneck and decodes video on the CPU: the GPU has decoders of its own.`,
      };
    case 'decoder_threads':
      if (!isBottleneck || cpuUse === null || cpuUse > IDLE_CORES) return null;
      return {
        gain: 0.12 * room,
        why: `\`${name}\` is the bottleneck and decodes with one thread an item, while cores are idle.`,
        with: { threads: cpuUse > IDLE_CORES / 2 ? 2 : 4 },
      };
    default:
      // Splits have rules of their own (pipeline-moves.ts).
      return null;
  }
}

function worthForPipeline(move: MoveName, { diagnosis }: Situation, room: number): Worth | null {
  const { fetchShare, threads } = diagnosis;
  const waits = fetchShare !== null && fetchShare > CLEAR_WAIT;
  switch (move) {
    case 'priority_executor':
      if (threads?.starved !== true) return null;
      return {
        gain: 0.08 * room,
        why: 'Stages wait for the threads that they share: with priorities, what is nearly done is finished first.',
      };
    case 'buffers':
      if (!waits || diagnosis.bottleneck !== null) return null;
      return {
        gain: 0.1 * room,
        why: 'The loop waits although no stage of the subprocess holds up the others: more batches may wait between the two.',
        with: { items: BUFFERED },
      };
    case 'arena':
      if (!waits || diagnosis.bottleneck !== null) return null;
      return {
        gain: 0.05 * room,
        why: 'The loop waits for batches to come out of the subprocess: shared memory copies less.',
      };
    case 'continuous_source':
      if (!waits || diagnosis.bottleneck !== null) return null;
      return {
        gain: 0.12 * room,
        why: 'The loop waits although no stage holds up the others, and each epoch begins with empty buffers: one pipeline may go on over all of them.',
      };
    case 'mtp_off':
      if (!waits) return null;
      return {
        gain: 0.04 * room,
        why: 'The loop waits for a subprocess: what crosses over may cost more than it saves.',
      };
    case 'gc_interval':
      // Data is ready in time, and the loop is slower than with cached data all the same.
      if (diagnosis.limit !== 'compute' || room <= 0.03) return null;
      return {
        gain: 0.3 * room,
        why: 'Data is ready, and yet steps are slower than with cached data: garbage may be collected in them.',
      };
    default:
      return null;
  }
}
