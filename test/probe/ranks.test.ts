/** Where the probe's tables of a process stand: by its rank, and by its host. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { probeTables } from '../../jobs/output/metric-names.js';
import { removeFolder } from '../support/remove-folder.js';

let metrics: string;
beforeEach(async () => {
  metrics = await mkdtemp(join(tmpdir(), 'autoresearch-ranks-'));
});
afterEach(() => removeFolder(metrics));

const python = (code: string, env: Record<string, string> = {}, args: string[] = []) =>
  execa(packageFile('.tools', 'venv', 'bin', 'python'), ['-c', code, ...args], {
    extendEnv: false,
    env: { PATH: process.env.PATH ?? '', PYTHONPATH: packageFile('probe'), ...env },
  });

it('the rank is what the nearest launcher says', async () => {
  const torchx = { TORCHX_JOB_ID: 'local_cwd://torchx/sh-x1', TORCHELASTIC_ERROR_FILE: '/tmp/sh-x1/sh/2/error.json' };
  const cases: [env: Record<string, string>, rank: string | null][] = [
    [{}, null],
    [{ RANK: '3', LOCAL_RANK: '1', WORLD_SIZE: '4' }, '3'],
    [{ RANK: '0' }, '0'],
    [{ RANK: '007' }, '7'],
    // Each host has a 0 of these.
    [{ LOCAL_RANK: '1' }, null],
    [{ SLURM_LOCALID: '1', SLURM_NTASKS: '4' }, null],
    [{ SLURM_PROCID: '2', SLURM_NTASKS: '4' }, '2'],
    // One task of Slurm, which may start ranks by other means.
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '1' }, null],
    [{ SLURM_PROCID: '0' }, null],
    [{ RANK: '5', SLURM_PROCID: '1', SLURM_NTASKS: '2' }, '5'],
    [{ OMPI_COMM_WORLD_RANK: '6', SLURM_PROCID: '1', SLURM_NTASKS: '8' }, '6'],
    [{ PMI_RANK: '4' }, '4'],
    [{ TORCHX_REPLICA_IDX: '1' }, '1'],
    [{ JOB_COMPLETION_INDEX: '9' }, '9'],
    [torchx, '2'],
    [{ ...torchx, RANK: '0' }, '0'],
    // Of torchrun's own agent, which torchx has not started.
    [{ TORCHELASTIC_ERROR_FILE: '/tmp/x/attempt_0/1/error.json' }, null],
    ...['', '-1', 'one', '1e3', '١', '12345678', '../2'].map((RANK): [Record<string, string>, null] => [
      { RANK },
      null,
    ]),
    [{ RANK: 'x', PMI_RANK: '1' }, '1'],
  ];
  const code =
    'import json, sys; from autoresearch_probe.place import rank_of; print(json.dumps([rank_of(env) for env in json.loads(sys.argv[1])]))';
  const { stdout } = await python(code, {}, [JSON.stringify(cases.map(([env]) => env))]);
  const told = JSON.parse(stdout) as (string | null)[];
  expect(cases.map(([env], at) => [env, told[at]])).toEqual(cases);
});

describe('a table', () => {
  const append =
    'from autoresearch_probe.table import Table; Table(sys.argv[1], "queue_stats", ("name",)).append([("a",)])';
  const written = async (code: string, env: Record<string, string> = {}) => {
    await python(`import os, sys; ${code}`, env, [metrics]);
    return (await probeTables(metrics)).map(({ rank, host, name }) => ({ rank, host, name }));
  };

  it('stands in the metrics folder where its process has no rank', async () => {
    expect(await written(append, { AUTORESEARCH_HOST: hostname() })).toMatchObject([{ rank: null, host: null }]);
    expect(await readdir(metrics)).toEqual([expect.stringMatching(/^queue_stats-\d+\.tsv$/)]);
  });

  it('stands in the folder of its rank', async () => {
    expect(await written(append, { RANK: '12' })).toMatchObject([
      { rank: 12, host: null, name: expect.stringMatching(/^rank-12\/queue_stats-\d+\.tsv$/) },
    ]);
  });

  it('of another host names it, so that two of one pid are two', async () => {
    const env = { AUTORESEARCH_HOST: 'where-the-engine-is' };
    const [table] = await written(append, env);
    expect(table?.name).toMatch(new RegExp(`^queue_stats-\\d+@${hostname()}\\.tsv$`));
    const onOther = `os.uname = lambda: type("U", (), {"nodename": "b/ad.host-2"}); os.getpid = lambda: 7; ${append}`;
    await written(onOther, env);
    const tables = await written(`os.getpid = lambda: 7; ${append}`, { AUTORESEARCH_HOST: hostname() });
    expect(tables.map(({ host }) => host)).toEqual([null, 'b_ad.host-2', hostname()]);
    expect(await readFile(join(metrics, 'queue_stats-7.tsv'), 'utf8')).toBe('name\na\n');
  });

  it('moves with a worker that is told its rank after its start', async () => {
    const fork = `${append}\nfor rank in (0, 1):\n    if os.fork() == 0:\n        os.environ["RANK"] = str(rank)\n        ${append}\n        os._exit(0)\nos.wait(); os.wait()`;
    expect((await written(fork)).map(({ rank }) => rank)).toEqual([null, 0, 1]);
  });
});
