/**
 * The playbook's grammar of changes, as they stand in a spec's `changes`: `<knob id>=<number>` (also the short forms
 * `<stage>.concurrency=8`, `num_threads=8`, `batch_size=64`, `sink_buffer=8`, flags, and these as reports tell of them:
 * `--num-threads=8`, `<stage> concurrency=8`, `num threads=8`), moves (`split_stage:<stage>`, `mtp`,
 * `own_executor:<stage> workers=8`) and `cache_dataloader`. Readable by people, and written by them when they add an
 * experiment.
 */
import { moveText, readMove } from '../domain/proposals/moves.js';
import type { Knob, RewriteAction, Survey } from './survey.js';

export type Change =
  | { type: 'action'; action: RewriteAction }
  /** Names a repair attempt; changes nothing by itself. */
  | { type: 'label' }
  | { type: 'unknown'; reason: string };

export const CACHE_DATALOADER = 'cache_dataloader';

export function setChange(knob: Pick<Knob, 'id'>, value: number): string {
  return `${knob.id}=${value}`;
}

/** `workers`: tasks of the first half, where the default is not meant. */
export function splitChange(stage: string, workers?: number): string {
  return moveText({ type: 'split_stage', stage, ...(workers === undefined ? {} : { workers }) });
}

const ASSIGNMENT = /^(.+?)\s*=\s*(-?\d+(?:\.\d+)?)$/;
const LABEL = /^startup_retry_\d+$/;

export function readChange(text: string, survey: Pick<Survey, 'knobs'>): Change {
  const change = text.trim();
  const lower = change.toLowerCase();
  if (lower === CACHE_DATALOADER) return { type: 'action', action: { type: 'headspace' } };
  if (LABEL.test(lower)) return { type: 'label' };
  const move = readMove(change);
  if (move) return { type: 'action', action: move };
  const assignment = ASSIGNMENT.exec(change);
  if (!assignment) {
    return {
      type: 'unknown',
      reason:
        `the playbook does not understand the change ${JSON.stringify(change)}: it goes by rules, and understands ` +
        `${assignments(survey.knobs)}moves like split_stage:NAME, and mtp`,
    };
  }
  const [, name, value] = assignment;
  const knob = findKnob(name!, survey.knobs);
  if (typeof knob === 'string') return { type: 'unknown', reason: knob };
  return { type: 'action', action: { type: 'set', knob: knob.id, value: Number(value) } };
}

/** The first knob is an example of how one is set. */
function assignments(knobs: readonly Knob[]): string {
  const [first] = knobs;
  return first === undefined ? '' : `KNOB=NUMBER (${first.id}=8; the knobs are ${knownKnobs(knobs)}), `;
}

function knownKnobs(knobs: readonly Knob[]): string {
  return knobs
    .map(({ id }) => id)
    .slice(0, 20)
    .join(', ');
}

/** The knob, or why there is none. */
function findKnob(name: string, knobs: readonly Knob[]): Knob | string {
  const wanted = name.toLowerCase();
  const exact = knobs.find(({ id }) => id === name) ?? knobs.find(({ id }) => id.toLowerCase() === wanted);
  const flag = knobs.find(({ where }) => where.type === 'flag' && where.flag === name);
  if (exact ?? flag) return (exact ?? flag)!;
  const spelt = wanted.replace(/[ _]+/g, '_');
  const matching = knobs.filter((knob) =>
    shortNames(knob).some((short) => short === wanted || asTold(short) === spelt),
  );
  if (matching.length === 1) return matching[0]!;
  if (matching.length > 1) {
    return `${JSON.stringify(name)} may mean ${matching.map(({ id }) => id).join(' or ')}: name one of them`;
  }
  return `there is no knob ${JSON.stringify(name)}; there are ${knownKnobs(knobs) || 'none'}`;
}

/** As reports tell of it: `decode concurrency 2 → 8`. */
function asTold(short: string): string {
  return short.replace(/\.concurrency$/, '_concurrency');
}

function shortNames(knob: Knob): string[] {
  if (knob.role === 'stage_concurrency') return knob.stage === null ? [] : [`${knob.stage.toLowerCase()}.concurrency`];
  return [knob.role];
}
