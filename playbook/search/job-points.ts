/**
 * What the run's jobs tell the model: those with the incumbent's structure of the whole pipeline, the others of the
 * stages that the changes between the two left as they were, or made of others.
 */

import { type OperatingPoint, operatingPoint } from '../../domain/model/operating-point.js';
import type { Carried } from '../../domain/model/other-structures.js';
import { type MoveAction, readMove } from '../../domain/proposals/moves.js';
import type { Axis } from './axes.js';
import { jointSetting } from './joint-turns.js';
import type { SearchInput } from './search-input.js';
import type { Setting } from './settings.js';
import { doesOtherWork } from './shorter-items.js';
import type { Trial, Trials } from './trials.js';

/** Of the jobs with the incumbent's structure, in their order. */
export function pointsOf(
  input: SearchInput,
  axes: readonly Axis[],
  incumbent: Trial,
  trials: Trials,
): OperatingPoint[] {
  const structure = structureOf(incumbent.setting);
  const surveyed = input.survey.pipelines.flatMap(({ stages }) => stages);
  const apart = new Set(surveyed.flatMap(({ function: name, executor }) => (executor ? [name] : [])));
  return trials.all.flatMap((trial) => {
    const point = structureOf(trial.setting) === structure ? pointOf(input, trial) : null;
    if (!point) return [];
    const known = jointSetting(input.survey, axes, trial.setting);
    const stages = point.stages.map((stage) => ({
      ...stage,
      hasOwnExecutor: stage.hasOwnExecutor || apart.has(stage.stage),
    }));
    const tasks = { ...point.setting.tasks, ...known.tasks };
    return [{ ...point, stages, setting: { ...point.setting, ...known, tasks } }];
  });
}

/** Of the other jobs, as the probe saw them: the survey is of the incumbent's code, and says nothing of theirs. */
export function carriedPoints(
  input: SearchInput,
  reference: OperatingPoint,
  incumbent: Trial,
  trials: Trials,
): Carried[] {
  return trials.all.flatMap((trial) => {
    const changes = changesBetween(trial.setting, incumbent.setting);
    const point = changes && changes.length > 0 ? pointOf(input, trial) : null;
    return point ? [{ point, ...madeOf(reference, point, changes!) }] : [];
  });
}

export const structureOf = ({ structure }: Setting) => [...structure].sort().join('\n');

/** Null where what the job did is not to be compared. */
function pointOf({ points, evidence }: SearchInput, { entry }: Trial): OperatingPoint | null {
  if (doesOtherWork({ entry }) || entry.result?.noEffect !== undefined) return null;
  const own = evidence[entry.nodeId];
  return points?.[entry.nodeId] ?? (own ? operatingPoint(own) : null);
}

interface Change {
  move: MoveAction;
  /** Made on the way from the job to the incumbent, or else taken back. */
  isMade: boolean;
}

/** Null where one of them is no move, and so may have changed anything. */
function changesBetween(from: Setting, to: Setting): Change[] | null {
  const between = [
    ...to.structure.filter((change) => !from.structure.includes(change)).map((text) => ({ text, isMade: true })),
    ...from.structure.filter((change) => !to.structure.includes(change)).map((text) => ({ text, isMade: false })),
  ];
  const changes = between.map(({ text, isMade }) => ({ move: readMove(text), isMade }));
  return changes.every((change): change is Change => change.move !== null) ? changes : null;
}

/** Nothing is told of a stage that does other things in one of the two. */
function madeOf(
  reference: OperatingPoint,
  point: OperatingPoint,
  changes: readonly Change[],
): Pick<Carried, 'same' | 'wholes'> {
  const merged: Carried['same'][number][] = [];
  const wholes: Carried['wholes'][number][] = [];
  const rebuilt = new Set<string>();
  const otherwise = new Set<string>();
  for (const { move, isMade } of changes) {
    const { type, stage } = move;
    // Threads of its own change how many tasks a stage may have under way, and not how long one takes.
    if (stage === undefined || type === 'own_executor') continue;
    if (type !== 'split_stage' && type !== 'merge_stages') {
      otherwise.add(stage);
      continue;
    }
    const parts = type === 'split_stage' ? halvesOf(stage) : mergedOf(stage, isMade ? point : reference);
    for (const each of [stage, ...(parts ?? [])]) rebuilt.add(each);
    if (parts === null) continue;
    if (isMade === (type === 'merge_stages')) merged.push({ stage, was: parts });
    else wholes.push({ was: stage, halves: parts });
  }
  const untouched = reference.stages.flatMap(({ stage }) => (rebuilt.has(stage) ? [] : [{ stage, was: [stage] }]));
  const isAlike = (...stages: readonly string[]) => stages.every((stage) => !otherwise.has(stage));
  return {
    same: [...merged, ...untouched].filter(({ stage, was }) => isAlike(stage, ...was)),
    wholes: wholes.filter(({ was, halves }) => isAlike(was, ...halves)),
  };
}

const halvesOf = (stage: string): [string, string] => [`${stage}_read`, `${stage}_compute`];

/** A merged stage goes by the first one's name; `apart`: a job in which they are two. */
function mergedOf(stage: string, apart: OperatingPoint): [string, string] | null {
  const at = apart.stages.findIndex((each) => each.stage === stage);
  const following = at < 0 ? undefined : apart.stages[at + 1];
  return following ? [stage, following.stage] : null;
}
