/** Jobs whose hosts see nothing of ours: their source comes by a bundle, what they measured by the log or a command. */
import { appendFile, chmod, cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shellWord } from '../../../domain/command/shell-word.js';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { measure } from '../../../domain/evidence/measure.js';
import { Refusals } from '../../../domain/evidence/measured-number.js';
import { ConfigSchema, type RunConfig } from '../../../domain/formats/config.js';
import { packageFile } from '../../../host/package-files.js';
import { loadScheduler } from '../../../jobs/clusters/module-scheduler.js';
import { ScheduledPlatform } from '../../../jobs/clusters/scheduled-platform.js';
import { measuredTables } from '../../../jobs/measured-tables.js';
import { readLogs } from '../../../jobs/output/read-logs.js';
import { openBundle } from '../../../source/source-bundle.js';
import { Bench, endOf } from '../../support/platforms/conformance.js';
import { awayPlatform, noHostsAwayBecause } from '../../support/platforms/hosts-away.js';
import { removeFolder } from '../../support/remove-folder.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');
const FOUR_RANKS = packageFile('test', 'cases', 'four-ranks', 'source');
const TRAIN = `env AUTORESEARCH_STATS_INTERVAL=0.5 ${PYTHON} launch.py --nproc-per-node 4 train.py --samples 480 --num-workers 2 --batch-size 2`;
const ONE_RANK = `${PYTHON} train.py --samples 80`;
const times = { lookEveryMs: 50, recordLagMs: 2000, acceptedLagMs: 1000 };

let bench: Bench;
let spool: string;
beforeEach(async () => {
  bench = await Bench.open({});
  spool = await mkdtemp(join(tmpdir(), 'autoresearch-away-'));
});
afterEach(async () => {
  await removeFolder(bench.root);
  await removeFolder(spool);
});

/** The job's id, when it has ended. */
async function ran(command: string) {
  const { config, workdir } = bench.context;
  await cp(FOUR_RANKS, config.source_dir, { recursive: true });
  // Slow enough to tell on a machine that does much else.
  const script = join(config.source_dir, 'train.py');
  const text = await readFile(script, 'utf8');
  await writeFile(script, text.replace('0.015 if', '0.15 if').replace('else 0.005', 'else 0.05'));
  const tree = { root: config.source_dir, sourceDir: config.source_dir };
  const bundle = await openBundle(workdir.trees, 'n1', 'a'.repeat(40), tree);
  const scheduler = await loadScheduler(await awayPlatform(spool, [bench.root]));
  const platform = new ScheduledPlatform(scheduler, bench.context, times);
  expect(platform.usesBundle).toBe(true);
  const { jobId } = await platform.launch(await bench.request('n1', command, { bundle }));
  const { returnCode, said } = await endOf(platform, jobId);
  const logs = await platform.logs(jobId, 10_000);
  expect(returnCode, `${said} ${logs.stdout}${logs.stderr}`).toBe(0);
  return { jobId, platform, logs };
}

async function evidenceOf(jobId: string, platform: ScheduledPlatform, config: Partial<RunConfig> = {}) {
  const context = { ...bench.context, config: ConfigSchema.parse({ ...bench.context.config, ...config }) };
  const { files, notices, otherwise } = await measuredTables(context, jobId, {
    run: context.config.run_id,
    nodeId: 'n1',
  });
  const refusals = new Refusals();
  const [stdout, stderr] = [new JobOutput(refusals), new JobOutput(refusals)];
  const findings = [...files.findings, ...(await readLogs(context, platform, jobId, stdout, stderr))];
  const more = { stdout, stderr, batchSize: 8, ranks: 4, durationS: 10, findings };
  return { evidence: measure('n1', { ...files, ...more }, refusals), notices, files, otherwise };
}

