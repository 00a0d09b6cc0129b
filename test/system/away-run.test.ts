/** A whole run whose jobs see nothing of the workdir: their source comes by bundle, their statistics by the log. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Evidence } from '../../domain/evidence/evidence.js';
import { packageFile } from '../../host/package-files.js';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { CommandRun, exitOf } from '../support/command-run.js';
import { awayPlatform, noHostsAwayBecause } from '../support/platforms/hosts-away.js';

const FOUR_RANKS = packageFile('test', 'cases', 'four-ranks', 'source');

it.skipIf(noHostsAwayBecause !== null)(
  'the analysis of a job elsewhere names its slow rank and stage',
  async () => {
    await using run = await CommandRun.create({ project: FOUR_RANKS });
    // Slow enough to tell on a machine that does much else.
    const script = join(run.source, 'train.py');
    const text = await readFile(script, 'utf8');
    await writeFile(script, text.replace('0.015 if', '0.15 if').replace('else 0.005', 'else 0.05'));
    const platform = await awayPlatform(run.root, [run.source, run.workdir]);
    const python = packageFile('.tools', 'venv', 'bin', 'python');
    const launch = `env AUTORESEARCH_STATS_INTERVAL=0.5 ${python} launch.py --nproc-per-node 4 train.py --samples 480 --num-workers 2 --batch-size 2`;
    const end = await exitOf(
      run.start(
        ...['--pipeline-script', join(run.source, 'train.py'), '--source-dir', run.source],
        ...['--base-launch-command', launch, '--platform', platform, '--agent', 'playbook'],
        ...['--max-experiments', '1', '--calibration-runs', '0', '--poll-interval', '1'],
      ),
    );
    expect(end.code, end.output).toBe(0);
    const file = async (...parts: string[]) => await readFile(join(run.workdir, ...parts), 'utf8');
    const evidence = JSON.parse(await file('runs', '000_baseline', 'evidence.json')) as Evidence;
    expect(evidence.ranks?.each.map(({ name }) => name)).toEqual(['rank 0', 'rank 1', 'rank 2', 'rank 3']);
    expect(evidence.steps.samples).toBe(480);
    const said = /rank 2 is \d+% slower than the median of the other ranks .*: its stage `decode` takes/i;
    expect(await file('runs', '000_baseline', 'analysis.md')).toMatch(said);
    expect(evidence.findings.join('\n')).not.toMatch(/the probe|no stage statistics/);
    // Its hosts are sampled, and it ran the files of its tree.
    expect(evidence.system.cpuPct).toBeGreaterThan(0);
    expect(evidence.system.peakRssMb).toBeGreaterThan(10);
    const { imports } = await readMetricFiles(join(run.workdir, 'runs', '000_baseline', 'metrics'));
    expect(imports.filter(({ path }) => path.endsWith('/host/train.py')).map(({ module }) => module)).toContain(
      '__main__',
    );
    expect(evidence.ranOtherwise).toBeUndefined();
    // What a person reads is the job's own.
    const stderr = await file('local_jobs', 'away_000_baseline', 'stderr.log');
    const stdout = await file('local_jobs', 'away_000_baseline', 'stdout.log');
    expect(stdout + stderr).not.toContain('autoresearch-probe');
    expect(stdout.match(/trained 120 samples/g)).toHaveLength(4);
    // The bundle went with the tree.
    expect(existsSync(join(run.workdir, 'trees', '.bundles', '000_baseline'))).toBe(false);
  },
  300_000,
);
