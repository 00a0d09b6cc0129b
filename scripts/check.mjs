// The gate for a change: format, lint, types, boundaries, dead code, kept histories and the fast tests. Every gate
// runs, each gets one line.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { inProject, projectRoot } from './setup/process.mjs';

const bin = (...parts) => inProject('node_modules', ...parts);
const sourceFolders = JSON.parse(readFileSync(inProject('tsconfig.json'), 'utf8')).include;
/** What a gate found of files that are as they were is kept: the second check of a change is the one that waits. */
const cache = (name) => bin('.cache', 'autoresearch-check', name);
const TYPES = [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.check.json', '--pretty', 'false'];
const PAGE_TYPES = [
  bin('typescript', 'bin', 'tsc'),
  ...['-p', 'client/dashboard/page/tsconfig.json', '--pretty', 'false', '--noEmit'],
  ...['--incremental', '--tsBuildInfoFile', cache('page.tsbuildinfo')],
];
const cruise = (config, ...folders) => [
  bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
  ...['--output-type', 'err-long', '--config', config],
  ...['--cache', cache(config), '--cache-strategy', 'content'],
  ...folders,
];

/** The longest first: they run side by side, as many as there are cores, and none long is left to the end. */
const GATES = [
  // In one run: two of vitest would write its cache at the same time.
  {
    name: 'replay and fast tests',
    args: [inProject('scripts', 'test.mjs'), '--project', 'replay', '--project', 'fast'],
  },
  { name: 'types', args: TYPES },
  { name: 'dead code', args: [bin('knip', 'bin', 'knip.js'), '--treat-config-hints-as-errors'] },
  {
    name: 'boundaries',
    args: cruise('.dependency-cruiser.cjs', ...sourceFolders, 'bench', 'test'),
  },
  { name: 'boundaries at run time', args: cruise('.dependency-cruiser-runtime.cjs', 'domain', 'workflows') },
  { name: 'types of the page', args: PAGE_TYPES },
  { name: 'format and lint', args: [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'] },
  { name: 'kept histories', args: [inProject('scripts', 'kept-histories.mjs')] },
];
/** Each gate may take a gigabyte. */
const MOST_AT_ONCE = 4;

const failed = [];
const left = [...GATES];

async function runGates() {
  for (let gate = left.shift(); gate !== undefined; gate = left.shift()) {
    const start = performance.now();
    const { status, output } = await outcomeOf(gate.args);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(`check: ${gate.name} ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
    if (status === 0) continue;
    process.stdout.write(`${output}\n`);
    failed.push(gate.name);
  }
}

function outcomeOf(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => resolve({ status: 1, output: String(error) }));
    child.on('close', (status) => resolve({ status, output }));
  });
}

await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, availableParallelism()) }, runGates));

if (failed.length > 0) {
  process.stdout.write(`check: failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
