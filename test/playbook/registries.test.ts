/**
 * Loaders and runners that only a configuration names: the loop, the number in force and its place are found all the
 * same.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type ManySurveys, manySurveys } from './many-surveys.js';

/** A loader class under a decorator; `workers` is what nobody uses when a configuration says otherwise. */
function loader(head: string, decorator: string, name = 'StagedLoader', bases = ''): string {
  return `from spdl.pipeline import PipelineBuilder
${head}
def read(index):
    return index

${decorator}
class ${name}${bases}:
    def __init__(self, size, num_workers=9, depth=2):
        self.size, self.num_workers, self.depth = size, num_workers, depth

    def __iter__(self):
        pipeline = (PipelineBuilder().add_source(range(self.size)).pipe(read, concurrency=self.num_workers)
                    .add_sink(self.depth).build(num_threads=self.num_workers))
        return iter(pipeline)
`;
}

function runner(head: string, decorator: string, made: string, bases = ''): string {
  return `${head}

${decorator}
class EpochRunner${bases}:
    def __init__(self, cfg, epochs=1):
        self.loader = ${made}
        self.epochs = epochs

    def train(self):
        for epoch in range(self.epochs):
            for batch in self.loader:
                self.step(batch)

    def step(self, batch):
        print(batch)
`;
}

const pythonConfig = `loader = dict(type="StagedLoader", size=40, num_workers=3)
runner = dict(type="EpochRunner", epochs=2)
`;

interface Case {
  name: string;
  files: Record<string, string>;
  script?: string;
  command: string;
  /** File of the loop that trains. */
  loop: string;
  /** How many at a time the job runs the stage, and where that number stands; null: where the pipeline is built. */
  value: number;
  knob: string | null;
}

