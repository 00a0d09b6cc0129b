/**
 * What is understood of SPDL's own examples: each script is surveyed and instrumented, and those that need neither a
 * GPU nor packages that are missing run once with the timing in them. Prints docs/spdl-examples.md's table.
 *
 *   node bench/spdl-examples.mjs EXAMPLES [--python PATH]      EXAMPLES: the folder `examples` of a clone of SPDL
 *
 * PATH (.tools/venv's Python unless told) reads the code and runs it: one example needs Python 3.12, one `hydra-core`.
 * Nothing is written to EXAMPLES. Exits 1 when a loop is another than the one that EXPECTED says, or a run fails.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inProject } from '../scripts/setup/process.mjs';

const { rewrite, survey } = await import(inProject('dist', 'playbook', 'run-python.js'));

/** The loop that is right, by its first two lines, and what there is to say; for a script without one, why. */
const EXPECTED = {
  'benchmark_arena_transport.py': {
    loop: /^for item in src:\s+n \+= 1/,
    note: 'the timed passes, not the warm-up before them',
  },
  'hydra_integration.py': {
    loop: /^for i, item in enumerate\(pipeline\.get_iterator/,
    note: 'chosen by name: Hydra builds the pipeline from YAML when the job runs',
  },
  'image_dataloading.py': {
    loop: /^for batch in loader:/,
    note: 'one in each worker of a pool; their rates are added up',
  },
  'imagenet_classification.py': { loop: /^for i, \(batch, labels\) in enumerate\(dataloader\):/, note: '' },
  'llm_finetune/llm_finetuning.py': {
    loop: /^for batch in dl:/,
    note: 'nested pipelines: the inner one runs in a subprocess',
  },
  'multi_thread_preprocessing.py': {
    loop: /^for i, \(data, _\) in enumerate\(dataloader, start=1\):/,
    note: 'compares loaders in one job, so that one number stands for all of them: try one at a time',
  },
  'performance_analysis.py': { loop: /^for _ in pipeline:\s+pass/, note: '' },
  'performance_simulation.py': {
    loop: /^for _ in pipeline:\s+item_count \+= 1/,
    note: 'stages come from a flag in a format of its own',
  },
  'pipeline_definitions.py': { loop: /^for \w+(?:, \w+)? in (?:enumerate\()?pipeline/, note: '' },
  'streaming_nvdec_decoding.py': {
    loop: /^for buffers in streamer:/,
    note: 'no pipeline: a stream that is decoded on the GPU',
  },
  'streaming_video_processing.py': {
    loop: /^for packets in streaming_demuxing:/,
    note: 'no pipeline: demuxing, decoding and encoding in turn',
  },
  'video_classification/video_classification.py': { loop: /^for batch in dataloader:/, note: 'needs Python 3.12' },
  'video_dataloading.py': {
    loop: /^for batches in dataloader:/,
    note: 'one in each worker of a pool; their rates are added up',
  },
};
const NO_LOOP = [
  [
    /thread_output_queue\.py$/,
    'each turn takes a second item inside the loop: a rate of its turns would count half of the items',
  ],
  [/_plot\.py$/, 'draws what another script measured: loads nothing'],
  [/(?:download_\w+|export_stats_to_json|sqlite_stats_logger)\.py$/, 'no data loading'],
  [/pipeline_profiling\.py$/, '`profile_pipeline` consumes the pipeline; the script has no loop'],
  [/benchmark_ipc_dataloader\.py$/, "compares PyTorch's loaders, without an SPDL pipeline"],
  [/benchmark_\w+\.py$/, 'times functions in executors, without an SPDL pipeline'],
];

/** Arguments with which an example ends within seconds; {scratch} is a folder of its own. */
const RUNS = {
  'hydra_integration.py': ['hydra.run.dir={scratch}/hydra'],
  'performance_simulation.py': [
    ...['--db-path', '{scratch}/stats.db', '--stage-configs', '0.004,1,1;0.010,2,4'],
    ...['--run-duration', '2', '--foreground-sleep', '0.001'],
  ],
  'pipeline_definitions.py': [],
};
const RUN_LIMIT_MS = 120_000;
/** For examples that name torch's types only. */
const TORCH = 'class Tensor: ...\nclass device: ...\n';

const { values, positionals } = parseArgs({
  options: { python: { type: 'string', default: inProject('.tools', 'venv', 'bin', 'python') } },
  allowPositionals: true,
});
if (positionals.length !== 1) {
  process.stderr.write(
    'EXAMPLES: missing: the folder `examples` of a clone of https://github.com/facebookresearch/spdl\n',
  );
  process.exit(2);
}
const python = resolve(values.python);
const root = mkdtempSync(join(tmpdir(), 'autoresearch-spdl-examples-'));
try {
  process.exitCode = await main(resolve(positionals[0]));
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function main(examples) {
  cpSync(examples, join(root, 'source', 'examples'), { recursive: true });
  const scripts = readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.py') && readFileSync(join(examples, path), 'utf8').includes('__main__'))
    .sort();
  const rows = [];
  for (const path of scripts) rows.push(await rowOf(path));
  const count = (found) => rows.filter((row) => row.found === found).length;
  const table = rows.map(
    ({ path, loop, pipelines, run, note }) => `| ${path} | ${loop} | ${pipelines} | ${run} | ${note} |`,
  );
  process.stdout.write(
    [
      '| example | loop that is timed, or why none is | pipelines, knobs | run | remarks |',
      '|---|---|---|---|---|',
      ...table,
      '',
      `${rows.length} scripts: ${count('loop')} instrumented, ${count('refused')} refused, ${count('wrong')} wrong`,
      '',
    ].join('\n'),
  );
  return count('wrong') === 0 ? 0 : 1;
}

async function rowOf(path) {
  const script = `examples/${path}`;
  const name = script.replace(/\.py$/, '').replaceAll('/', '.');
  const source = { dir: join(root, 'source'), script, python };
  const launch = `${python} -m ${name}`;
  const seen = await survey(source, launch).catch(({ message }) => ({ problem: message }));
  const expected = EXPECTED[path] ?? null;
  const why = expected === null ? (NO_LOOP.find(([pattern]) => pattern.test(path))?.[1] ?? 'unknown') : expected.note;
  const refused = (reason) => {
    const found = expected === null && why !== 'unknown' ? 'refused' : 'wrong';
    return { path, found, loop: reason, pipelines: '-', run: '-', note: found === 'wrong' ? `**wrong**; ${why}` : why };
  };
  if (seen.problem !== undefined) return refused(seen.problem.replace(root, ''));
  const result = await rewrite(source, launch, [{ type: 'instrument' }]);
  if (result.refused.length > 0) return refused(`refused: ${shortened(result.refused[0].reason)}`);
  const { file, line, iterable } = seen.loop;
  const lines = readFileSync(join(root, 'source', file), 'utf8').split('\n');
  const text = lines
    .slice(line - 1, line + 1)
    .join('\n')
    .trim();
  const isRight = expected?.loop.test(text) === true;
  const run = path in RUNS ? runOf(path, name, result.files) : { ok: true, text: '-' };
  return {
    path,
    found: isRight && run.ok ? 'loop' : 'wrong',
    loop: `${basename(file)}:${line} \`${iterable}\``,
    pipelines: `${seen.pipelines.length}, ${seen.knobs.length}`,
    run: run.text,
    note: isRight ? why : `**wrong**: \`${text.split('\n')[0]}\`; ${why}`,
  };
}

/** Without the way out, which is the same for all of them. */
function shortened(reason) {
  return reason.split(';')[0].replace(/^no loop over the output of an SPDL pipeline was found.*/, 'no loop found');
}

/** The example with its timing, in a copy: how many steps it told. */
function runOf(path, name, files) {
  const scratch = mkdtempSync(join(root, 'run-'));
  cpSync(join(root, 'source'), scratch, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, file)), { recursive: true });
    writeFileSync(join(scratch, file), text);
  }
  writeFileSync(join(scratch, 'torch.py'), TORCH);
  const args = RUNS[path].map((arg) => arg.replace('{scratch}', scratch));
  const { status, stdout, stderr } = spawnSync(python, ['-m', name, ...args], {
    cwd: scratch,
    encoding: 'utf8',
    timeout: RUN_LIMIT_MS,
    maxBuffer: 256 * 1024 * 1024,
  });
  const steps = [...stdout.matchAll(/^\[autoresearch\] step=(\d+) step_time_ms=([\d.]+)/gm)].at(-1);
  if (status === 0 && steps) return { ok: true, text: `${steps[1]} steps told` };
  const last = stderr.trim().split('\n').at(-1).slice(0, 120);
  return { ok: false, text: `exit code ${status}${steps ? '' : ', no step told'}: ${last}` };
}