describe.skipIf(noHostsAwayBecause !== null)(
  'a job on a host that does not see the workdir',
  { timeout: 120_000 },
  () => {
    it('has its source by the bundle, and its slow rank and stage are known by its log', async () => {
      const { jobId, platform, logs } = await ran(
        `test ! -e ${shellWord(bench.context.config.source_dir)}/train.py && test -z "$WORKDIR" && ${TRAIN}`,
      );
      expect(logs.stdout.match(/trained 120 samples/g)).toHaveLength(4);
      expect(logs.stdout).not.toContain('autoresearch-probe');
      const { evidence, notices, files, otherwise } = await evidenceOf(jobId, platform);
      expect(files.processes.map(({ rank }) => rank)).toEqual([0, 1, 2, 3]);
      expect(evidence.findings.join('\n')).toMatch(/rank 2 is \d+% slower .*: its stage `decode` takes/);
      expect(evidence.findings.join('\n')).not.toContain('the probe');
      expect(notices).toEqual([]);
      expect(evidence.system.cpuPct).toBeGreaterThan(0);
      // It ran the files of its tree; and another one, where the tree has another script meanwhile.
      expect(otherwise).toEqual([]);
      await appendFile(join(bench.context.config.source_dir, 'train.py'), '# changed\n');
      expect((await evidenceOf(jobId, platform)).otherwise).toMatchObject([
        { file: 'train.py', path: expect.stringMatching(/\/1\/host\/train\.py$/) },
      ]);
    });

    it('without the probe is told as such', async () => {
      const { jobId, platform } = await ran(`env PYTHONPATH= ${ONE_RANK}`);
      const { notices } = await evidenceOf(jobId, platform);
      expect(notices).toEqual([expect.stringMatching(/^no stage statistics: the job's host does not see the workdir/)]);
    });

    it('has the rows that a command of the user’s prints in place of those of its log', async () => {
      const { jobId, platform } = await ran(ONE_RANK);
      const program = join(spool, 'rows');
      const told = (rows: string) =>
        writeFile(program, `#!/bin/sh\necho "for $*" >> ${shellWord(join(spool, 'asked'))}\n${rows}\n`);
      const row =
        '{"table":"task_stats","rank":9,"pid":1,"columns":["time_s","name","num_tasks"],"rows":[[1,"pipeline:0:1:decode[2]",5]]}';
      await told(`echo '[autoresearch-probe] ${row}'`);
      await chmod(program, 0o755);
      const metrics_command = `${shellWord(program)} {id} {name} {node}`;
      const own = await evidenceOf(jobId, platform, { metrics_command });
      expect(own.notices).toEqual([]);
      expect(own.files.processes).toMatchObject([{ rank: 9, pid: 1, tasks: { rows: [{}] } }]);
      const name = bench.jobName('n1');
      expect(await readFile(join(spool, 'asked'), 'utf8')).toBe(`for 1 ${name} n1\n`);
      // Again, with another end: what it told last stays, and the failure is told.
      await told('echo no rows there >&2; exit 3');
      const failed = await evidenceOf(jobId, platform, { metrics_command });
      expect(failed.notices).toEqual(['--metrics-command ended with exit code 3, and is left out: no rows there']);
      await told('echo nothing');
      expect((await evidenceOf(jobId, platform, { metrics_command })).notices).toEqual([
        '--metrics-command printed no line of the probe ([autoresearch-probe] …)',
      ]);
      await told('echo \'[autoresearch-probe] {"table":"x"}\'');
      expect((await evidenceOf(jobId, platform, { metrics_command })).files.findings).toEqual([
        expect.stringMatching(/^1 lines of the probe in the output of --metrics-command cannot be read: table: /),
      ]);
    });
  },
);

it.each([
  ['rows {job}', /\{job\} is no placeholder here: \{id\}, \{name\}, \{node\}/],
  ['rows "{id}"', /\{id\} must stand outside of quotes/],
])('--metrics-command %s is refused', (metrics_command, problem) => {
  const parsed = ConfigSchema.safeParse({ ...bench.context.config, metrics_command });
  expect(parsed.error?.issues[0]).toMatchObject({ path: ['metrics_command'], message: expect.stringMatching(problem) });
});