const cases: Case[] = [
  {
    name: 'a dictionary that a function decorator fills, and exec of the configuration into a dictionary',
    files: {
      'zoo.py': `_ENTRIES = {}
def register(name):
    def keep(item):
        _ENTRIES[name] = item
        return item
    return keep
def create(name):
    return _ENTRIES[name]
`,
      'loaders.py': loader('from zoo import register', '@register("staged")'),
      'train.py': `import argparse
import loaders
from zoo import create
parser = argparse.ArgumentParser()
parser.add_argument("--config", default="settings.py")
args = parser.parse_args()
settings = {}
with open(args.config) as file:
    exec(compile(file.read(), args.config, "exec"), settings)
options = dict(settings["loader"])
loader = create(options.pop("type"))(**options)
def train(batches):
    for batch in batches:
        print(batch)
train(loader)
`,
      'settings.py': 'loader = dict(type="staged", size=40, num_workers=3)\n',
    },
    command: 'python train.py',
    loop: 'train.py',
    value: 3,
    knob: 'code:settings.py:loader/num_workers',
  },
  {
    name: 'a dictionary of classes, and a configuration that is imported by its dotted name',
    files: {
      'loaders.py': loader('', ''),
      'conf/__init__.py': '',
      'conf/small.py': pythonConfig,
      'train.py': `import importlib, sys
from loaders import StagedLoader
LOADERS = {cls.__name__: cls for cls in (StagedLoader,)}
KINDS = {"StagedLoader": StagedLoader}
def main():
    cfg = vars(importlib.import_module(sys.argv[1]))["loader"]
    kind = cfg["type"]
    loader = KINDS[kind](**{key: value for key, value in cfg.items() if key != "type"})
    for batch in loader:
        print(batch)
main()
`,
    },
    command: 'python train.py conf.small',
    loop: 'train.py',
    value: 3,
    knob: 'code:conf/small.py:loader/num_workers',
  },
  {
    name: "OpenMMLab's own registry and its configurations with a list of bases",
    files: {
      'registry.py': 'from mmengine import Registry\nLOADERS = Registry("loader")\nRUNNERS = Registry("runner")\n',
      'loaders.py': loader('from registry import LOADERS', '@LOADERS.register_module(name="staged")'),
      'runners.py': runner(
        'from registry import LOADERS, RUNNERS',
        '@RUNNERS.register_module()',
        'LOADERS.build(cfg.train_dataloader)',
      ),
      'configs/_base_/loader.py': 'train_dataloader = dict(type="staged", size=40, num_workers=5, depth=4)\n',
      'configs/_base_/schedule.py': 'runner = dict(type="EpochRunner", epochs=3)\n',
      'configs/small.py': `_base_ = ["./_base_/loader.py", "./_base_/schedule.py"]
train_dataloader = dict(num_workers=3)
`,
      'train.py': `import argparse
from mmengine.config import Config
import loaders, runners
from registry import RUNNERS
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--work-dir")
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    runner = RUNNERS.build(cfg.runner, default_args=dict(cfg=cfg))
    runner.train()
main()
`,
    },
    command: 'python train.py --work-dir out configs/small.py',
    loop: 'runners.py',
    value: 3,
    knob: 'code:configs/small.py:train_dataloader/num_workers',
  },
  {
    name: 'build_from_cfg, and an override in the command',
    files: {
      'registry.py': 'from mmcv.utils import Registry, build_from_cfg\nLOADERS = Registry("loader")\n',
      'loaders.py': loader('from registry import LOADERS', '@LOADERS.register_module()'),
      'configs/small.py': pythonConfig,
      'train.py': `import argparse
from mmcv import Config, DictAction
import loaders
from registry import LOADERS, build_from_cfg
parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("--cfg-options", nargs="+", action=DictAction)
args = parser.parse_args()
cfg = Config.fromfile(args.config)
cfg.merge_from_dict(args.cfg_options)
train_loader = build_from_cfg(cfg.loader, LOADERS, dict(depth=6))
for batch in train_loader:
    print(batch)
`,
    },
    command: 'python train.py --cfg-options loader.num_workers=5 loader.size=30 -- configs/small.py',
    loop: 'train.py',
    value: 5,
    knob: 'flag:loader.num_workers',
  },
  {
    name: 'an override in front of all flags',
    files: {
      'loaders.py': loader('', ''),
      'configs/small.py': pythonConfig,
      'train.py': `import runpy, sys
from loaders import StagedLoader
LOADERS = {"StagedLoader": StagedLoader}
cfg = runpy.run_path(sys.argv[1])
for word in sys.argv[2:]:
    key, _, value = word.partition("=")
    cfg["loader"][key.split(".")[1]] = int(value)
options = dict(cfg["loader"])
for batch in LOADERS[options.pop("type")](**options):
    print(batch)
`,
    },
    command: 'python train.py configs/small.py loader.num_workers=5',
    loop: 'train.py',
    value: 5,
    knob: 'flag:loader.num_workers',
  },
  {
    name: 'getattr of a module, and a configuration loaded from its path by importlib',
    files: {
      'loaders.py': loader('', ''),
      'configs/small.py': pythonConfig,
      'train.py': `import argparse, importlib.util
import loaders
def load(path):
    spec = importlib.util.spec_from_file_location("config", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config", nargs="?", default="configs/small.py")
    cfg = load(parser.parse_args().config)["loader"].copy()
    loader = getattr(loaders, cfg.pop("type"))(**cfg)
    for batch in loader:
        print(batch)
main()
`,
    },
    command: 'python train.py configs/small.py',
    loop: 'train.py',
    value: 3,
    knob: 'code:configs/small.py:loader/num_workers',
  },
  {
    name: 'subclasses that register themselves, and a file in JSON',
    files: {
      'base.py': `class Loader:
    kinds = {}
    def __init_subclass__(cls, key=None, **more):
        super().__init_subclass__(**more)
        Loader.kinds[key or cls.__name__] = cls
    @classmethod
    def from_config(cls, cfg):
        kind = cls.kinds[cfg["kind"]]
        return kind(**cfg["options"])
`,
      'loaders.py': loader('from base import Loader', '', 'StagedLoader', '(Loader, key="staged")'),
      'c.json': '{"kind": "staged", "options": {"size": 40, "num_workers": 3}}\n',
      'train.py': `import json, sys
import loaders
from base import Loader
with open(sys.argv[1]) as file:
    cfg = json.load(file)
loader = Loader.from_config(cfg)
for batch in loader:
    print(batch)
`,
    },
    command: 'python train.py c.json',
    loop: 'train.py',
    value: 3,
    knob: 'config:c.json:/options/num_workers',
  },
  {
    name: "a registry with the library's inner steps, names in lower case, and modules that a package imports by itself",
    files: {
      'engine/registry.py': `class Registry:
    def __init__(self, name):
        self._name = name
        self._module_dict = dict()
    def get(self, key):
        return self._module_dict.get(key.lower(), None)
    def _register(self, module, module_name=None):
        if module_name is None:
            module_name = module.__name__
        self._module_dict[module_name.lower()] = module
    def register_module(self, name=None, module=None):
        if module is not None:
            self._register(module=module, module_name=name)
            return module
        def _wrap(module):
            self._register(module=module, module_name=name)
            return module
        return _wrap
    def build(self, options, **more):
        args = options.copy()
        obj_cls = self.get(args.pop("type"))
        if obj_cls is None:
            raise KeyError(options)
        return obj_cls(**args, **more)
LOADERS = Registry("loader")
RUNNERS = Registry("runner")
`,
      'engine/__init__.py': `import importlib, pkgutil
for info in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{info.name}")
`,
      'engine/loaders.py': loader('from .registry import LOADERS', '@LOADERS.register_module()'),
      'engine/runners.py': runner(
        'from .registry import LOADERS, RUNNERS',
        '@RUNNERS.register_module(name="epochs")',
        'LOADERS.build(cfg["loader"])',
      ),
      'configs/base.py': 'loader = dict(type="StagedLoader", size=40, num_workers=3)\n',
      'configs/small.py': '_base_ = "base.py"\nrunner = dict(type="epochs", epochs=2)\n',
      'tools/train.py': `import argparse, os, runpy, sys
sys.path.insert(0, os.getcwd())
import engine
from engine.registry import RUNNERS
def read(path):
    values = runpy.run_path(path)
    base = values.pop("_base_", None)
    if base:
        below = read(os.path.join(os.path.dirname(path), base))
        below.update(values)
        values = below
    return values
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    args = parser.parse_args()
    cfg = read(args.config)
    runner = RUNNERS.build(cfg["runner"], cfg=cfg)
    runner.train()
main()
`,
    },
    script: 'tools/train.py',
    command: 'python tools/train.py configs/small.py',
    loop: 'engine/runners.py',
    value: 3,
    knob: 'code:configs/base.py:loader/num_workers',
  },
  {
    name: 'classes by their dotted path in a file in YAML',
    files: {
      'pack/__init__.py': '',
      'pack/loaders.py': loader('', ''),
      'c.yaml': `data:
  target: pack.loaders.StagedLoader
  params:
    size: 40
    num_workers: 3
`,
      'train.py': `import argparse, importlib
import yaml
def object_of(path):
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module, package=None), name)
def instantiate(config):
    return object_of(config["target"])(**config.get("params", dict()))
parser = argparse.ArgumentParser()
parser.add_argument("-b", "--base", default="c.yaml")
args = parser.parse_args()
config = yaml.safe_load(open(args.base))
data = instantiate(config["data"])
for batch in data:
    print(batch)
`,
    },
    command: 'python train.py --base c.yaml',
    loop: 'train.py',
    value: 3,
    knob: 'config:c.yaml:/data/params/num_workers',
  },
  {
    name: 'a registry that is a dictionary itself, of functions, two loaders by one name for training and for validation',
    files: {
      'registry.py': `class Catalog(dict):
    def register(self, item):
        self[item.__name__] = item
        return item
CATALOG = Catalog()
`,
      'loaders.py': `${loader('from registry import CATALOG', '')}
@CATALOG.register
def staged(workers, size):
    return StagedLoader(size, num_workers=workers)
`,
      'settings.py':
        'train = {"name": "staged", "size": 40, "workers": 3}\nval = {"name": "staged", "size": 8, "workers": 7}\n',
      'train.py': `import loaders, settings
from registry import CATALOG
def make(options):
    rest = {k: v for k, v in options.items() if k != "name"}
    return CATALOG[options["name"]](**rest)
def validate(batches):
    for batch in batches:
        print("val", batch)
def train(batches, model):
    for batch in batches:
        loss = model(batch)
        loss.backward()
train(make(settings.train), print)
validate(make(settings.val))
`,
    },
    command: 'python train.py',
    loop: 'train.py',
    value: 3,
    knob: 'code:settings.py:train/workers',
  },
];

