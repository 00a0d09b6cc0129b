// Shape: visdet's planned SPDL loader (a class with _build_pipeline and __iter__), SPDL issue #1258 (pickle.load in
// dataset.__getitem__ as a stage) and the registry and Python configuration files of OpenMMLab code.
import { broken } from '../facts.mjs';

export default {
  script: 'tools/train.py',
  launch: '{python} tools/train.py configs/small.py --cfg-options train_dataloader.num_workers=2',
  before: ({ python }) => python('make_data.py'),
  right: 'the loop of EpochRunner.train is timed; num_workers is found, or it is said that nothing could be followed',
  check: (facts) => [
    ...broken({
      'the exit code is 0': facts.exitCode === 0,
      'the baseline is measured': facts.baseline > 0,
    }),
    ...(facts.isShort
      ? []
      : broken({
          'the headspace is measured': facts.rate('000_headspace') > facts.baseline,
          'num_workers wins, or it is said that no setting could be followed':
            facts.bestRate > 1.2 * facts.baseline || /could not be followed|cannot see where/.test(facts.printed),
        })),
  ],
};
