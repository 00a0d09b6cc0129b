/** What jobs write outside of their trees is kept apart from the user's files, or told with the way out. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCollectEvidence } from '../../activities/collect-evidence.js';
import type { Evidence } from '../../domain/evidence/evidence.js';
import { initialState } from '../../domain/run/engine-state.js';
import { packageFile } from '../../host/package-files.js';
import { namedOutside, shelterOf } from '../../jobs/job-shelter.js';
import { keptApartText, leftOutside } from '../../jobs/left-outside.js';
import { WithAdoptedJobs } from '../../jobs/platforms/adopted-jobs.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import { jobNameOf } from '../../jobs/platforms/platform.js';
import { Workdir } from '../../workdir/paths.js';
import { configOf, open, repository, temporaryFolder, write } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

let folder: string;
let workdir: Workdir;
beforeEach(() => {
  folder = temporaryFolder();
  workdir = new Workdir(join(folder, 'workdir'));
});
afterEach(() => removeFolder(folder));

const NODE = '000_baseline';
const STEPS = Array.from({ length: 40 }, (_, at) => `[autoresearch] step=${at + 1} step_time_ms=20`).join('\n');

/** A job with its shelter, and what its evidence tells a person. */
async function runBaseline(source: string, command: string, env: Record<string, string> = {}) {
  const code = await open(workdir.root, source);
  const tree = await code.openTree(NODE, await code.anchor());
  const context = { workdir, config: configOf(source, { base_launch_command: command }), log: () => {} };
  const platform = new WithAdoptedJobs(new LocalPlatform(context, 0.3), context);
  const all = { PATH: process.env.PATH ?? '', ...env };
  const { jobId } = await platform.launch({
    jobName: jobNameOf('run-1', NODE),
    nodeId: NODE,
    command,
    cwd: tree.sourceDir,
    env: all,
    timeoutS: 60,
    stallTimeoutS: 0,
    metricsDir: workdir.metrics(NODE),
    cpus: null,
    hold: null,
    shelter: await shelterOf(workdir, NODE, await code.originals(), await namedOutside(workdir, { command, env: all })),
  });
  while ((await platform.status(jobId)).state !== 'ended')
    await platform.waitForChange(jobId, 10_000, new AbortController().signal);
  write(workdir.root, { [`runs/${NODE}/job_id.txt`]: `${jobId}\n` });
  const runLog = { state: async () => initialState('run-1') };
  await makeCollectEvidence({ context, platform, runLog })({ run: 'run-1', nodeId: NODE });
  const { notices = [] } = JSON.parse(readFileSync(workdir.evidence(NODE), 'utf8')) as Evidence;
  return { notices, isSheltered: await platform.isSheltered(jobId) };
}

const TRAIN = `printf '${STEPS.replaceAll('\n', '\\n')}\\n'`;

describe("a job that overwrites the user's checkpoint at an absolute path", () => {
  it.each([
    { by: 'the code', files: (out: string) => ({ 'train.py': `OUT = "${out}/last.pt"\n` }), env: () => ({}) },
    { by: 'a configuration', files: (out: string) => ({ 'conf/a.yaml': `dir: ${out}\n` }), env: () => ({}) },
    {
      by: 'a variable of the environment',
      files: () => ({ 'train.py': 'import os\nOUT = os.environ["CKPT_DIR"]\n' }),
      env: (out: string) => ({ CKPT_DIR: out }),
    },
  ])('that $by names: it stays, and the baseline tells of it', async ({ files, env }) => {
    const out = join(folder, 'models of mine/deep');
    write(out, { 'last.pt': 'weeks of training' });
    // Where the job really gets the path from is nothing that is looked at.
    const source = repository(join(folder, 'repo'), { 'where.txt': out, ...(files(out) as Record<string, string>) });
    const command = `out=$(cat where.txt); grep -q weeks "$out"/last.pt && echo worse > "$out"/last.pt; ${TRAIN}`;
    const { notices, isSheltered } = await runBaseline(source, command, env(out) as Record<string, string>);
    if (!isSheltered) return;
    expect(readFileSync(join(out, 'last.pt'), 'utf8')).toBe('weeks of training');
    expect(notices).toContainEqual(
      expect.stringContaining(`kept apart from your files, and goes with the tree: ${out}/last.pt`),
    );
  });
});

it('a folder that the job makes where everybody does is told, with $NODE_ID', async () => {
  const shared = mkdtempSync('/tmp/autoresearch-left-');
  rmSync(shared, { recursive: true });
  try {
    const source = repository(join(folder, 'repo'), { 'conf.json': `{"out": "${shared}"}` });
    const { notices } = await runBaseline(source, `mkdir ${shared}; echo 1 > ${shared}/last.pt; ${TRAIN}`);
    expect(notices).toContainEqual(expect.stringMatching(`${shared}/last.pt lies outside of the tree.*\\$NODE_ID`));
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
});

it('a file whose path the code computes is told, though nothing names it', async () => {
  const shared = mkdtempSync('/tmp/autoresearch-left-');
  try {
    const code = `import os, sys\nopen(os.path.join(*sys.argv[1].replace("%/", "/").split("%"), "last.pt"), "w")\n`;
    const source = repository(join(folder, 'repo'), { 'train.py': code });
    const python = packageFile('.tools', 'venv', 'bin', 'python');
    const { notices } = await runBaseline(source, `${python} train.py ${shared.replaceAll('/', '%/')}; ${TRAIN}`, {
      PYTHONPATH: packageFile('probe'),
      AUTORESEARCH_METRICS_DIR: workdir.metrics(NODE),
    });
    expect(notices).toContainEqual(expect.stringMatching(`^${shared}/last.pt lies outside of the tree.*\\$NODE_ID`));
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
});

describe('leftOutside', () => {
  it('names what is new since then, and neither old files, nor what was kept apart, nor the run itself', async () => {
    const since = Date.now() - 60_000;
    write(folder, { 'new/deep/a.pt': '', 'old/b.pt': '', 'apart/c.pt': '', 'single.pt': '' });
    for (const path of ['old/b.pt', 'old']) utimesSync(join(folder, path), 1e9, 1e9);
    mkdirSync(workdir.root);
    const places = ['new', 'old', 'apart', 'single.pt', 'none', 'workdir', ''].map((path) => join(folder, path));
    const found = await leftOutside(workdir, [...places, '/tmp'], [join(folder, 'apart')], since);
    expect(found).toEqual([join(folder, 'new/deep/a.pt'), join(folder, 'single.pt')]);
  });

  it("passes over what has an experiment's name in its path, which no other job finds", async () => {
    const since = Date.now() - 60_000;
    write(folder, {
      'out/000_baseline/a.pt': '',
      'out/001_mtp/a.pt': '',
      'run-000_baseline.pt': '',
      'all/000_baseline/a': '',
    });
    write(folder, { 'all/shared.pt': '', 'made/by/001_mtp/a.pt': '' });
    mkdirSync(workdir.root);
    const places = ['out', 'out/000_baseline/a.pt', 'run-000_baseline.pt', 'all', 'made', 'made/by'].map((path) =>
      join(folder, path),
    );
    const found = await leftOutside(workdir, places, [], since, ['000_baseline', '001_mtp']);
    expect(found).toEqual([join(folder, 'all/shared.pt')]);
  });

  it('counts what it does not show', () => {
    expect(keptApartText({ wrote: ['/a', '/b', '/c', '/d'], count: 70, covered: [], bare: [] })).toContain(
      '/a, /b, /c and 67 more',
    );
    expect(keptApartText({ wrote: [], count: 0, covered: [], bare: [] })).toBeNull();
  });
});
