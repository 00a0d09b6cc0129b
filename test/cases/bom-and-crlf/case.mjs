// Shape: a script saved by a Windows editor: byte order mark and CRLF (griffe #386, absolufy-imports #45, memory_profiler #384).
import { execFileSync } from 'node:child_process';
import { broken } from '../facts.mjs';

/** The script as the best experiment ran it. */
function scriptOf(facts) {
  return execFileSync('git', ['-C', facts.source, 'show', `${facts.commitOf(facts.best)}:train.py`]);
}

export default {
  script: 'train.py',
  launch: '{python} train.py --num-workers 2',
  right: 'instrumented with mark and line ends kept; --num-workers wins',
  check: (facts) => {
    const basics = broken({
      'the exit code is 0': facts.exitCode === 0,
      'the baseline is measured': facts.baseline > 0,
    });
    if (basics.length > 0) return basics;
    const script = scriptOf(facts);
    return [
      ...broken({
        'the mark is kept': script.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])),
        'each line ends as before': !/[^\r]\n/.test(script.toString('utf8')),
      }),
      ...(facts.isShort ? [] : broken({ 'more workers win': facts.bestRate > 1.2 * facts.baseline })),
    ];
  },
};
