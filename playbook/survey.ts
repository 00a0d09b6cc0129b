/**
 * What the playbook sees in a source directory: the contract between survey.py (the target's own Python, `ast`) and the
 * search. Paths are relative to the source directory; knob ids are stable under edits that do not rename things.
 */
import { z } from 'zod';
import type { MoveAction } from '../domain/proposals/moves.js';

export const KNOB_ROLES = [
  'stage_concurrency',
  'num_threads',
  'batch_size',
  'sink_buffer',
  'stage_buffer',
  'prefetch',
  /** How much of each item a job takes (seconds of a clip, frames): turning it is other work. */
  'item_length',
  'other',
] as const;

export const KnobSchema = z.object({
  /**
   * `flag:--decode-workers`, `code:loader.py:DECODE_WORKERS`, `code:loader.py:make_pipeline.decode.concurrency`,
   * `config:cfg/train.yaml:/loader/workers`.
   */
  id: z.string(),
  role: z.enum(KNOB_ROLES),
  /** Function of the stage that it sets, where the code shows it. */
  stage: z.string().nullable(),
  /** Index in `pipelines`, where known. */
  pipeline: z.number().int().nullable(),
  where: z.discriminatedUnion('type', [
    /** A flag of the launch command (argparse): set by changing the command, no code change. */
    z.object({ type: z.literal('flag'), flag: z.string() }),
    /** A literal in Python: default of argparse not settable by flag, dataclass field, constant, keyword argument. */
    z.object({ type: z.literal('code'), file: z.string(), line: z.number().int() }),
    /** A numeric leaf of a JSON, YAML, TOML or INI file that the code reads. */
    z.object({ type: z.literal('config'), file: z.string(), pointer: z.string() }),
  ]),
  /** In force now (the launch command's flags included). */
  value: z.number(),
  /** 'dataflow': followed from the SPDL call; 'name': guessed from its name only. */
  confidence: z.enum(['dataflow', 'name']),
  /** Of a length: whether the code takes whole numbers alone. */
  whole: z.boolean().optional(),
});
export type Knob = z.infer<typeof KnobSchema>;

export const StageSchema = z.object({
  /** Position among the builder's calls, as in SPDL's own stage index: 0 = source. */
  index: z.number().int(),
  kind: z.enum(['source', 'pipe', 'aggregate', 'disaggregate', 'sink']),
  function: z.string(),
  concurrency: z.number().int().nullable(),
  /** Knob that sets its concurrency. */
  knob: z.string().nullable(),
  /**
   * Workers of the executor of its own that it runs in, which bound its concurrency; absent where it shares the
   * pipeline's.
   */
  executor: z.object({ value: z.number().int().nullable(), knob: z.string().nullable() }).optional(),
  /** The stage both waits (I/O, sleep, read) and computes, and can be split in two. */
  splittable: z.boolean(),
  /** Touches the GPU (CUDA, to(device), nvdec): stays out of a subprocess. */
  gpu: z.boolean(),
});

export const PipelineSchema = z.object({
  file: z.string(),
  line: z.number().int(),
  /** Qualified name of the function or method that builds it; '' at module level. */
  builtIn: z.string(),
  stages: z.array(StageSchema),
  numThreads: z.object({ value: z.number().int().nullable(), knob: z.string().nullable() }),
  sinkBuffer: z.object({ value: z.number().int().nullable(), knob: z.string().nullable() }),
  inSubprocess: z.boolean(),
  /** Whether MTP can be applied, and why not. */
  mtp: z.object({ possible: z.boolean(), reason: z.string() }),
});

export const SurveySchema = z.object({
  script: z.string(),
  /** The training loop, or why none was found. */
  loop: z.object({ file: z.string(), line: z.number().int(), iterable: z.string() }).nullable(),
  instrumented: z.boolean(),
  pipelines: z.array(PipelineSchema),
  knobs: z.array(KnobSchema),
  /** Whether the code decodes video. */
  decodesVideo: z.boolean(),
  /** What was not understood, in words for a person. */
  problems: z.array(z.string()),
  /** Which moves the code allows, and why not the others; absent where nobody asked. */
  moves: z
    .array(z.object({ move: z.string(), stage: z.string().optional(), possible: z.boolean(), reason: z.string() }))
    .optional(),
});
export type Survey = z.infer<typeof SurveySchema>;

/** What rewrite.py can do; several in one request are applied in order. */
export type RewriteAction =
  | { type: 'instrument' }
  /** `steps`: how many the loop takes in an epoch, where a run has shown it; else the rewrite finds out by itself. */
  /** `fed`: only where an SPDL pipeline is seen to feed the loop. */
  | { type: 'headspace'; steps?: number; fed?: true }
  | { type: 'set'; knob: string; value: number }
  | MoveAction;

export const RewriteResultSchema = z.object({
  /** New content of each changed or new file. */
  files: z.record(z.string(), z.string()),
  done: z.array(z.string()),
  /** What could not be rewritten, with the reason; nothing of that action is in `files`. */
  refused: z.array(z.object({ action: z.string(), reason: z.string() })),
});
export type RewriteResult = z.infer<typeof RewriteResultSchema>;
