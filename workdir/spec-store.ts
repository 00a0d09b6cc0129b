/**
 * Where specifications live: an experiment's row names its origin, and this file finds the specification behind it
 * (engine/plans, engine/requests, or made from the seed's or another experiment's one). They are written once and
 * never change.
 */
import { z } from 'zod';
import type { RepeatPurpose } from '../domain/belief/judgement.js';
import { withOwnFlags } from '../domain/command/launch-flags.js';
import type { RunConfig } from '../domain/formats/config.js';
import { type Spec, SpecSchema } from '../domain/formats/spec.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { rowOf } from '../domain/run/engine-state.js';
import type { ExperimentIdentity, ExperimentKind } from '../domain/run/experiment-record.js';
import { BASELINE_ID, bundleText } from '../domain/run/experiment-record.js';
import type { Failure } from '../domain/run/failure.js';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import type { Workdir } from './paths.js';

/** engine/plans/<iteration>.json: every proposal of a planning round; a row's origin names one by its index. */
export const PlanFileSchema = z.array(SpecSchema);
export type PlanFile = z.output<typeof PlanFileSchema>;

export async function writePlan(workdir: Workdir, iteration: number, plan: PlanFile): Promise<void> {
  await writeJsonAtomic(workdir.plan(iteration), plan);
}

/** `request` is checked where it enters (domain/protocol/steering-messages): it is a plain file name. */
export async function writeRequest(workdir: Workdir, request: string, spec: Spec): Promise<void> {
  await writeJsonAtomic(workdir.request(request), spec);
}

/**
 * The whole specification of an experiment: `name` is the experiment's own, `launch_command` is never empty.
 * A missing or malformed file is a RangeError or SyntaxError that names it.
 */
export async function specOf(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState,
  experiment: ExperimentIdentity,
): Promise<Spec> {
  const spec = await originalSpec(workdir, config, state, experiment);
  return { ...spec, name: experiment.name, launch_command: spec.launch_command || config.base_launch_command };
}

/** Adds to `known` what it lacks of these experiments' specifications; ids of no experiment are passed over. */
export async function readSpecs(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState,
  nodeIds: Iterable<string>,
  known: Map<string, Spec>,
): Promise<void> {
  for (const nodeId of nodeIds) {
    const row = state.experiments[nodeId];
    if (row && !known.has(nodeId)) known.set(nodeId, await specOf(workdir, config, state, row));
  }
}

async function originalSpec(
  workdir: Workdir,
  config: RunConfig,
  state: EngineState,
  experiment: ExperimentIdentity,
): Promise<Spec> {
  const { origin } = experiment;
  switch (origin.from) {
    case 'seed':
      return seedSpec(experiment.kind);
    case 'plan': {
      const path = workdir.plan(origin.iteration);
      const plan = parse(PlanFileSchema, await readJsonIfAny(path), path);
      const spec = plan[origin.index];
      if (!spec)
        throw new RangeError(
          `${path} has ${plan.length} experiments; ${experiment.nodeId} is its number ${origin.index}`,
        );
      return spec;
    }
    case 'user': {
      const path = workdir.request(origin.request);
      return parse(SpecSchema, await readJsonIfAny(path), path);
    }
    case 'repair': {
      const row = rowOf(state, origin.of);
      const failure = 'failure' in row.state ? row.state.failure : null;
      return repairSpec(await specOf(workdir, config, state, row), origin.of, origin.attempt, failure);
    }
    case 'repeat': {
      const repeated = await specOf(workdir, config, state, rowOf(state, origin.of));
      return {
        ...repeated,
        change_summary: `repeat ${origin.index} of ${origin.of}`,
        hypothesis: HYPOTHESES[origin.purpose],
        repeat_of: origin.of,
        repeat_index: origin.index,
      };
    }
    case 'bundle': {
      const specs = (of: readonly string[]) =>
        Promise.all(of.map((id) => specOf(workdir, config, state, rowOf(state, id))));
      const parts = await specs(origin.of);
      const parents = await specs(origin.of.map((id) => rowOf(state, id).parentId ?? BASELINE_ID));
      const [best] = await specs([experiment.parentId ?? BASELINE_ID]);
      return bundleSpec(
        origin.of,
        best!,
        parts.map((part, index) => ({ part, parent: parents[index]! })),
      );
    }
    case 'ceiling': {
      const { launch_command } = await specOf(workdir, config, state, rowOf(state, origin.of));
      return { ...seedSpec('headspace'), launch_command, change_summary: `headspace of ${origin.of}` };
    }
  }
}

