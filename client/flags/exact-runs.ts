/** Which numbers of repeats a person gave: such a number is made, where the default is the most that is needed. */
import type { EngineState } from '../../domain/run/engine-state.js';
import type { GivenFlag } from './given-flags.js';

/** Keys of config.json, those that were given before among them. */
export function exactRuns(given: readonly GivenFlag[], before: readonly string[]): string[] {
  const said = given.filter(({ flag }) => flag.adapts).map(({ flag }) => flag.key[0]);
  return [...new Set([...before, ...said])].sort();
}

/** For a person who gives such a number to a run that was set up without one; nobody is told where it is kept to. */
export function adaptingNotices(given: readonly GivenFlag[], state: EngineState | null): string[] {
  const rules = state?.confirmation?.rules;
  const adapting = [
    ...(rules?.calibratesAsNeeded ? ['calibration_runs'] : []),
    ...(rules?.verifiesAsNeeded ? ['verify_runs'] : []),
  ];
  return given
    .filter(({ flag }) => adapting.includes(flag.key[0]))
    .map(
      ({ flag, value }) =>
        `${flag.name} ${value} changes nothing: this run was set up to make as many as it needs; give the number when a run begins`,
    );
}
