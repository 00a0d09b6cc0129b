/** What squeue and sacct print, as Slurm 22.05 does, and the state that it stands for. */
import { describe, expect, it } from 'vitest';
import {
  cannotStart,
  readSacct,
  readSqueue,
  saysOutOfMemory,
  stateOf,
} from '../../../../jobs/clusters/slurm/slurm-states.js';

const only = (line: string) => readSqueue(`CLUSTER: a\n\n${line}\n`)[0]!;

describe('a line of squeue', () => {
  it.each([
    [
      '1|FAILED|768|100|160|NonZeroExitCode|/w/slurm.sh|',
      { cause: 'exit', returnCode: 3, startedAtMs: 100_000, endedAtMs: 160_000 },
    ],
    ['1|COMPLETED|0|100|160|None|/w/slurm.sh|', { cause: 'exit', returnCode: 0 }],
    [
      '1|FAILED|9|100|160|JobLaunchFailure|x|',
      { cause: 'exit', returnCode: -9, said: 'Slurm: FAILED, JobLaunchFailure' },
    ],
    ['1|FAILED|256|100|100|JobLaunchFailure|x|', { cause: 'never_started', returnCode: null }],
    ['1|FAILED|1|100|100|BadConstraints|x|', { cause: 'never_started', said: 'Slurm: FAILED, BadConstraints' }],
    ['1|TIMEOUT|0|100|160|TimeLimit|x|', { cause: 'timeout', said: 'Slurm: TIMEOUT, TimeLimit' }],
    ['1|CANCELLED|15|100|160|None|x|', { cause: 'cancelled', said: 'Slurm: CANCELLED' }],
    ['1|CANCELLED|0|100|100|DependencyNeverSatisfied|x|', { cause: 'never_started' }],
    ['1|PREEMPTED|15|100|160|None|x|', { cause: 'preempted' }],
    ['1|NODE_FAIL|256|100|160|NodeDown|x|', { cause: 'node_failed', said: 'Slurm: NODE_FAIL, NodeDown' }],
    ['1|NODE_FAIL|1|100|160|None|x|gpu[3-4]|', { cause: 'node_failed', said: 'Slurm: NODE_FAIL of gpu[3-4]' }],
    ['1|BOOT_FAIL|0|100|160|None|x|', { cause: 'node_failed' }],
    ['1|OUT_OF_MEMORY|9|100|160|OutOfMemory|x|', { cause: 'out_of_memory' }],
    ['1|DEADLINE|0|100|160|DeadLine|x|', { cause: 'timeout' }],
    ['1|DEADLINE|0|160|160|DeadLine|x|', { cause: 'never_started' }],
    ['1|REVOKED|0|N/A|160|None|x|', { cause: 'lost' }],
  ])('%s is an end', (line, end) => {
    expect(stateOf(only(line))).toMatchObject({ state: 'ended', ...end });
  });

  it.each(['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'STAGE_OUT', 'RESIZING', 'SOMETHING_NEW'])(
    '%s goes on',
    (state) => {
      expect(stateOf(only(`1|${state}|0|100|1160|None|x|`))).toEqual({ state: 'running', startedAtMs: 100_000 });
    },
  );

  it.each([
    ['PENDING', 'Resources'],
    ['PENDING', 'AssocMaxJobsLimit'],
    ['PENDING', 'ReqNodeNotAvail, UnavailableNodes:vm'],
    ['CONFIGURING', 'None'],
    ['REQUEUED', 'BeginTime'],
  ])('%s (%s) waits', (state, reason) => {
    const row = only(`1|${state}|0|N/A|N/A|${reason}|x|`);
    const said = reason === 'None' ? `Slurm: ${state}` : `Slurm: ${state}, ${reason}`;
    expect(stateOf(row)).toEqual({ state: 'pending', reason: said });
    expect(cannotStart(row)).toBe(false);
  });

  it.each([
    ['SPECIAL_EXIT', 'JobHeldUser', ': it is held, `scontrol release 1` lets it go on'],
    ['PENDING', 'JobHeldAdmin', ': it is held, an administrator can let it go on (`scontrol release 1`)'],
    [
      'PENDING',
      'launch_failed_requeued_held',
      ': it is held, an administrator can let it go on (`scontrol release 1`)',
    ],
    ['PENDING', 'PartitionTimeLimit', ': the partition allows less than --job-timeout, which can be lowered'],
  ])('%s (%s) waits for a person, and says for what', (state, reason, advice) => {
    const row = only(`1|${state}|0|N/A|N/A|${reason}|x|`);
    expect(stateOf(row)).toEqual({ state: 'pending', reason: `Slurm: ${state}, ${reason}${advice}` });
    expect(cannotStart(row)).toBe(false);
  });

  it.each(['BadConstraints', 'DependencyNeverSatisfied', 'InvalidAccount', 'InvalidQOS'])(
    'a job that waits for %s never starts',
    (reason) => {
      const row = only(`1|PENDING|0|N/A|N/A|${reason}|x|`);
      expect(cannotStart(row)).toBe(true);
      expect(stateOf(row)).toMatchObject({ state: 'ended', cause: 'never_started', returnCode: null });
    },
  );
});

it('lines of sacct are jobs without their steps', () => {
  const rows = readSacct(
    '7|CANCELLED by 1000|0:15|100|160|None\n7.batch|CANCELLED|0:15|100|160|\n8|FAILED|3:0|100|Unknown|None\n',
  );
  expect(rows.map(stateOf)).toMatchObject([
    { cause: 'cancelled', returnCode: -15, endedAtMs: 160_000 },
    { cause: 'exit', returnCode: 3 },
  ]);
});

it('a host that failed is told by its name, also by sacct', () => {
  const [row] = readSacct('9|NODE_FAIL|1:0|100|160|None|gpu3\n');
  expect(stateOf(row!)).toMatchObject({ cause: 'node_failed', said: 'Slurm: NODE_FAIL of gpu3' });
  const [none] = readSacct('9|NODE_FAIL|1:0|100|160|None|None assigned\n');
  expect(stateOf(none!)).toMatchObject({ said: 'Slurm: NODE_FAIL' });
});

it.each([
  ['slurmstepd-vm: error: Exceeded job memory limit', true],
  ['slurmstepd: error: StepId=24.0 exceeded memory limit (84783104 > 41943040), being killed', true],
  ['slurmstepd: error: Detected 1 oom_kill event in StepId=5.batch', true],
  ['slurmstepd-vm: error: *** JOB 3 ON vm CANCELLED AT 2026-11-29T09:51:36 DUE TO JOB REQUEUE ***', false],
])('%s: %s', (text, isSaid) => {
  expect(saysOutOfMemory(text)).toBe(isSaid);
});
