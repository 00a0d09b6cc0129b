/** Which number a job uses where a default, a file, the command and the environment may each give one: the knob is where it stands. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type ManySurveys, manySurveys } from './many-surveys.js';

const HEAD = `import argparse, json, os, dataclasses, tomllib
import yaml
from dataclasses import dataclass
from omegaconf import OmegaConf
from spdl.pipeline import PipelineBuilder
def read(x):
    return x
`;

function script(body: string, workers: string): string {
  return `${HEAD}${body}
pipe = PipelineBuilder().add_source(range(9)).pipe(read, concurrency=${workers}).add_sink(2).build(num_threads=8)
for x in pipe:
    print(x)
`;
}

const hydraScript = `${HEAD}import hydra
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    pipe = (PipelineBuilder().add_source(range(9)).pipe(read, concurrency=cfg.loader.workers)
            .add_sink(2).build(num_threads=8))
    for x in pipe:
        print(x)
main()
`;

interface Case {
  name: string;
  script: string;
  files: Record<string, string>;
  command: string;
  /** How many at a time the job runs the stage. */
  value: number;
  /** Where that stands; null: in the expression of the script itself. */
  knob: string | null;
  /** As the launch command spells it. */
  flag?: string;
}

const cases: Case[] = [
  {
    name: 'setattr over a YAML mapping',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=7)
args = parser.parse_args()
with open(args.config) as f:
    loaded = yaml.safe_load(f)
for key, value in loaded.items():
    setattr(args, key, value)`,
      `args.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'setattr where the flag is None',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=None)
args = parser.parse_args()
loaded = yaml.safe_load(open(args.config))
for key, value in loaded.items():
    if getattr(args, key, None) is None:
        setattr(args, key, value)`,
      `args.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'vars(args).update',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=7)
args = parser.parse_args()
vars(args).update(json.load(open("c.json")))`,
      `args.workers`,
    ),
    files: {
      'c.json': `{"workers": 2, "batch": 3}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.json:/workers',
  },
  {
    name: 'args.__dict__.update',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=7)
args = parser.parse_args()
args.__dict__.update(json.load(open("c.json")))`,
      `args.workers`,
    ),
    files: {
      'c.json': `{"workers": 2, "batch": 3}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.json:/workers',
  },
  {
    name: 'a Namespace of a merged dict',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=7)
args = parser.parse_args()
args = argparse.Namespace(**{**vars(args), **json.load(open("c.json"))})`,
      `args.workers`,
    ),
    files: {
      'c.json': `{"workers": 2, "batch": 3}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.json:/workers',
  },
  {
    name: 'set_defaults from TOML',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=7)
known, _ = parser.parse_known_args()
parser.set_defaults(**tomllib.load(open("c.toml", "rb")))
args = parser.parse_args()`,
      `args.workers`,
    ),
    files: {
      'c.toml': `workers = 2
