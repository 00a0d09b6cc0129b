// Shape: SPDL examples/performance_simulation: async stages made in a loop from one quoted flag with `;` in it, an endless
// source, a job that lasts a fixed time, own hook and queue classes (a probe that replaces SPDL's defaults sees nothing).
import { broken } from '../facts.mjs';

export default {
  script: 'simulate.py',
  launch: '{python} simulate.py --stage-configs "0.004,1,1;0.010,2,4" --run-duration 2',
  right: 'a rate is compared; the headspace is a ceiling or unknown; the flag survives its quotes',
  check: (facts) => [
    ...broken({
      'the exit code is 0': facts.exitCode === 0,
      // Two of 10 ms for groups of 4 items, behind one of 4 ms an item: about 45 groups of 4 in a second.
      'the baseline is a rate': facts.baseline > 20 && facts.baseline < 400,
    }),
    ...(facts.isShort
      ? []
      : broken({
          'a ceiling below the baseline is not believed':
            facts.rate('000_headspace') === null ||
            facts.rate('000_headspace') > 0.9 * facts.baseline ||
            /headspace: (not|unknown)/.test(facts.printed),
          'no ceiling below the baseline ends the run': !/stopped \(headspace_reached\)/.test(facts.printed),
        })),
  ],
};
