/** Which paths, variables and folders beside the repository a command or the code names. */
import { describe, expect, it } from 'vitest';
import { besideNamedIn, pathsNamedIn, variablesNamedIn } from '../../../source/control/named-paths.js';

describe('pathsNamedIn', () => {
  it.each([
    ['--init outputs/base.pt', ['outputs/base.pt'], []],
    ['--output-dir outputs/new', [], []],
    ['python train.py --out=/scratch/out', [], ['/scratch/out']],
    [
      `--ckpt ~/runs/a --log $HOME/logs "\${HOME}/x y"`,
      [],
      ['/home/u/runs/a', '/home/u/logs', '/home/u/x', '/home/u/x y'],
    ],
    ['--out=~/runs/a --log=$HOME/logs', [], ['/home/u/runs/a', '/home/u/logs']],
    ['SAVE = os.path.expanduser("~/models")', [], ['/home/u/models']],
    ['ckpt: /data/out/ckpt.pt  # see https://example.org/a/b', [], ['/data/out/ckpt.pt']],
    [`--output-dir /scratch/out/$NODE_ID --log /scratch/log/\${NODE_ID}.txt`, [], []],
    ['PYTHONPATH=../lib python train.py', ['../lib'], []],
    // What stands behind the blank is sought as well, and not found.
    ['OUT = "/data/my models/a.pt"', ['models/a.pt'], ['/data/my', '/data/my models/a.pt']],
  ])('%s', (text, relative, absolute) => {
    expect(pathsNamedIn(text, '/home/u')).toEqual({ relative, absolute });
  });

  it('knows no home where there is none', () => {
    expect(pathsNamedIn('--out ~/runs/a --log $HOME/logs')).toEqual({ relative: [], absolute: [] });
  });
});

it('finds the variables that code, shells and configurations read', () => {
  const text = `os.environ["OUT"] os.environ.get('CKPT', "x") os.getenv("LOGS")
dir: \${oc.env:SCRATCH}/x  --to $TARGET/\${OTHER}`;
  expect(variablesNamedIn(text)).toEqual(['OUT', 'CKPT', 'LOGS', 'SCRATCH', 'TARGET', 'OTHER']);
});

describe('besideNamedIn', () => {
  it.each([
    ['PYTHONPATH=../lib:../other-lib python train.py', ['lib', 'other-lib']],
    ['PYTHONPATH=$PWD/../lib python train.py', ['lib']],
    ['sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))', ['lib']],
    ['os.path.join(os.path.dirname(__file__), "..", "lib/python")', ['lib']],
    ['open("data/a.txt"); name = "lib"', []],
    ['../../up', ['up']],
  ])('%s', (text, names) => {
    expect(besideNamedIn(text)).toEqual(names);
  });
});
