/** Decides as runs do: by odds, with what is built on the incumbent, and with sentinels. */

import { SENTINEL_AFTER_JOBS, watch } from '../../domain/belief/incumbent/drift.js';
import { MOST_CHILDREN, toldByChildren } from '../../domain/belief/incumbent/told-by-children.js';
import { agree, mean, type Noise, pooledNoise, withPrior } from '../../domain/belief/noise.js';
import {
  type Belief,
  beliefOf,
  beliefOfKept,
  LARGE_GAINS,
  leastGain,
  nextStep,
  oddsOf,
  type Step,
  USUAL_GAINS,
} from '../../domain/belief/odds.js';
import { prospectOf, stepByProspect } from '../../domain/belief/prospects.js';
import type { Decide, Job } from './decide.js';

interface Child {
  gain: number;
  runs: number[];
  at: number;
}

interface Incumbent {
  speed: number;
  runs: number[];
  /** Of each experiment that was built on it. */
  children: Child[];
  before: Incumbent | null;
  measuredAt: number;
}

export interface OddsRules {
  heedsChildren: boolean;
  watchesDrift: boolean;
  weighsRepeats: boolean;
  expectsLargeGains: boolean;
  calibratesAsNeeded: boolean;
}

export function oddsDecider(job: Job, steps: number, calibrationRuns: number, rules: OddsRules): Decide {
  const baseline = [job.measure(0), job.measure(0)];
  while (baseline.length < 1 + calibrationRuns && !(rules.calibratesAsNeeded && agree(baseline)))
    baseline.push(job.measure(0));
  const groups = [baseline];
  let incumbent: Incumbent = { speed: 0, runs: baseline, children: [], before: null, measuredAt: job.count() };
  let reopened: number[] = [];
  /** How much faster the machine is than at the start, as far as drifts were found. */
  let drifted = 0;

  const noiseNow = (runs: number[] = []) => withPrior(pooledNoise([...groups, runs]), steps);
  const ownBelief = ({ runs, before }: Incumbent, noise: Noise): Belief =>
    before
      ? beliefOfKept(runs, withChildren({ ...before, before: null }, noise), noise, leastGain(null, noise))
      : beliefOf(runs, noise);
  const withChildren = (of: Incumbent, noise: Noise): Belief => {
    const own = ownBelief(of, noise);
    const children = of.children.slice(-MOST_CHILDREN).map(({ runs }) => runs);
    return rules.heedsChildren ? toldByChildren(own, children, noise) : own;
  };
  const stepOf = (runs: readonly number[], against: Belief, noise: Noise): Step => {
    const least = leastGain(null, noise);
    const expected = rules.expectsLargeGains ? LARGE_GAINS : USUAL_GAINS;
    const odds = oddsOf(runs, against, noise, least, expected);
    if (!rules.weighsRepeats) return nextStep(odds, runs.length, against, noise);
    const compared = { runs, incumbent: against, isFixed: false, noise, least, expected };
    return stepByProspect(odds, compared, prospectOf(odds, compared));
  };
  const measureIncumbent = () => {
    incumbent.runs.push(job.measure(incumbent.speed));
    incumbent.measuredAt = job.count();
  };

  /** Measures the incumbent, and again where that departs; true where the machine has drifted. */
  const sentinel = (noise: Noise): boolean => {
    const before = ownBelief(incumbent, noise);
    const after = incumbent.measuredAt;
    const sentinels: number[] = [];
    for (let isOver = false; !isOver; isOver = sentinels.length === 2) {
      measureIncumbent();
      sentinels.push(incumbent.runs.at(-1)!);
      if (watch(sentinels, before, noise) === 'steady') return false;
    }
    const by = mean(sentinels) - before.mean;
    drifted += by;
    groups.push(incumbent.runs.slice(0, -2));
    const old = incumbent.children.filter(({ at }) => at <= after);
    const since = incumbent.children.filter(({ at }) => at > after);
    for (const child of old) child.runs = child.runs.map((run) => run + by);
    incumbent = { ...incumbent, runs: sentinels, before: null, children: old };
    const against = beliefOf(sentinels, noise);
    for (const child of since) {
      if (stepOf(child.runs, against, noise) === 'drop') incumbent.children.push(child);
      else reopened.push(child.gain);
    }
    return true;
  };

  const decide = (speed: number, isReopened = false) => {
    if (rules.watchesDrift && job.count() - incumbent.measuredAt >= SENTINEL_AFTER_JOBS) sentinel(noiseNow());
    let runs = [job.measure(speed)];
    let repeats: number[] = isReopened ? [...runs] : [];
    for (;;) {
      const noise = noiseNow(runs);
      const against = withChildren(incumbent, noise);
      const step = stepOf(runs, against, noise);
      const isOld = rules.watchesDrift && job.count() - incumbent.measuredAt >= SENTINEL_AFTER_JOBS;
      if (step === 'measure incumbent') measureIncumbent();
      else if (step === 'keep' && isOld) {
        if (sentinel(noise)) {
          groups.push(repeats);
          runs = [job.measure(speed)];
          repeats = [...runs];
        }
      } else if (step === 'measure candidate') {
        runs.push(job.measure(speed));
        repeats.push(runs.at(-1)!);
      } else {
        groups.push(repeats);
        if (step === 'drop') incumbent.children.push({ gain: speed - incumbent.speed, runs, at: job.count() });
        else incumbent = { speed, runs, children: [], before: incumbent, measuredAt: job.count() };
        return step === 'keep';
      }
    }
  };
  const claimed = () => withChildren(incumbent, noiseNow()).mean - mean(baseline) - drifted;
  const again = () => {
    const gains = reopened;
    reopened = [];
    return gains;
  };
  return Object.assign(decide, { claimed, again });
}
