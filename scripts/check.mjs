// The gate for a change: format, lint, types, boundaries, dead code and the fast tests. Every gate runs, each gets one
// line.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

const GATES = [
  { name: 'format and lint', args: [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'] },
  { name: 'types', args: TYPES },
  { name: 'types of the page', args: PAGE_TYPES },
  {
    name: 'boundaries',
    args: cruise('.dependency-cruiser.cjs', ...sourceFolders, 'bench', 'test'),
  },
  { name: 'boundaries at run time', args: cruise('.dependency-cruiser-runtime.cjs', 'domain', 'workflows') },
  { name: 'dead code', args: [bin('knip', 'bin', 'knip.js'), '--treat-config-hints-as-errors'] },
  { name: 'kept histories', args: [inProject('scripts', 'kept-histories.mjs')] },
  { name: 'replay', args: [inProject('scripts', 'test.mjs'), '--project', 'replay'] },
  { name: 'fast tests', args: [inProject('scripts', 'test.mjs'), '--project', 'fast'] },
];

const failed = GATES.filter(({ name, args }) => {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`check: ${name} ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
  if (status !== 0) process.stdout.write(`${stdout}${stderr}\n`);
  return status !== 0;
});

if (failed.length > 0) {
  process.stdout.write(`check: failed: ${failed.map((gate) => gate.name).join(', ')}\n`);
  process.exitCode = 1;
}
