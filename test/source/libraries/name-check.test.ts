/** Names that are not there are refused with the right one beside them, and real code is not. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageFile } from '../../../host/package-files.js';
import { applyEdits } from '../../../source/edits/apply-edits.js';
import { type CheckedSource, type WrongName, wrongNames, wrongNameText } from '../../../source/libraries/name-check.js';
import { temporaryFolder, write } from '../../activities/source-fixture.js';
import { removeFolder } from '../../support/remove-folder.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');
const ALONE = { files: new Set<string>(), read: async () => null };

/** Code with a name that SPDL 0.8 does not have, and the one that was meant. */
const MISTAKES: [code: string, meant: string][] = [
  ['from spdl.pipeline import PipelineBuilders', 'PipelineBuilder'],
  ['from spdl.pipeline import run_in_subprocess', 'run_pipeline_in_subprocess'],
  ['from spdl.pipeline import run_pipeline_in_process', 'run_pipeline_in_subprocess'],
  ['from spdl.pipeline import SharedMemoryPool', 'SharedMemorySegmentPool'],
  ['from spdl.pipeline import SharedMemoryRing', 'SharedMemoryRingBuffer'],
  ['from spdl.pipeline import PriorityThreadPool', 'PriorityThreadPoolExecutor'],
  ['from spdl.pipeline import PipelineConfig', 'spdl.pipeline.defs.PipelineConfig'],
  ['from spdl.pipeline import CacheDataLoader', 'spdl.dataloader.CacheDataLoader'],
  ['from spdl.pipeline import ProcessPoolExecutorConfig', 'spdl.pipeline.defs.ProcessPoolExecutorConfig'],
  ['from spdl.pipeline.defs import PipeConfigs', 'PipeConfig'],
  ['from spdl.pipeline.defs import MAIN_PROC', 'MAIN_PROCESS'],
  ['from spdl.dataloader import PytorchDataLoader', 'PyTorchDataLoader'],
  ['from spdl.dataloader import CachedDataLoader', 'CacheDataLoader'],
  ['from spdl.source import embed_shuffle', 'spdl.source.utils.embed_shuffle'],
  ['from spdl.source import DistributedSampler', 'DistributedRandomSampler'],
  ['from spdl.source.utils import shuffle_embed', 'embed_shuffle'],
  ['from spdl.io import decode_nvdec', 'decode_packets_nvdec'],
  ['from spdl.pipelines import PipelineBuilder', 'pipeline'],
  ['import spdl.data_loader', 'dataloader'],
  ['import spdl.io\nspdl.io.load_vidoe("a.mp4")', 'load_video'],
  ['import spdl.io\nspdl.io.video_demux("a.mp4")', 'demux_video'],
  ['import spdl.io\nspdl.io.transfer_tensor_to_device(1)', 'transfer_tensor'],
  ['import spdl.io as sio\nsio.tensor_to_torch(1)', 'to_torch'],
  ['import spdl.io\nspdl.io.load_numpy_npz(b"")', 'load_npz'],
  ['import spdl.pipeline\nspdl.pipeline.PipelineBuilder().add_src([1])', 'add_source'],
  ['from spdl.pipeline import PipelineBuilder\nPipelineBuilder().add_source([1]).map(int)', 'pipe'],
  ['from spdl.pipeline import PipelineBuilder\nPipelineBuilder().add_source([1]).batch(4)', 'aggregate'],
  ['from spdl.pipeline import PipelineBuilder\nb = PipelineBuilder()\nb.sink(3)', 'add_sink'],
  ['from spdl.pipeline import PipelineBuilder\nb = PipelineBuilder()\nb.config()', 'get_config'],
  [
    'from spdl.pipeline import PipelineBuilder\nb = PipelineBuilder()\nb = b.add_source([1])\nb.pipe(int, workers=3)',
    'concurrency',
  ],
  ['from spdl.pipeline import PipelineBuilder\nPipelineBuilder().pipe(int, order="input")', 'output_order'],
  ['from spdl.pipeline import PipelineBuilder\nPipelineBuilder().add_source([1], continous=True)', 'continuous'],
  ['from spdl.pipeline import PipelineBuilder\nPipelineBuilder().add_sink(queue_size=3)', 'buffer_size'],
  ['from spdl.pipeline import PipelineBuilder\nPipelineBuilder().build(num_workers=3)', 'num_threads'],
  [
    'from spdl.pipeline import PipelineBuilder\nPipelineBuilder().build(num_threads=3).get_iter(timeout=3)',
    'get_iterator',
  ],
  [
    'from spdl.pipeline import run_pipeline_in_subprocess as run\nrun(None, num_threads=3, shared_memory=None)',
    'arena',
  ],
  [
    'from spdl.pipeline import run_pipeline_in_subprocess as run\nrun(None, num_threads=3, context="spawn")',
    'mp_context',
  ],
  ['from functools import partial\nimport spdl.io\nf = partial(spdl.io.decode_packets, filter="x")', 'filter_desc'],
  ['import spdl.io\nspdl.io.decode_config(decoder_option={"threads": "2"})', 'decoder_options'],
  [
    'from spdl.dataloader import CacheDataLoader\nCacheDataLoader([], num_cache=3, return_caches_after=9)',
    'num_caches',
  ],
  ['from spdl.pipeline.defs import ProcessPoolExecutorConfig\nProcessPoolExecutorConfig(workers=3)', 'max_workers'],
  ['from spdl.pipeline import SharedMemorySegmentPool\nSharedMemorySegmentPool(size=1, count=8)', 'segment_size'],
];

