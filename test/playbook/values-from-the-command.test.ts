/**
 * Which number a job uses where the launch command, the environment or a shell script overrides what files and defaults
 * say.
 */
import { areInForce, HEAD, hydraScript, script } from './in-force-cases.js';

const targetScript = (use: string) => `${HEAD}import hydra
from hydra.utils import instantiate
def build(workers=7, threads=8):
    return PipelineBuilder().add_source(range(9)).pipe(read, concurrency=workers).add_sink(2).build(num_threads=threads)
class Loader:
    def __init__(self, path, workers=7):
        self.workers = workers
    def __iter__(self):
        yield from build(self.workers)
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    for x in ${use}:
        print(x)
if __name__ == "__main__":
    main()
`;
const LOADER = (workers: number) => ({
  'conf/config.yaml': `loader:\n  _target_: train.Loader\n  path: x\n  workers: ${workers}\n`,
});

areInForce('the value in force, of a command,', [
  {
    name: 'a class that _target_ names',
    script: targetScript('instantiate(cfg.loader)'),
    files: LOADER(2),
    command: 'python train.py',
    value: 2,
    knob: 'config:conf/config.yaml:/loader/workers',
  },
  {
    name: 'a function that _target_ names',
    script: targetScript('hydra.utils.call(cfg.pipe, threads=4)'),
    files: { 'conf/config.yaml': 'pipe:\n  _target_: __main__.build\n  workers: 2\n' },
    command: 'python train.py',
    value: 2,
    knob: 'config:conf/config.yaml:/pipe/workers',
  },
  {
    name: 'an override of what _target_ is given',
    script: targetScript('instantiate(cfg.loader)'),
    files: LOADER(7),
    command: 'python train.py loader.workers=2',
    value: 2,
    knob: 'flag:loader.workers',
    after: 'python train.py loader.workers=8',
  },
  {
    name: 'a given flag over set_defaults',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=7)
parser.set_defaults(**tomllib.load(open("c.toml", "rb")))
args = parser.parse_args()`,
      `args.workers`,
    ),
    files: {
      'c.toml': `workers = 2
batch = 3
`,
    },
    command: `python train.py --workers 5`,
    value: 5,
    knob: 'flag:--workers',
  },
  {
    name: 'OmegaConf.from_cli',
    script: script(`cfg = OmegaConf.merge(OmegaConf.load("c.yaml"), OmegaConf.from_cli())`, `cfg.workers`),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py workers=5`,
    value: 5,
    knob: 'flag:workers',
    after: 'python train.py workers=8',
  },
  {
    name: 'an interpolation of OmegaConf',
    script: script(`cfg = OmegaConf.load("c.yaml")`, `cfg.loader.workers`),
    files: {
      'c.yaml': `n: 2
loader:
  workers: \${n}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/n',
  },
  {
    name: 'a group of Hydra',
    script: hydraScript,
    files: {
      'conf/config.yaml': `defaults:
  - loader: fast
  - _self_
x: 1
`,
      'conf/loader/fast.yaml': `workers: 2
`,
      'conf/loader/slow.yaml': `workers: 4
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:conf/loader/fast.yaml:/workers',
  },
  {
    name: 'a group that the command chooses',
    script: hydraScript,
    files: {
      'conf/config.yaml': `defaults:
  - loader: fast
  - _self_
x: 1
`,
      'conf/loader/fast.yaml': `workers: 3
`,
      'conf/loader/slow.yaml': `workers: 2
`,
    },
    command: `python train.py loader=slow`,
    value: 2,
    knob: 'config:conf/loader/slow.yaml:/workers',
  },
  {
    name: '_self_ after a group',
    script: hydraScript,
    files: {
      'conf/config.yaml': `defaults:
  - loader: fast
  - _self_
loader:
  workers: 2
`,
      'conf/loader/fast.yaml': `workers: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:conf/config.yaml:/loader/workers',
  },
  {
    name: 'a group after _self_',
    script: hydraScript,
    files: {
      'conf/config.yaml': `defaults:
  - _self_
  - loader: fast
loader:
  workers: 3
`,
      'conf/loader/fast.yaml': `workers: 2
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:conf/loader/fast.yaml:/workers',
  },
  {
    name: 'an override of Hydra',
    script: hydraScript,
    files: {
      'conf/config.yaml': `defaults:
  - loader: fast
  - _self_
x: 1
`,
      'conf/loader/fast.yaml': `workers: 3
`,
    },
    command: `python train.py loader.workers=2`,
    value: 2,
    knob: 'flag:loader.workers',
    after: 'python train.py loader.workers=8',
  },
  {
    name: 'an assignment before the command',
    script: script(``, `int(os.environ.get("WORKERS", 7))`),
    files: {},
    command: `WORKERS=2 python train.py`,
    value: 2,
    knob: null,
  },
  {
    name: 'export before the command',
    script: script(``, `int(os.environ["WORKERS"])`),
    files: {},
    command: `export WORKERS=2 && python train.py`,
    value: 2,
    knob: null,
  },
  {
    name: 'a sourced file',
    script: script(``, `int(os.environ.get("WORKERS", "7"))`),
    files: {
      'env.sh': `# x
export WORKERS=2
export OTHER="a b"
`,
    },
    command: `source env.sh && python train.py`,
    value: 2,
    knob: null,
  },
  {
    name: 'a file sourced by a dot',
    script: script(``, `int(os.getenv("WORKERS") or 7)`),
    files: {
      'env.sh': `WORKERS=2
export WORKERS
`,
    },
    command: `. ./env.sh; python train.py`,
    value: 2,
    knob: null,
  },
  {
    name: 'env NAME=value',
    script: script(``, `int(os.environ.get("WORKERS", 7))`),
    files: {},
    command: `env WORKERS=2 python train.py`,
    value: 2,
    knob: null,
  },
  {
    name: 'a constant that the environment overrides',
    script: script(
      `WORKERS = 7
if "WORKERS" in os.environ:
    WORKERS = int(os.environ["WORKERS"])`,
      `WORKERS`,
    ),
    files: {},
    command: `WORKERS=2 python train.py`,
    value: 2,
    knob: 'code:train.py:WORKERS',
  },
  {
    name: 'a flag whose default is the environment',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS", 7)))
args = parser.parse_args()`,
      `args.workers`,
    ),
    files: {},
    command: `WORKERS=2 python train.py`,
    value: 2,
    knob: 'flag:--workers',
  },
  {
    name: 'oc.env',
    script: script(`cfg = OmegaConf.load("c.yaml")`, `int(cfg.workers)`),
    files: {
      'c.yaml': `workers: \${oc.env:WORKERS,7}
`,
    },
    command: `WORKERS=2 python train.py`,
    value: 2,
    knob: null,
  },
]);
