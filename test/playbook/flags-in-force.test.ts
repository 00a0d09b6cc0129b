/**
 * Which number a job uses where its command has a flag in one of many forms, and what the command is when it is
 * changed.
 */
import { areInForce, type Case, HEAD, hydraScript, script } from './in-force-cases.js';

const OF_WORKERS = script(
  `parser = argparse.ArgumentParser(fromfile_prefix_chars="@")
parser.add_argument("-j", "--num-workers", type=int, default=7)
parser.add_argument("--num-epochs", type=int, default=1)
parser.add_argument("-b", type=int, default=4)
parser.add_argument("-v", action="store_true")
args = parser.parse_args()`,
  `args.num_workers`,
);

function flag(words: string, spelling: string, changed: string): Case {
  const command = `python train.py ${words}`;
  const after = `python train.py ${changed}`;
  return {
    ...{ name: words, script: OF_WORKERS, files: {}, command },
    ...{ value: 2, knob: 'flag:--num-workers', flag: spelling, after },
  };
}

/** A key of a configuration, as its last word gives it. */
function key(name: string, text: string, files: Record<string, string>, words: string, changed: string): Case {
  const [command, after] = [`python train.py ${words}`, `python train.py ${changed}`];
  return { name: `${name}: ${words}`, script: text, files, command, value: 2, knob: `flag:${KEY_OF[name]}`, after };
}

const KEY_OF: Record<string, string> = { Hydra: 'loader.workers', yacs: 'DATA.WORKERS', OmegaConf: 'workers' };
const HYDRA = { 'conf/config.yaml': 'loader:\n  workers: 7\n' };
const ADDED = { 'conf/config.yaml': 'loader:\n  size: 3\n' };

const YACS = script(
  `from yacs.config import CfgNode as CN
_C = CN()
_C.DATA = CN()
_C.DATA.WORKERS = 7
_C.DATA.SIZE = 4
def get_cfg():
    return _C.clone()
parser = argparse.ArgumentParser()
parser.add_argument("--config-file", default="")
parser.add_argument("--opts", nargs=argparse.REMAINDER)
args = parser.parse_args()
cfg = get_cfg()
if args.config_file:
    cfg.merge_from_file(args.config_file)
cfg.merge_from_list(args.opts)
cfg.freeze()`,
  `cfg.DATA.WORKERS`,
);
const DOTLIST = `${HEAD}import sys
cfg = OmegaConf.merge(OmegaConf.load("c.yaml"), OmegaConf.from_dotlist(sys.argv[1:]))
pipe = PipelineBuilder().add_source(range(9)).pipe(read, concurrency=cfg.workers).add_sink(2).build(num_threads=8)
for x in pipe:
    print(x)
`;

/** A shell script of the source that starts the job: the number is changed where it stands there. */
function wrapper(name: string, text: string, knob: string | null, command = 'bash run.sh'): Case {
  return { name: `a wrapper: ${name}`, script: OF_WORKERS, files: { 'run.sh': text }, command, value: 2, knob };
}

/** The same with a makefile. */
function makes(name: string, text: string, knob: string | null, command = 'make train'): Case {
  const files = { Makefile: text.replaceAll('\n  ', '\n\t') };
  return { name: `a makefile: ${name}`, script: OF_WORKERS, files, command, value: 2, knob };
}

