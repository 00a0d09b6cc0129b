// Shape: src layout, `source env.sh`, PYTHONPATH in the command, an abbreviated flag (--epoch), a REMAINDER argument with odd
// signs, YAML with anchors and merge keys (SPDL examples/hydra_integration for YAML).
import { execFileSync } from 'node:child_process';
import { broken } from '../facts.mjs';

export default {
  script: 'src/segtrain/cli.py',
  launch:
    "set -o pipefail; source env.sh && PYTHONPATH=src:$PYTHONPATH {python} -m segtrain.cli --cfg conf/base.yaml --epoch 1 note 'x; y'",
  right: '`workers` in conf/base.yaml is changed where it stands, once, anchors and comments kept; it wins',
  check: (facts) => {
    const basics = broken({
      'the exit code is 0': facts.exitCode === 0,
      'the baseline is near 2 samples in 5 ms': facts.baseline > 100 && facts.baseline < 400,
    });
    if (facts.isShort || basics.length > 0) return basics;
    const git = (...args) => execFileSync('git', ['-C', facts.source, ...args], { encoding: 'utf8' });
    const commits = [facts.commitOf('000_baseline'), facts.commitOf(facts.best)];
    const changed = git('diff', '--unified=0', ...commits, '--', 'conf/base.yaml');
    const plain = changed.split('\n').filter((line) => /^\+ /.test(line));
    return broken({
      'the change is in conf/base.yaml': /^\+\+\+ b\/conf\/base\.yaml$/m.test(changed),
      'one line changes, with its comment': plain.length === 1 && /workers: \d+ {8}# reader threads/.test(plain[0]),
      'more workers win': facts.bestRate > 1.2 * facts.baseline,
    });
  },
};
