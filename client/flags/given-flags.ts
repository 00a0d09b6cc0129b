/** Which of a run's flags a person gave, as config.json holds them. */
import type { RunFlag } from './run-flag.js';
import { RUN_FLAGS } from './run-flags.js';

/** One flag that was given, with its value as config.json holds it. */
export interface GivenFlag {
  flag: RunFlag;
  value: unknown;
}

/** The flags that were given; `options` are commander's values, absent for a flag that was not. */
export function givenFlags(options: Readonly<Record<string, unknown>>): GivenFlag[] {
  return RUN_FLAGS.filter((each) => options[each.option] !== undefined).map((each) => ({
    flag: each,
    value: each.read(options[each.option]),
  }));
}
