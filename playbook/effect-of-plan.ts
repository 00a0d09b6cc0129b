/** What a planned experiment does to the work of a job, as far as the code and the run's baseline tell it. */
import type { HistoryEntry } from '../agents/agent.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import type { Spec } from '../domain/formats/spec.js';
import { type Effect, effectOf } from '../domain/proposals/work-effect.js';
import type { Survey } from './survey.js';

type Knob = Survey['knobs'][number];

/** Numbers of the training, too. */
const NOT_LOADING: readonly Knob['role'][] = ['batch_size', 'item_length'];

/** `baseline`: what its job measured; absent where it has not ended. */
export function effectOfPlan(
  spec: Spec,
  baseCommand: string,
  {
    survey,
    history,
    baseline,
  }: { survey: Survey | null; history: readonly HistoryEntry[]; baseline: Evidence | undefined },
): Effect {
  const knobs = survey?.knobs ?? [];
  const maker = history.find(({ commit }) => spec.goto !== null && commit?.startsWith(spec.goto));
  return effectOf(spec, baseCommand, {
    loading: new Set(knobs.filter(({ role }) => !NOT_LOADING.includes(role)).flatMap(namesOf)),
    lengths: new Set(knobs.filter(({ role }) => role === 'item_length').flatMap(namesOf)),
    below: maker?.spec.work === 'other_work',
    before: {
      values: new Map(knobs.flatMap((knob) => namesOf(knob).map((name) => [name, knob.value] as const))),
      ...trained(baseline),
    },
  });
}

/** As a change set may name it. */
function namesOf({ id, role, where, stage }: Knob): string[] {
  const flag = where.type === 'flag' ? [where.flag] : [];
  const short = role === 'stage_concurrency' && stage !== null ? `${stage}.concurrency` : role;
  return [id, short, ...flag].map((name) => name.toLowerCase());
}

/** In one process. */
function trained(baseline: Evidence | undefined): { batchSize: number | null; steps: number | null } {
  const { count = 0, processes = 1, batchSize = null } = baseline?.steps ?? {};
  return { batchSize, steps: count > 0 ? count / processes : null };
}
