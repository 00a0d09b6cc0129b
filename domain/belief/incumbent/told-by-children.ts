/**
 * What experiments that build on one tell of its speed. Most changes bring nothing, so that most of them measure their
 * parent once more, without a job of its own. Each is its parent's equal, a gain or a loss, with what is likely of that
 * after its runs (a mixture, folded into one normal distribution after each), so that neither gains nor losses pull the
 * parent's speed with them.
 *
 * A best that was kept for a lucky run hides the gains over it: `node bench/believable.mjs` shows how many are found
 * so.
 */
import type { EngineState } from '../../run/engine-state.js';
import { newestEnded } from '../../run/newest-ended.js';
import { isCandidate } from '../confirmation-state.js';
import type { Verdict } from '../judgement.js';
import { mean, type Noise } from '../noise.js';
import { normalDensity } from '../normal.js';
import { type Belief, GAINS_DIFFER_BY, SHARE_OF_GAINS, TYPICAL_GAIN, varianceOfARun } from '../odds.js';
import { doubtOf, wasDisturbed } from '../repeats.js';

/** What changes do, in log speed: how often, by how much, and how much that differs. */
const CHANGES: readonly { share: number; by: number; differBy: number }[] = [
  // What brings nothing differs all the same: exact runs of others tell less than those of the code itself.
  { share: 0.62, by: 0, differBy: 0.01 },
  { share: SHARE_OF_GAINS, by: TYPICAL_GAIN, differBy: GAINS_DIFFER_BY },
  { share: 0.2, by: -0.06, differBy: 0.06 },
];

/** The newest ones tell enough, and tell it of the machine as it is now. */
export const MOST_CHILDREN = 20;

/** What is known of a parent's speed, with the log speeds of the runs of each of its children. */
export function toldByChildren(parent: Belief, children: readonly (readonly number[])[], noise: Noise): Belief {
  return children.reduce((known, runs) => withChild(known, mean(runs), varianceOfARun(noise) / runs.length), parent);
}

function withChild({ mean: speed, variance }: Belief, measured: number, ofMeasured: number): Belief {
  const cases = CHANGES.map(({ share, by, differBy }) => {
    const total = variance + ofMeasured + differBy ** 2;
    const surprise = measured - by - speed;
    const weight = variance / total;
    return {
      odds: (share * normalDensity(surprise / Math.sqrt(total))) / Math.sqrt(total),
      mean: speed + weight * surprise,
      variance: variance * (1 - weight),
    };
  });
  const all = cases.reduce((sum, { odds }) => sum + odds, 0);
  // A change of another kind (several times as fast, or as slow) tells nothing of its parent.
  if (all < LEAST_LIKELY) return { mean: speed, variance };
  const middle = cases.reduce((sum, each) => sum + (each.odds / all) * each.mean, 0);
  const spread = cases.reduce((sum, each) => sum + (each.odds / all) * (each.variance + (each.mean - middle) ** 2), 0);
  return { mean: middle, variance: spread };
}

/** A density in log speed: four standard deviations off for usual noise. */
const LEAST_LIKELY = 1e-6;

const KNOWN_OTHERWISE: readonly (Verdict | undefined)[] = ['keep', 'provisional', 'quarantine'];

/**
 * The newest experiments of the search that build on one and were measured without other work, in the order of their
 * ends. What is believed to be a gain, or not believed at all, is none of them.
 */
export function childrenOf(state: EngineState, nodeId: string, without: readonly string[] = []): string[] {
  return newestEnded(state)
    .filter((row) => row.parentId === nodeId && isCandidate(row) && !wasDisturbed(row))
    .filter((row) => !KNOWN_OTHERWISE.includes(row.judged?.verdict) && doubtOf(state, row.nodeId) === null)
    .slice(0, MOST_CHILDREN)
    .map((row) => row.nodeId)
    .filter((child) => !without.includes(child))
    .reverse();
}
