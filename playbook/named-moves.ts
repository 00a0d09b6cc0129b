/**
 * Moves that a plan names: which the source allows, and a specification in which they stand among the changes and in
 * the launch command, so that whoever reads those sees them.
 */
import { withFlag } from '../domain/command/launch-flags.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import { wholeSize } from '../domain/evidence/kept-results.js';
import type { Spec } from '../domain/formats/spec.js';
import {
  isMoveName,
  type MoveCall,
  type MoveName,
  moveAction,
  moveText,
  type OfferedMove,
} from '../domain/proposals/moves.js';
import { setChange } from './changes.js';
import { hasGpu } from './search/situation.js';
import type { Survey } from './survey.js';

/**
 * `evidence`: what jobs must have told before some moves are offered. Of a cache that is to hold more than memory does,
 * how much that is; of the GPU's decoder, that there is a GPU.
 */
export function offeredMoves(
  { moves = [] }: Survey,
  evidence: Readonly<Record<string, Pick<Evidence, 'kept' | 'system'>>> = {},
): OfferedMove[] {
  const jobs = Object.values(evidence);
  const told: Partial<Record<MoveName, (stage?: string) => boolean>> = {
    cache_on_disk: (stage) =>
      jobs.some(({ kept = [] }) => kept.some((each) => each.stage === stage && wholeSize(each) !== null)),
    nvdec: () => jobs.some(({ system }) => hasGpu(system)),
  };
  return moves.flatMap(({ move, stage, possible }) =>
    possible && isMoveName(move) && (told[move]?.(stage) ?? true)
      ? [{ move, ...(stage === undefined ? {} : { stage }) }]
      : [],
  );
}

export type WrittenOut = { ok: true; spec: Spec } | { ok: false; reason: string };

/**
 * `survey`: of the code that the plan is about; `isOfStart`: the specification starts from that very code, so that what
 * the survey refuses cannot be done. Other code, or a move before, may have knobs that the survey does not know (those
 * of the halves of a split): they are looked for when the change is made, and a wrong name is refused then.
 */
export function writtenOut(
  spec: Spec,
  { survey, isOfStart, baseLaunchCommand }: { survey: Survey; isOfStart: boolean; baseLaunchCommand: string },
): WrittenOut {
  let command = spec.launch_command;
  const changes: string[] = [];
  for (const call of spec.moves ?? []) {
    const isSurveyed = isOfStart && changes.length === 0;
    if (call.move !== 'set') {
      const problem = isSurveyed ? whyNot(call, survey) : null;
      if (problem !== null) return { ok: false, reason: problem };
      changes.push(moveText(moveAction(call)));
      continue;
    }
    const knob = survey.knobs.find(({ id }) => id === call.knob);
    if (!knob && !isSurveyed) {
      changes.push(setChange({ id: call.knob! }, call.value!));
    } else if (!knob) {
      const known = survey.knobs.map(({ id }) => id).slice(0, 20);
      return { ok: false, reason: `there is no knob ${JSON.stringify(call.knob)}; there are ${known.join(', ')}` };
    } else if (knob.where.type === 'flag') {
      command = withFlag(command || baseLaunchCommand, knob.where.flag, call.value!, scriptName(survey));
    } else changes.push(setChange(knob, call.value!));
  }
  const added = changes.filter((change) => !spec.changes.includes(change));
  return { ok: true, spec: { ...spec, launch_command: command, changes: [...added, ...spec.changes] } };
}

/** Of the first move only: what a later one may do depends on the ones before it. */
function whyNot({ move, stage }: MoveCall, { moves = [] }: Survey): string | null {
  const asked = moves.find((each) => each.move === move && each.stage === stage);
  if (asked?.possible) return null;
  if (asked) return asked.reason;
  const stages = moves.filter((each) => each.move === move).map((each) => each.stage);
  return `there is no stage ${JSON.stringify(stage)}; there are ${stages.join(', ') || 'none'}`;
}

function scriptName({ script }: Survey): string {
  return script.split('/').at(-1)!;
}

/** The changes of a specification that its moves do not make: what an agent has to write. */
export function freeChanges({ changes, moves = [] }: Spec): string[] {
  const made = new Set(
    moves.map((call) =>
      call.move === 'set' ? setChange({ id: call.knob! }, call.value!) : moveText(moveAction(call)),
    ),
  );
  return changes.filter((change) => !made.has(change));
}
