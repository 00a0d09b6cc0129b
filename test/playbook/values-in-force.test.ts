/** Which number a job uses where a default and a file may each give one: the knob is where it stands. */
import { areInForce, script } from './in-force-cases.js';

areInForce('the value in force, of defaults and files,', [
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
]);
