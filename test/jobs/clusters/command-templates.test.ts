/** The files of commands of the guide, on what the schedulers print. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { rendered } from '../../../domain/command/command-template.js';
import { packageFile } from '../../../host/package-files.js';
import { parseTemplates, readStates } from '../../../jobs/clusters/command-templates.js';

const example = async (name: string) =>
  parseTemplates(await readFile(packageFile('docs', 'platforms', `${name}.json`), 'utf8'));
const said = (states: ReturnType<typeof readStates>) =>
  [...states].map(([id, { state, ...rest }]) =>
    [id, state, 'cause' in rest ? [rest.cause, rest.returnCode] : []].flat(),
  );

describe('LSF', () => {
  it('tells the id of what was submitted, and of what is called so', async () => {
    const { id, find_id, submit } = await example('lsf');
    expect(id.exec('Job <850381> is submitted to default queue <normal>.\n')?.[1]).toBe('850381');
    expect(id.exec('Job <9> is submitted to queue <gpu v100>.\n')?.[1]).toBe('9');
    expect([...'101  \n102\n'.matchAll(find_id)].map((match) => match[1])).toEqual(['101', '102']);
    const values = { name: 'ar-r-n1', folder: "/a b/it's", minutes: 2, script: '/a b/job.sh' };
    expect(rendered(submit, values)).toBe(String.raw`bsub -J ar-r-n1 -o '/a b/it'\''s'/lsf.out -W 2 '/a b/job.sh'`);
  });

  it('tells states, codes and reasons', async () => {
    const states = readStates(
      [
        '1;PEND;-;-',
        '2;RUN;-;-',
        '3;DONE;-;-',
        '4;EXIT;3;-',
        '5;EXIT;140;TERM_RUNLIMIT: job killed after reaching LSF run time limit.',
        '6;EXIT;130;TERM_OWNER: job killed by owner',
        '7;EXIT;137;TERM_MEMLIMIT: job killed after reaching LSF memory usage limit',
        '8;PROV;-;-',
        'Job <9> is not found',
      ].join('\n'),
      await example('lsf'),
    );
    expect(said(states)).toEqual([
      ['1', 'pending'],
      ['2', 'running'],
      ['3', 'ended', 'exit', 0],
      ['4', 'ended', 'exit', 3],
      ['5', 'ended', 'timeout', 140],
      ['6', 'ended', 'cancelled', 130],
      ['7', 'ended', 'out_of_memory', 137],
      ['8', 'pending'],
    ]);
    expect(states.get('8')).toMatchObject({
      reason: expect.stringMatching(/its state is PROV, which "table" does not/),
    });
    expect(states.get('5')).toMatchObject({ said: expect.stringMatching(/^EXIT: TERM_RUNLIMIT: job killed/) });
  });

  it.each(['LSF is down. Please wait ...', 'batch system daemon not responding ... still trying'])(
    '"%s" passes',
    async (text) => {
      expect((await example('lsf')).busy!.test(text)).toBe(true);
      expect((await example('lsf')).busy!.test('Bad queue specified. Job not submitted.')).toBe(false);
    },
  );
});

describe('PBS', () => {
  // Attributes that say nothing here are left out.
  const PRINTED = `Job Id: 522083.pbs.example.edu
    Job_Name = ar-r-n1
    Job_Owner = somebody@login.example.edu
    resources_used.walltime = 00:00:14
    job_state = F
    queue = short
    Variable_List = PBS_O_HOME=/home/somebody,PBS_O_LANG=C,
	PBS_O_PATH=/usr/local/bin:/usr/bin,job_state=Q
    Exit_status = 271
    comment = Job run at Fri Oct 20 at 04:30 on (node31:ncpus=1) and terminated

Job Id: 522084.pbs.example.edu
    Job_Name = ar-r-n2
    job_state = R
    queue = short

Job Id: 522085.pbs.example.edu
    Job_Name = ar-r-n3
    job_state = Q
    comment = Not Running: Insufficient amount of resource: ncpus

Job Id: 522086.pbs.example.edu
    Job_Name = ar-r-n4
    job_state = F
    Exit_status = 0
`;

  it('tells states and codes, of each job its own', async () => {
    expect(said(readStates(PRINTED, await example('pbs')))).toEqual([
      ['522083.pbs.example.edu', 'ended', 'exit', -15],
      ['522084.pbs.example.edu', 'running'],
      ['522085.pbs.example.edu', 'pending'],
      ['522086.pbs.example.edu', 'ended', 'exit', 0],
    ]);
  });

  it('tells the id of what was submitted', async () => {
    expect((await example('pbs')).id.exec('522083.pbs.example.edu\n')?.[1]).toBe('522083.pbs.example.edu');
    expect((await example('pbs')).gone!.test('qdel: Job has finished 522083.pbs.example.edu')).toBe(true);
  });
});

describe('Ray Jobs', () => {
  // As Ray 2 printed it.
  const LISTED = String.raw`2026-11-29 09:34:22,315	INFO cli.py:42 -- Job submission server address: http://127.0.0.1:8265
2026-11-29 09:34:22,337	INFO cli.py:600 -- [JobDetails(type=<JobType.SUBMISSION: 'SUBMISSION'>, job_id=None, submission_id='ar-r-n1', driver_info=None, status=<JobStatus.FAILED: 'FAILED'>, entrypoint="sh -c 'exit 3'", message="Job entrypoint command failed with exit code 3, last available logs (truncated to 20,000 chars):\nRunning entrypoint for job ar-r-n1: sh -c 'exit 3'\n", error_type='JOB_ENTRYPOINT_COMMAND_ERROR', start_time=1795944849783, end_time=1795944857294, metadata={}, runtime_env={}, driver_agent_http_address='http://192.0.2.2:52365', driver_node_id='1f249fd4cab7', driver_exit_code=3),
 JobDetails(type=<JobType.SUBMISSION: 'SUBMISSION'>, job_id=None, submission_id='ar-r-n2', driver_info=None, status=<JobStatus.SUCCEEDED: 'SUCCEEDED'>, entrypoint="sh -c 'echo hi; echo err >&2'", message='Job finished successfully.', error_type=None, start_time=1795944853624, end_time=1795944860046, metadata={}, runtime_env={}, driver_agent_http_address='http://192.0.2.2:52365', driver_node_id='1f249fd4cab7', driver_exit_code=0),
 JobDetails(type=<JobType.SUBMISSION: 'SUBMISSION'>, job_id=None, submission_id='ar-r-n5', driver_info=None, status=<JobStatus.STOPPED: 'STOPPED'>, entrypoint="sh -c 'echo hi; sleep 300'", message='Job was intentionally stopped.', error_type=None, start_time=1795944904971, end_time=1795944915378, metadata={}, runtime_env={}, driver_agent_http_address='http://192.0.2.2:52365', driver_node_id='1f249fd4cab7', driver_exit_code=None)]
`;

  it('tells states and codes, of each job its own', async () => {
    expect(said(readStates(LISTED, await example('ray')))).toEqual([
      ['ar-r-n1', 'ended', 'exit', 3],
      ['ar-r-n2', 'ended', 'exit', 0],
      ['ar-r-n5', 'ended', 'cancelled', null],
    ]);
  });

  it('tells ids, and what passes', async () => {
    const { id, find_id, busy, gone, submit } = await example('ray');
    const submitted = "2026-11-29 09:35:05,057	SUCC cli.py:67 -- Job 'ar-r-n5' submitted successfully\n";
    expect(id.exec(submitted)?.[1]).toBe('ar-r-n5');
    const status = "2026-11-29 09:35:09,101	INFO cli.py:92 -- Status for job 'ar-r-n5': PENDING\n";
    expect([...status.matchAll(find_id)].at(-1)?.[1]).toBe('ar-r-n5');
    expect(busy!.test('ConnectionError: Failed to connect to Ray at address: http://127.0.0.1:8265.')).toBe(true);
    expect(gone!.test('RuntimeError: Request failed with status code 404: Job nope does not exist.')).toBe(true);
    const command = rendered(submit, { name: 'n', cwd: '/a b', command: 'python train.py' });
    expect(command).toMatch(/ sh '\/a b' 'python train\.py'$/);
  });
});
