/**
 * What the probe costs a job: throughput and CPU time of a real SPDL pipeline with the probe over those without, in
 * interleaved rounds beside a control (without over without), the share of the CPU that the probe itself takes, and
 * what it adds to the start of a Python process.
 *
 *   node bench/probe-overhead.mjs [rounds]      30 rounds unless told, about a minute and a half on an idle machine
 *
 * Exits 1 when the 95% interval of the median throughput ratio lies wholly below 0.99, or the probe itself takes 1%.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const python = join(root, '.tools', 'venv', 'bin', 'python');
const script = join(root, 'bench', 'probe-overhead', 'pipeline.py');
const STARTS = 20;
const rounds = Number(process.argv[2] ?? 30);
if (!Number.isInteger(rounds) || rounds < 3) {
  console.error(`rounds must be a whole number of at least 3, not ${process.argv[2]}`);
  process.exit(2);
}

const metrics = mkdtempSync(join(tmpdir(), 'autoresearch-bench-'));
const bare = { PATH: process.env.PATH ?? '' };
const probed = {
  ...bare,
  PYTHONPATH: join(root, 'probe'),
  AUTORESEARCH_METRICS_DIR: metrics,
  AUTORESEARCH_TREE_DIR: dirname(script),
  AUTORESEARCH_ORIGINAL_DIR: join(root, 'nowhere'),
};

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** 95% interval of the median by resampling; a fixed seed, so that the same measurements print the same line. */
function interval(values) {
  let seed = 1;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  const medians = Array.from({ length: 4000 }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)])),
  ).sort((a, b) => a - b);
  return [medians[100], medians[3899]];
}

function show(what, ratios) {
  const [low, high] = interval(ratios);
  const all = `all ${Math.min(...ratios).toFixed(4)} to ${Math.max(...ratios).toFixed(4)}`;
  console.log(`${what}: median ${median(ratios).toFixed(4)} (95% ${low.toFixed(4)} to ${high.toFixed(4)}, ${all})`);
  return high;
}

function startMs(env) {
  const begin = performance.now();
  execFileSync(python, ['-c', 'pass'], { env });
  return performance.now() - begin;
}

try {
  const lines = execFileSync(python, [script, String(rounds)], { env: probed, encoding: 'utf8' })
    .trim()
    .split('\n');
  const measured = lines.map((line) => line.split(' ').map(Number));
  const tables = readdirSync(metrics);
  if (tables.length < 3)
    throw new Error(`the probe wrote only ${tables.join(', ') || 'nothing'}: this measured nothing`);
  const column = (index) => measured.map((values) => values[index]);
  const ratios = (top, bottom) => measured.map((values) => values[top] / values[bottom]);
  console.log(`${rounds} rounds, ${median(column(2)).toFixed(0)} samples/s without the probe (median)`);
  // Against both measurements without it, so that a drift within a round weighs half.
  const against = (top, first, second) =>
    measured.map((values) => (2 * values[top]) / (values[first] + values[second]));
  const high = show('throughput, with the probe / without', against(0, 2, 4));
  show('throughput, without / without (control)', ratios(4, 2));
  show('CPU time, with the probe / without', against(1, 3, 5));
  show('CPU time, without / without (control)', ratios(5, 3));
  const own = median(ratios(6, 1));
  console.log(`of the job's CPU time spent in the probe itself: ${(100 * own).toFixed(3)}% (median)`);
  const starts = Array.from({ length: STARTS }, () => [startMs(bare), startMs(probed)]);
  console.log(
    `added to the start of a Python process: ${median(starts.map(([b, p]) => p - b)).toFixed(1)} ms (median of ${STARTS})`,
  );
  if (high < 0.99 || own >= 0.01) process.exitCode = 1;
} finally {
  rmSync(metrics, { recursive: true, force: true });
}