batch = 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.toml:/workers',
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
    name: 'dataclasses.replace with a mapping',
    script: script(
      `@dataclass
class Cfg:
    workers: int = 7
    batch: int = 1
cfg = dataclasses.replace(Cfg(), **json.load(open("c.json")))`,
      `cfg.workers`,
    ),
    files: {
      'c.json': `{"workers": 2, "batch": 3}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.json:/workers',
  },
  {
    name: 'setattr over a dataclass',
    script: script(
      `@dataclass
class Cfg:
    workers: int = 7
    batch: int = 1
cfg = Cfg()
for k, v in json.load(open("c.json")).items():
    if hasattr(cfg, k):
        setattr(cfg, k, v)`,
      `cfg.workers`,
    ),
    files: {
      'c.json': `{"workers": 2, "batch": 3}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.json:/workers',
  },
  {
    name: 'a dataclass made of merged mappings',
    script: script(
      `@dataclass
class Cfg:
    workers: int = 7
    batch: int = 1
cfg = Cfg(**{**dataclasses.asdict(Cfg()), **yaml.safe_load(open("c.yaml"))})`,
      `cfg.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'a dataclass made of a filtered mapping',
    script: script(
      `@dataclass
class Cfg:
    workers: int = 7
    batch: int = 1
raw = yaml.safe_load(open("c.yaml"))
names = {f.name for f in dataclasses.fields(Cfg)}
cfg = Cfg(**{k: v for k, v in raw.items() if k in names})`,
      `cfg.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'a classmethod that reads a file',
    script: script(
      `@dataclass
class Cfg:
    workers: int = 7
    batch: int = 1
    @classmethod
    def load(cls, path):
        with open(path) as f:
            return cls(**yaml.safe_load(f))
cfg = Cfg.load("c.yaml")`,
      `cfg.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'update of a dictionary of defaults',
    script: script(
      `DEFAULTS = {"workers": 7, "batch": 1}
DEFAULTS.update(yaml.safe_load(open("c.yaml")))`,
      `DEFAULTS["workers"]`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'update of a copy of defaults',
    script: script(
      `DEFAULTS = {"workers": 7, "batch": 1}
cfg = dict(DEFAULTS)
cfg.update(yaml.safe_load(open("c.yaml")))`,
      `cfg["workers"]`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'defaults | loaded',
    script: script(
      `DEFAULTS = {"workers": 7, "batch": 1}
cfg = DEFAULTS | tomllib.load(open("c.toml", "rb"))`,
      `cfg["workers"]`,
    ),
    files: {
      'c.toml': `workers = 2
batch = 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.toml:/workers',
  },
  {
    name: 'dict(defaults, **loaded)',
    script: script(
      `DEFAULTS = {"workers": 7, "batch": 1}
cfg = dict(DEFAULTS, **yaml.safe_load(open("c.yaml")))`,
      `cfg["workers"]`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'OmegaConf.merge of a structured config',
    script: script(
      `@dataclass
class Cfg:
    workers: int = 7
    batch: int = 1
cfg = OmegaConf.merge(OmegaConf.structured(Cfg), OmegaConf.load("c.yaml"), OmegaConf.from_cli())`,
      `cfg.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
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
    knob: null,
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
    knob: 'code:train.py:main.read.concurrency',
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
    name: 'a file where the flag is None',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=None)
args = parser.parse_args()
cfg = yaml.safe_load(open(args.config))
if args.workers is None:
    args.workers = cfg["workers"]`,
      `args.workers`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'a file after or',
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("--config", default="c.yaml")
parser.add_argument("--workers", type=int, default=None)
args = parser.parse_args()
cfg = yaml.safe_load(open(args.config))`,
      `args.workers or cfg["workers"]`,
    ),
    files: {
      'c.yaml': `workers: 2
batch: 3
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/workers',
  },
  {
    name: 'a key beside a merge key',
    script: script(`cfg = yaml.safe_load(open("c.yaml"))["train"]`, `cfg["workers"]`),
    files: {
      'c.yaml': `d: &d
  workers: 7
train:
  <<: *d
  workers: 2
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/train/workers',
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
  {
    name: 'a deep merge of the project',
    script: script(
      `DEFAULTS = {"loader": {"workers": 7, "batch": 1}}
def merge(a, b):
    out = dict(a)
    for k, v in b.items():
        out[k] = merge(out[k], v) if isinstance(v, dict) and k in out else v
    return out
cfg = merge(DEFAULTS, yaml.safe_load(open("c.yaml")))`,
      `cfg["loader"]["workers"]`,
    ),
    files: {
      'c.yaml': `loader:
  workers: 2
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.yaml:/loader/workers',
  },
  {
    name: 'a file that names its base',
    script: script(
      `def load(path):
    cfg = yaml.safe_load(open(path))
    base = cfg.pop("_base_", None)
    return {**(load(base) if base else {}), **cfg}
cfg = load("c.yaml")`,
      `cfg["workers"]`,
    ),
    files: {
      'c.yaml': `_base_: b.yaml
batch: 3
`,
      'b.yaml': `workers: 2
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:b.yaml:/workers',
  },
  {
    name: 'class attributes by upper-case names',
    script: script(
      `class Settings:
    WORKERS = 7
    def __init__(self):
        for k, v in json.load(open("c.json")).items():
            setattr(self, k.upper(), v)
settings = Settings()`,
      `settings.WORKERS`,
    ),
    files: {
      'c.json': `{"workers": 2, "batch": 3}
`,
    },
    command: `python train.py`,
    value: 2,
    knob: 'config:c.json:/workers',
  },
  ...[
    ['its short form', '-j 2', '-j'],
    ['an abbreviation', '--num-w=2', '--num-w'],
    ['the last of two forms', '--num-workers 7 -j 2', '-j'],
  ].map(([what, words, flag]) => ({
    // A long form that is added in front of it would be overridden by what stands there.
    name: `a flag that the command gives by ${what}`,
    script: script(
      `parser = argparse.ArgumentParser()
parser.add_argument("-j", "--num-workers", type=int, default=7)
parser.add_argument("--num-epochs", type=int, default=1)
args = parser.parse_args()`,
      `args.num_workers`,
    ),
    files: {},
    command: `python train.py ${words}`,
    value: 2,
    knob: 'flag:--num-workers',
    ...(flag !== undefined && { flag }),
  })),
];

let surveys: ManySurveys;
beforeAll(async () => {
  surveys = await manySurveys(
    cases.map(({ name, script: text, files, command }) => ({
      name,
      files: { ...files, 'train.py': text },
      script: 'train.py',
      command,
    })),
  );
});

describe('the value in force', () => {
  it.each(cases)('is found: $name', ({ name, value, knob, flag }) => {
    const survey = surveys.of(name);
    const stage = survey.pipelines[0]?.stages.find((each) => each.function === 'read');
    expect(stage?.concurrency).toBe(value);
    expect(stage?.knob).toBe(knob ?? 'code:train.py:read.concurrency');
    const where = survey.knobs.find(({ id }) => id === knob)?.where;
    if (flag !== undefined) expect(where).toEqual({ type: 'flag', flag });
    // What is overridden is no knob: changing it would change nothing.
    expect(survey.knobs.filter(({ value: other }) => other === 7)).toEqual([]);
  });
});