/** What each part changes of the one that it was made of, in one experiment on the best. */
function bundleSpec(of: readonly string[], best: Spec, parts: readonly { part: Spec; parent: Spec }[]): Spec {
  const specs = parts.map(({ part }) => part);
  const moves = specs.flatMap((spec) => spec.moves ?? []);
  const text = bundleText(of);
  return SpecSchema.parse({
    name: 'bundle',
    goto: null,
    changes: [...new Set(specs.flatMap(({ changes }) => changes))],
    ...(moves.length > 0 ? { moves } : {}),
    launch_command: parts.reduce(
      (command, { part, parent }) => withOwnFlags(command, part.launch_command, parent.launch_command),
      best.launch_command,
    ),
    best_practices_tags: [...new Set(specs.flatMap((spec) => spec.best_practices_tags))],
    change_summary: `bundle of ${of.join(', ')}`,
    description: `The experiment ${text}: ${specs.map((spec) => spec.change_summary || spec.name).join('; ')}`,
    hypothesis: 'Changes that each bring less than can be told of them bring enough together.',
  });
}

function parse<T extends z.ZodType>(schema: T, value: unknown, path: string): z.output<T> {
  if (value === null) throw new RangeError(`${path} does not exist, but the run's events name it`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new SyntaxError(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

const HYPOTHESES = {
  calibration: 'Repeats of the same code show how much results vary by themselves.',
  confirmation: 'A result that was not luck is measured again.',
  sentinel: 'The machine is as fast as it was when this was measured before.',
  verification: 'The gain of the winner shows again, measured in turn with the baseline.',
} as const satisfies Record<RepeatPurpose, string>;

/** `description` goes on with what to mend, so that a planner's text and the failure stand in one place. */
function repairSpec(repaired: Spec, of: string, attempt: number, failure: Failure | null): Spec {
  const why = failure ? `: ${failure.message}` : '';
  return {
    ...repaired,
    change_summary: `${repaired.change_summary || repaired.name}, startup repair ${attempt}`,
    description: `${repaired.description}\n\nThe job of ${of} did not start${why}\nMake the same change so that it starts.`,
    retry_of: of,
    retry_attempt: attempt,
    retry_failure: failure,
  };
}

const SEED_TEXTS = {
  baseline: {
    changes: [],
    description: 'Run the unchanged pipeline to establish baseline metrics',
    change_summary: 'baseline',
    hypothesis: 'Baseline measurement',
    best_practices_tags: [],
  },
  headspace: {
    changes: ['cache_dataloader'],
    description: 'Wrap with CacheDataLoader for headspace analysis',
    change_summary: 'headspace',
    hypothesis: 'Measures upper bound of improvement from data loading optimization',
    best_practices_tags: [],
    _is_headspace: true,
  },
  mtp: {
    changes: ['mtp'],
    description:
      'Run pipeline in subprocess to avoid background data loading threads interfering with CUDA kernel launches',
    change_summary: 'subprocess MTP',
    hypothesis:
      'Subprocess isolation keeps CPU data loading work out of the training process, reducing interference with CUDA kernel launch scheduling',
    best_practices_tags: ['mtp'],
  },
} as const;

function seedSpec(kind: ExperimentKind): Spec {
  if (kind !== 'baseline' && kind !== 'headspace' && kind !== 'mtp') {
    throw new RangeError(`a seed is a baseline, headspace or mtp experiment, not ${kind}`);
  }
  return SpecSchema.parse({ name: kind, goto: null, ...SEED_TEXTS[kind] });
}