describe('what only a configuration names', () => {
  let surveys: ManySurveys;
  beforeAll(async () => {
    surveys = await manySurveys(cases.map((each) => ({ script: 'train.py', ...each })));
  });

  it.each(cases)('$name', ({ name, loop, value, knob }) => {
    const survey = surveys.of(name);
    expect(survey.problems).toEqual([]);
    expect(survey.loop?.file).toBe(loop);
    const stage = survey.pipelines[0]?.stages.find(({ function: called }) => called === 'read');
    const built = 'code:loaders.py:StagedLoader.__iter__.';
    expect(stage).toMatchObject({ concurrency: value, knob: knob ?? `${built}read.concurrency` });
    expect(survey.pipelines[0]?.numThreads).toEqual({ value, knob: knob ?? `${built}build.num_threads` });
    expect(survey.knobs.find(({ id }) => id === stage?.knob)).toMatchObject({ value, confidence: 'dataflow' });
  });

  it('says what could not be followed, and takes the one loop that trains', async () => {
    const decided = {
      name: 'decided while it runs',
      script: 'train.py',
      command: 'python train.py',
      files: {
        'registry.py': `LOADERS, RUNNERS = {}, {}
def register(table):
    def keep(item):
        table[item.__name__] = item
        return item
    return keep
`,
        'loaders.py': loader('from registry import LOADERS, register', '@register(LOADERS)'),
        'runners.py': runner(
          'from registry import LOADERS, RUNNERS, register',
          '@register(RUNNERS)',
          'LOADERS[cfg.pop("type")](**cfg)',
        ),
        'train.py': `import json, socket
import loaders, runners
from registry import RUNNERS
cfg = json.loads(socket.create_connection(("host", 1)).recv(999))
RUNNERS[cfg["runner"]](cfg["loader"]).train()
`,
      },
    };
    const survey = (await manySurveys([decided])).of(decided.name);
    expect(survey.loop).toMatchObject({ file: 'runners.py', iterable: 'self.loader' });
    expect(survey.problems).toEqual([
      'the training loop at runners.py:11 was chosen by its name; its pipeline could not be followed',
      'StagedLoader (loaders.py:7) is made through a registry, and the call could not be followed: its settings are read from its defaults and may not be those in force',
    ]);
  });
});