/** What runs, or may run somewhere: none of it may be refused. */
const DYNAMIC = [
  'try:\n    from spdl.pipeline import NotYet\nexcept ImportError:\n    NotYet = None',
  'import spdl.pipeline as p\nif hasattr(p, "NotYet"):\n    p.NotYet()',
  'import spdl.pipeline as p\ndef f():\n    if not hasattr(p, "NotYet"):\n        return\n    p.NotYet()',
  'import spdl.pipeline as p\np.added = 3\np.added',
  'import spdl.pipeline as p\ngetattr(p, "Not" + "Yet")',
  'import spdl\nif spdl.__version__ >= "9":\n    spdl.next.thing()',
  'from spdl.pipeline import PipelineBuilder\ndef f(b):\n    b.anything()',
  'from spdl.pipeline import PipelineBuilder\nb = PipelineBuilder()\nb = wrap(b)\nb.anything()',
  'from spdl.pipeline import PipelineBuilder\nclass Mine(PipelineBuilder):\n    def batch(self, n): ...\nMine().batch(3)',
  'from spdl.pipeline import PipelineBuilder\nPipelineBuilder().pipe(int, **{"anything": 3})',
  'from spdl.pipeline import PipelineBuilder\nfor PipelineBuilder in makers:\n    PipelineBuilder().batch(3)',
  'from spdl.pipeline import *\nPipelineBuilder().batch(3)',
  'from spdl.dataloader import CacheDataLoader\nCacheDataLoader([], 3, 9).whatever_the_loader_has',
  'def f():\n    import spdl.io as s\n    s = other(s)\n    return s.anything',
  'from spdl.pipeline import run_pipeline_in_subprocess as run\nrun(None, num_threads=3, arena=None, initializer=f, timeout=9)',
  'import spdl.io\nspdl.io.NvDecDecoder().anything()\nspdl.io.VideoPackets.deserialize(b"")',
  'def f(spdl):\n    spdl.io.anything()',
  'x = [spdl.io.anything for spdl in []]',
  'def f():\n    global builder\n    builder = make()\nfrom spdl.pipeline import PipelineBuilder\nbuilder = PipelineBuilder()\nbuilder.anything()',
];

function sources(texts: readonly string[]): CheckedSource[] {
  return texts.map((after, index) => ({ path: `case_${index}.py`, before: null, after }));
}

function texts(problems: readonly WrongName[]): string[] {
  return problems.map(wrongNameText);
}

