/** A move: what a proposal changes against the incumbent, what it is worth trying for, and why. */
import type { Prediction } from '../../domain/model/prediction.js';
import type { Axis } from './axes.js';
import type { Trial } from './trials.js';

export interface Move {
  /** New values of knobs, by id. */
  values: Record<string, number>;
  /** Structural changes that it adds. */
  structure: string[];
  /** Expected relative gain, for ordering only: 0.2 = a fifth faster. */
  gain: number;
  /** One sentence for the hypothesis. */
  why: string;
  /** Moves of one family answer the same question; few of them run in one round. */
  family: string;
  /** The move repeats what was measured elsewhere, or as a part of the best, and is no guess. */
  isProven?: boolean;
  /** What it starts from, where that is not the incumbent. */
  from?: Trial;
  /** The experiment whose change it leaves out of the incumbent. */
  without?: string;
  /** It changes what is trained on: it runs only where that is allowed, and nothing is built on it. */
  work?: 'other_work';
  /** Against the incumbent, by the pipeline's model; absent where that knows nothing of it. */
  predicted?: Prediction;
}

export type Direction = 'up' | 'down';

export function familyOf(axis: Axis, direction: Direction): string {
  return `${axis.knob.id}:${direction}`;
}

/** Within the axis's limits; a whole number. */
export function clampTo(axis: Axis, value: number): number {
  return Math.min(axis.most, Math.max(axis.least, Math.round(value)));
}

export function scaled(move: Move, factor: number): Move {
  return { ...move, gain: move.gain * factor };
}