areInForce('the value in force, of a flag,', [
  flag('-j 2', '-j', '-j 8'),
  flag('-j2', '-j', '-j8'),
  flag('-j=2 -b 3', '-j', '-j=8 -b 3'),
  flag('-vj2', '-j', '-vj8'),
  flag('--num-workers=2', '--num-workers', '--num-workers=8'),
  flag("'--num-workers=2'", '--num-workers', "'--num-workers=8'"),
  flag('--num_epochs 1 --num-w=2', '--num-w', '--num_epochs 1 --num-w=8'),
  flag('--num-workers 7 --num-workers 2', '--num-workers', '--num-workers 8 --num-workers 8'),
  flag('--num-workers 7 -j 2', '-j', '--num-workers 7 -j 8'),
  flag('-j7 --num-workers=2', '--num-workers', '-j7 --num-workers=8'),
  flag('--num-workers 2 -- --num-workers 7', '--num-workers', '--num-workers 8 -- --num-workers 7'),
  {
    ...flag('', '--num-workers', ''),
    ...{ name: 'a variable of the command', command: 'W=2; python train.py --num-workers $W' },
    after: 'W=2; python train.py --num-workers 8',
  },
  {
    ...{ name: 'a file of arguments', script: OF_WORKERS, files: { 'args.txt': '--num-workers\n2\n' } },
    ...{ command: 'python train.py @args.txt', value: 2, knob: 'config:args.txt:/--num-workers' },
  },
  key('Hydra', hydraScript, HYDRA, 'loader.workers=2', 'loader.workers=8'),
  key('Hydra', hydraScript, HYDRA, '-m "loader.workers=2"', '-m "loader.workers=8"'),
  key('Hydra', hydraScript, HYDRA, 'loader.workers=7 ++loader.workers=2', 'loader.workers=8 ++loader.workers=8'),
  key('Hydra', hydraScript, ADDED, '+loader.workers=2', '+loader.workers=8'),
  key('OmegaConf', DOTLIST, { 'c.yaml': 'workers: 7\n' }, 'seed=1 workers=2', 'seed=1 workers=8'),
  key('yacs', YACS, {}, '--opts DATA.SIZE 3 DATA.WORKERS 2', '--opts DATA.SIZE 3 DATA.WORKERS 8'),
  {
    ...{ name: 'a file of yacs', script: YACS, files: { 'a.yaml': 'DATA:\n  WORKERS: 2\n' } },
    ...{ command: 'python train.py --config-file a.yaml', value: 2, knob: 'config:a.yaml:/DATA/WORKERS' },
  },
  wrapper('a flag', 'set -e\nexec python -u train.py -b 4 --num-workers 2\n', 'config:run.sh:/--num-workers'),
  wrapper('an attached flag', 'python train.py -j2 > log.txt 2>&1\n', 'config:run.sh:/-j', './run.sh'),
  wrapper(
    'a variable',
    `WORKERS=\${WORKERS:-2}\npython train.py \\\n  --num-workers \${WORKERS}\n`,
    'config:run.sh:/WORKERS',
  ),
  wrapper(
    'a list',
    `ARGS=(\n  -b 4  # small\n  --num-workers 2\n)\ntorchrun train.py "\${ARGS[@]}"\n`,
    'config:run.sh:/--num-workers',
  ),
  {
    ...wrapper(
      'handed on',
      'python train.py --num-workers 7 "$@"\n',
      'flag:--num-workers',
      'bash run.sh -j 2 | tee log',
    ),
    after: 'bash run.sh -j 8 | tee log',
  },
  makes('a flag', 'lint:\n  ruff .\ntrain: data\n  @python train.py -j 2\n', 'config:Makefile:/-j'),
  makes(
    'a variable with a default, of the first goal',
    'WORKERS ?= 2 # few\nPYTHON := python\n.PHONY: all\nall: train\ntrain:\n  $(PYTHON) train.py \\\n   --num-workers=$(WORKERS)\n',
    'config:Makefile:/WORKERS',
    'make',
  ),
  makes(
    'a variable of arguments',
    `ARGS = -b 4\nARGS += --num-workers 2\ntrain test:\n  cd . && python train.py \${ARGS}\n`,
    'config:Makefile:/--num-workers',
    'make -j4 test',
  ),
  makes('the command', 'N = 7\ntrain:\n  python train.py -j $(N)\n', null, 'make train N=2'),
  makes('the environment', 'N ?= 7\ntrain:\n  python train.py -j $(N)\n', null, 'N=2 make train'),
  {
    ...makes('of another folder', 'N = 7\n', 'config:jobs/run.mk:/N', 'make -C jobs -f run.mk'),
    files: { 'jobs/run.mk': 'N = 2\ntrain:\n\tcd .. && python train.py -j $(N)\n' },
  },
  wrapper('a word', 'python train.py --num-workers $1\n', null, 'bash run.sh 2'),
  wrapper('the environment', `python train.py --num-workers \${N:-7}\n`, null, 'N=2 bash run.sh'),
] satisfies Case[]);