describe('names of SPDL', () => {
  it('that do not exist are found, each with the right one among the nearest three', async () => {
    const found = await wrongNames(PYTHON, sources(MISTAKES.map(([code]) => code)), ALONE);
    expect(MISTAKES.length).toBeGreaterThanOrEqual(40);
    MISTAKES.forEach(([code, meant], index) => {
      const [problem] = found.filter(({ path }) => path === `case_${index}.py`);
      expect(problem?.nearest, code).toContain(meant);
      expect(problem!.nearest.length).toBeLessThanOrEqual(3);
    });
  });

  it('that only a running program can tell are let through', async () => {
    expect(texts(await wrongNames(PYTHON, sources(DYNAMIC), ALONE))).toEqual([]);
  });

  it('are all there in two hundred real files', async () => {
    const packages = execFileSync(PYTHON, ['-c', 'import spdl.pipeline as p; print(p.__path__[0])'], {
      encoding: 'utf8',
    });
    const installed = pythonFiles(join(packages.trim(), '..'));
    const ours = ['examples', 'test/fixtures', 'test/cases', 'test/playbook', 'bench', 'playbook', 'probe'].flatMap(
      (folder) => pythonFiles(packageFile(...folder.split('/'))),
    );
    const read = (path: string) => ({ path, before: null, after: readFileSync(path, 'utf8') });
    const all = [...installed, ...ours].map(read);
    expect(all.length).toBeGreaterThan(200);
    expect(texts(await wrongNames(PYTHON, all, ALONE))).toEqual([]);
  });

  it('are held against what the edit found there, and what the tree adds', async () => {
    const code = 'import spdl.pipeline as p\np.mine()\n';
    const edit = { path: 'a.py', before: null, after: code };
    expect(texts(await wrongNames(PYTHON, [edit], ALONE))).toEqual([
      expect.stringMatching(/^a\.py, line 2: spdl\.pipeline has no mine in the version that is installed/),
    ]);
    expect(await wrongNames(PYTHON, [{ ...edit, before: code }], ALONE)).toEqual([]);
    const patching = {
      files: new Set(['compat.py']),
      read: async () => 'import spdl.pipeline\nspdl.pipeline.mine = f',
    };
    expect(await wrongNames(PYTHON, [edit], patching)).toEqual([]);
    const shadowing = { files: new Set(['vendor/spdl/__init__.py']), read: async () => '' };
    expect(await wrongNames(PYTHON, [edit], shadowing)).toEqual([]);
  });

  it('refuse the edit that brings them, before anything is built', async () => {
    const before = 'from spdl.pipeline import PipelineBuilder\n\nb = PipelineBuilder()\nb.pipe(int, concurrency=2)\n';
    const source = { read: async () => before, files: new Set(['train.py']), linked: [] };
    const edit = { path: 'train.py', old: 'concurrency=2', new: 'concurency=4' };
    const outcome = await applyEdits(source, [edit], { python: PYTHON });
    expect(outcome).toEqual({ ok: false, reason: expect.stringContaining('takes no keyword concurency') });
    expect(outcome).toMatchObject({ reason: expect.stringContaining('concurrency') });
    expect(await applyEdits(source, [{ ...edit, new: 'concurrency=4' }], { python: PYTHON })).toMatchObject({
      ok: true,
    });
  });
});

describe('names of torch', () => {
  it('are asked of the library where reading does not tell', async () => {
    const python = environmentWith({
      'torch/__init__.py': 'from . import optim\nfor name in ("zeros", "compile"):\n    globals()[name] = print\n',
      'torch/optim/__init__.py': 'class AdamW:\n    def __init__(self, params, lr=1e-3, *, fused=None): ...\n',
    });
    const found = await wrongNames(
      python,
      sources([
        'import torch\ntorch.zeros(3)\ntorch.compile(3)',
        'import torch\ntorch.compiled(3)',
        'import torch\ntorch.optim.AdamW([], fussed=True)',
        'import torch\nif is_there():\n    torch.npu.synchronize()',
      ]),
      ALONE,
    );
    expect(found.map(({ path, name, nearest }) => [path, name, nearest[0]])).toEqual([
      ['case_1.py', 'compiled', 'compile'],
      ['case_2.py', 'fussed', 'fused'],
    ]);
  });
});

function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.py') && !path.includes('__pycache__') && !path.includes('/data/'))
    .map((path) => join(folder, path));
}

/** A virtual environment that holds nothing but these files. */
function environmentWith(files: Record<string, string>): string {
  const root = temporaryFolder();
  onTestFinished(() => removeFolder(root));
  const [home, version] = execFileSync(
    PYTHON,
    ['-c', 'import sys; print(sys._base_executable); print("python%d.%d" % sys.version_info[:2])'],
    { encoding: 'utf8' },
  )
    .trim()
    .split('\n') as [string, string];
  write(join(root, 'lib', version, 'site-packages'), files);
  mkdirSync(join(root, 'bin'));
  symlinkSync(realpathSync(home), join(root, 'bin', 'python'));
  writeFileSync(join(root, 'pyvenv.cfg'), `home = ${join(realpathSync(home), '..')}\n`);
  return join(root, 'bin', 'python');
}
