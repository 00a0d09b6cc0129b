/**
 * What the measured history says about moves: follow a gain while it lasts, do not go past a loss, look between an
 * optimum's neighbours, and put together what was won separately.
 */
import { type Axis, axisValue } from './axes.js';
import { clampTo, type Direction, familyOf, type Move, scaled } from './scored-moves.js';
import { type Setting, settingWith } from './settings.js';
import type { Trial, Trials } from './trials.js';

/** Beyond a value that lost, the optimum is hardly to be found. */
const PAST_A_LOSS = 0.12;
const PAST_A_TIE = 0.4;
const TOWARDS_A_LOSS = 0.5;
/** A gain is expected to go on at half its size. */
const MOMENTUM = 0.5;
const PENDING = 0.5;
const UNTOUCHED = 0.08;
/**
 * The same turn of the same knobs did not gain on top of another experiment: it may here, but the less the more it
 * lost.
 */
const TIED_ELSEWHERE = 0.6;
const LOST_ELSEWHERE = 0.3;
const LOST_MUCH_ELSEWHERE = 0.05;
/** From this loss on it is much. */
const MUCH = 0.2;
/** Two values of a knob that are nearer to each other than this, as a ratio, act alike. */
const ALIKE = 1.15;

/**
 * The axis's other measured values with everything else as in the incumbent (the pool's size may differ, it follows).
 */
function neighbours(
  axis: Axis,
  incumbent: Trial,
  trials: Trials,
  pool: Axis | undefined,
): { value: number; speed: number }[] {
  const own = axisValue(axis, incumbent.setting);
  return trials.all.flatMap((trial) => {
    const speed = speedOrLoss(trial);
    const value = axisValue(axis, trial.setting);
    if (speed === null || value === own || !differsOnlyIn(axis, trial.setting, incumbent.setting, pool)) return [];
    return [{ value, speed }];
  });
}

/** A run that failed says of its setting what a very slow one says. */
function speedOrLoss({ speed, entry }: Trial): number | null {
  if (speed !== null) return speed;
  const byJob = entry.failure?.phase === 'job' && entry.failure.kind !== 'wrong_source';
  return entry.status === 'failed' && byJob ? 0 : null;
}

function differsOnlyIn(axis: Axis, a: Setting, b: Setting, pool: Axis | undefined): boolean {
  if ([...a.structure].sort().join() !== [...b.structure].sort().join()) return false;
  const follows = axis.role === 'concurrency' ? pool?.knob.id : undefined;
  return Object.keys(b.values).every((id) => id === axis.knob.id || id === follows || a.values[id] === b.values[id]);
}

/** Corrects what the statistics suggest by what was measured. */
export function weighByHistory(move: Move, axes: readonly Axis[], incumbent: Trial, trials: Trials): Move {
  const pool = axes.find(({ role }) => role === 'threads');
  const known = scaled(followed(move, axes, incumbent, trials, pool), experienceOf(move, incumbent, trials));
  const weighed = turnsUntouchedBuffer(move, axes, trials)
    ? { ...known, gain: Math.max(known.gain, UNTOUCHED) }
    : known;
  const pending = trials.all.some(
    ({ entry, setting }) => entry.status === 'open' && asksTheSame(weighed, setting, incumbent.setting),
  );
  return pending ? scaled(weighed, PENDING) : weighed;
}

function followed(move: Move, axes: readonly Axis[], incumbent: Trial, trials: Trials, pool: Axis | undefined): Move {
  const axis = axes.find(
    ({ knob, role }) => (role !== 'threads' || Object.keys(move.values).length === 1) && knob.id in move.values,
  );
  const single = Object.keys(move.values).filter((id) => id !== pool?.knob.id).length <= 1;
  if (!axis || !single || incumbent.speed === null) return move;
  const now = axisValue(axis, incumbent.setting);
  const target = move.values[axis.knob.id]!;
  const sign = Math.sign(target - now);
  const tried = neighbours(axis, incumbent, trials, pool);
  const ahead = tried
    .filter(({ value }) => Math.sign(value - now) === sign)
    .sort((a, b) => Math.abs(a.value - now) - Math.abs(b.value - now));
  const behind = tried
    .filter(({ value }) => Math.sign(value - now) === -sign)
    .sort((a, b) => Math.abs(a.value - now) - Math.abs(b.value - now));
  const nearest = ahead[0];
  if (nearest) {
    const loss = 1 - nearest.speed / incumbent.speed;
    const isPast = Math.abs(target - now) >= Math.abs(nearest.value - now);
    if (loss < trials.noise) return scaled(move, PAST_A_TIE);
    return scaled(move, isPast ? PAST_A_LOSS : TOWARDS_A_LOSS);
  }
  const before = behind[0];
  if (before && before.speed > 0) {
    const gain = incumbent.speed / before.speed - 1;
    if (gain < trials.noise) return scaled(move, PAST_A_TIE);
    return { ...move, gain: Math.max(move.gain, MOMENTUM * Math.min(gain, 1)) };
  }
  return move;
}

/**
 * No statistic shows what a buffer is worth; its first try comes before the fine tuning of what is known, and costs but
 * memory.
 */
function turnsUntouchedBuffer(move: Move, axes: readonly Axis[], trials: Trials): boolean {
  const isLater = trials.all.some(({ entry }) => entry.kind === 'planned' && entry.status === 'completed');
  return (
    isLater &&
    Object.entries(move.values).some(
      ([id, value]) =>
        axes.some(({ knob, role }) => knob.id === id && role === 'buffer') &&
        trials.base.values[id]! < value &&
        trials.all.every(({ setting }) => setting.values[id] === trials.base.values[id]),
    )
  );
}

/** What became of turning the same knobs in the same directions on top of other experiments. */
function experienceOf(move: Move, incumbent: Trial, trials: Trials): number {
  const byId = new Map(trials.all.map((trial) => [trial.entry.nodeId, trial]));
  const own = turnsOf(settingAfter(move, incumbent), incumbent.setting);
  const outcomes = trials.all.flatMap((trial) => {
    const start = startOf(trial, byId);
    const speed = speedOrLoss(trial);
    if (!start || start.speed === null || speed === null) return [];
    const turns = turnsOf(trial.setting, start.setting);
    const isSame = turns.size === own.size && [...turns].every((turn) => own.has(turn));
    // Where fewer of one was too few, fewer of several is, too.
    const isPart = turns.size > 0 && [...turns].every((turn) => turn.endsWith(DOWN) && own.has(turn));
    return (isSame && start !== incumbent) || (isPart && turns.size < own.size) ? [speed / start.speed - 1] : [];
  });
  const last = outcomes.at(-1);
  if (last === undefined || last >= trials.noise) return 1;
  if (last > -trials.noise) return TIED_ELSEWHERE;
  return last > -MUCH ? LOST_ELSEWHERE : LOST_MUCH_ELSEWHERE;
}

const DOWN = ' down';

function turnsOf(to: Setting, from: Setting): Set<string> {
  const turns = Object.keys(to.values).flatMap((id) => {
    const by = Math.sign(to.values[id]! - (from.values[id] ?? 0));
    return by === 0 ? [] : [`${id}${by > 0 ? ' up' : DOWN}`];
  });
  return new Set([...turns, ...to.structure.filter((change) => !from.structure.includes(change))]);
}

function asksTheSame(move: Move, open: Setting, incumbent: Setting): boolean {
  const ids = Object.keys(move.values);
  return (
    ids.some(
      (id) =>
        Math.sign((open.values[id] ?? 0) - (incumbent.values[id] ?? 0)) ===
        Math.sign(move.values[id]! - (incumbent.values[id] ?? 0)),
    ) || move.structure.some((change) => open.structure.includes(change))
  );
}

/** Between the incumbent and its nearest measured neighbour on either side. */
export function refinements(axes: readonly Axis[], incumbent: Trial, trials: Trials): Move[] {
  const pool = axes.find(({ role }) => role === 'threads');
  return axes
    .filter(({ role }) => role === 'concurrency' || role === 'threads')
    .flatMap((axis) => {
      const now = axisValue(axis, incumbent.setting);
      const tried = neighbours(axis, incumbent, trials, pool);
      return (['up', 'down'] as Direction[]).flatMap((direction): Move[] => {
        const sign = direction === 'up' ? 1 : -1;
        const [nearest] = tried
          .filter(({ value }) => Math.sign(value - now) === sign)
          .sort((a, b) => Math.abs(a.value - now) - Math.abs(b.value - now));
        if (!nearest) return [];
        const middle = clampTo(axis, Math.sqrt(nearest.value * now));
        const isAlike = (value: number) => Math.max(value / middle, middle / value) < ALIKE;
        if (isAlike(now) || isAlike(nearest.value)) return [];
        const loss = Math.max(0, 1 - nearest.speed / incumbent.speed!);
        return [
          {
            values: { [axis.knob.id]: middle },
            structure: [],
            gain: 0.02 + Math.min(0.05, 0.2 * loss),
            why: `${now} beat ${nearest.value}: the best value may lie between them.`,
            family: `${familyOf(axis, direction)}:refine`,
          },
        ];
      });
    });
}

/** What gained on another branch and is not in the incumbent. */
export function combinations(incumbent: Trial, trials: Trials): Move[] {
  const byId = new Map(trials.all.map((trial) => [trial.entry.nodeId, trial]));
  return trials.all.flatMap((trial): Move[] => {
    if (trial === incumbent || trial.speed === null) return [];
    const start = startOf(trial, byId);
    const startSpeed = start?.speed ?? 1;
    const gain = trial.speed / startSpeed - 1;
    if (gain < trials.noise) return [];
    const from = start?.setting ?? trials.base;
    const changed = Object.entries(trial.setting.values).filter(([id, value]) => from.values[id] !== value);
    const structure = trial.setting.structure.filter(
      (change) => !from.structure.includes(change) && !incumbent.setting.structure.includes(change),
    );
    // Where the incumbent has itself moved a knob, its own value was won and stays.
    const missing = changed.filter(
      ([id, value]) => incumbent.setting.values[id] === from.values[id] && incumbent.setting.values[id] !== value,
    );
    if (missing.length === 0 && structure.length === 0) return [];
    return [
      {
        values: Object.fromEntries(missing),
        structure,
        gain: 0.6 * Math.min(1, gain),
        why: `${trial.entry.nodeId} gained ${(gain * 100).toFixed(0)}% by itself; together with the best it may add up.`,
        family: `combine:${trial.entry.nodeId}`,
        isProven: true,
      },
    ];
  });
}

function startOf(trial: Trial, byId: ReadonlyMap<string, Trial>): Trial | undefined {
  const { stacks_on: stacksOn } = trial.entry.spec as { stacks_on?: unknown };
  return byId.get(typeof stacksOn === 'string' ? stacksOn : (trial.entry.parentId ?? ''));
}

/** The setting that a move leads to. */
export function settingAfter(move: Move, incumbent: Trial): Setting {
  return settingWith((move.from ?? incumbent).setting, move.values, move.structure);
}
