/** LSF, as docs/platforms/lsf.json speaks to it, through the conformance suite: stand-ins for commands, real jobs. */
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { shellWord } from '../../../domain/command/shell-word.js';
import { packageFile } from '../../../host/package-files.js';
import { runApart } from '../../../host/short-program.js';
import { loadScheduler } from '../../../jobs/clusters/module-scheduler.js';
import { ScheduledPlatform } from '../../../jobs/clusters/scheduled-platform.js';
import { SchedulerBusy } from '../../../jobs/clusters/scheduler.js';
import { platformProblem } from '../../../jobs/platforms/index.js';
import type { RunContext } from '../../../workdir/run-context.js';
import { describePlatform } from '../../support/platforms/conformance.js';
import { removeFolder } from '../../support/remove-folder.js';

const STAND_INS = packageFile('test', 'fixtures', 'platforms', 'lsf');
const folder = await mkdtemp(join(tmpdir(), 'autoresearch-lsf-'));
let spool = '';

beforeEach(async () => {
  spool = join(await mkdtemp(join(folder, 's')), 'spool');
  await mkdir(spool);
});
afterAll(() => removeFolder(folder));

/** The file of the guide, with our commands for the three of LSF's. */
async function templates(): Promise<string> {
  const text = await readFile(packageFile('docs', 'platforms', 'lsf.json'), 'utf8');
  const ours = (program: string) => `LSF_SPOOL=${shellWord(spool)} ${shellWord(join(STAND_INS, program))}`;
  const json = JSON.parse(text) as Record<string, unknown>;
  for (const field of ['submit', 'find', 'states', 'cancel'])
    json[field] = (json[field] as string).replace(/^\w+/, ours);
  const path = join(spool, '..', 'lsf.json');
  await writeFile(path, JSON.stringify(json));
  return path;
}

const times = { lookEveryMs: 50, recordLagMs: 2000, acceptedLagMs: 1000 };
const made = async (context: RunContext) =>
  new ScheduledPlatform(await loadScheduler(await templates()), context, times);
const jobs = async () => (await readdir(spool)).filter((name) => /^\d+$/.test(name));
/** As LSF ends a job by itself: with a signal, and its reason. */
const endedBy = (reason: string) => async () => {
  const env = { LSF_SPOOL: spool, LSF_REASON: reason };
  for (const id of await jobs()) await runApart(join(STAND_INS, 'bkill'), [id], { env });
};

describePlatform('lsf (commands)', {
  make: made,
  jobsNamed: async (name) => {
    const names = await Promise.all((await jobs()).map((id) => readFile(join(spool, id, 'name'), 'utf8')));
    return names.filter((each) => each.trim() === name).length;
  },
  dieAfterSubmit: async (context) => {
    await writeFile(join(spool, 'die'), '');
    return await made(context);
  },
  forget: async () => {
    for (const id of await jobs()) await removeFolder(join(spool, id));
  },
  ends: {
    out_of_memory: endedBy('TERM_MEMLIMIT: job killed after reaching LSF memory usage limit'),
    preempted: endedBy('TERM_PREEMPT: job killed after preemption'),
  },
});

describe('a scheduler of commands', () => {
  it('that is down is asked again later', async () => {
    const scheduler = await loadScheduler(await templates());
    await writeFile(join(spool, 'down'), '');
    await expect(scheduler.states(['1001'])).rejects.toThrow(SchedulerBusy);
    await expect(scheduler.cancel('1001')).rejects.toThrow(/"cancel": LSF is down/);
  });

  it('that does not answer is asked again later, and is gone with what it started', async () => {
    const path = await templates();
    const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const pid = join(spool, 'pid');
    await writeFile(
      path,
      JSON.stringify({ ...json, limit_s: 0.5, find: `sleep 60 & echo $! > ${pid}; wait; : {name}` }),
    );
    const scheduler = await loadScheduler(path);
    await expect(scheduler.find('n1', spool)).rejects.toThrow(/"find" did not answer within 0.5 s/);
    const status = await readFile(`/proc/${(await readFile(pid, 'utf8')).trim()}/stat`, 'utf8').catch(() => null);
    expect(status === null || / Z /.test(status)).toBe(true);
  });

  it('knows nothing of a job that it has forgotten, and ends it without an error', async () => {
    const scheduler = await loadScheduler(await templates());
    expect(await scheduler.find('ar-r-n1', spool)).toBeNull();
    expect(await scheduler.states(['77'])).toEqual(new Map());
    await scheduler.cancel('77');
  });

  it('says what a command printed that failed for good, or whose id nobody finds', async () => {
    const path = await templates();
    const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const job = {
      name: 'ar-r-n1',
      run: 'r',
      nodeId: 'n1',
      command: 'true',
      launchCommand: 'true',
      script: '/bin/true',
      cwd: spool,
    };
    const rest = { env: { PATH: process.env.PATH! }, timeLimitS: 90, folder: spool };
    await writeFile(path, JSON.stringify({ ...json, submit: 'echo no queue of {minutes} min >&2; exit 3; {script}' }));
    const refused = (await loadScheduler(path)).submit({ ...job, ...rest });
    await expect(refused).rejects.toThrow(/"submit" ended with exit code 3: no queue of 2 min/);
    await writeFile(path, JSON.stringify({ ...json, submit: 'echo queued {minutes} {script}' }));
    const submitted = (await loadScheduler(path)).submit({ ...job, ...rest });
    await expect(submitted).rejects.toThrow(/"id" \(.*\) finds no id in what "submit" printed: queued 2 \/bin\/true/);
  });

  it('that keeps the output is asked for what is new of it', async () => {
    const path = await templates();
    const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const log = join(spool, 'log');
    const submit = 'true {command}';
    const texts = async (logs: string) => {
      await writeFile(path, JSON.stringify({ ...json, submit, logs }));
      const scheduler = await loadScheduler(path);
      let cursor: string | null = null;
      const seen: string[] = [];
      for (const written of [Buffer.from('ä\nb\u00e9').subarray(0, -1), Buffer.from('ä\nbé\n'), Buffer.from('x\n')]) {
        await writeFile(log, written);
        const answer = await scheduler.logs!('1', cursor);
        seen.push(answer.stdout);
        cursor = answer.cursor;
      }
      return seen;
    };
    // One that prints all each time, and was begun anew at last; one that prints from a byte on.
    expect(await texts(`cat ${log}; : {id}`)).toEqual(['ä\nb', 'é\n', 'x\n']);
    expect((await texts(`tail -c +$(({cursor} + 1)) ${log}; : {id}`)).slice(0, 2)).toEqual(['ä\nb', 'é\n']);
  });
});

describe('a file of commands', () => {
  const refused = async (change: Record<string, unknown>) => {
    const path = await templates();
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change }));
    return await platformProblem(path);
  };

  it.each([
    [
      { submit: 'bsub {nmae} {script}' },
      /submit: \{nmae\} is no placeholder here: \{name\}, \{run\}.*not "bsub \{nmae\}/,
    ],
    [{ submit: "sh -c '{script}'" }, /submit: \{script\} must stand outside of quotes/],
    [{ submit: 'bsub {command}' }, /submit: without logs it must hand \{script\}.*not "bsub \{command\}"/],
    [{ logs: 'bpeek {id}' }, /submit: with logs it must hand \{command\}/],
    [{ id: 'Job' }, /id: a regular expression with one group, which has the id, not "Job"/],
    [{ id: '(' }, /id: a regular expression of JavaScript \(.*\), not "\("/],
    [{ state: '(?<id>.)(?<stat>.)' }, /state: a regular expression with a group \(\?<state>…\)/],
    [{ state: '(?<id>.)(?<state>.)(?<cause>.)' }, /state: a regular expression with no groups but id, state, code/],
    [{ table: { RUN: 'runing' } }, /table\.RUN: one of pending, running.*not "runing"/],
    [{ name: 'local' }, /name: lower-case letters/],
    [{ cancel: undefined }, /cancel: /],
    [{ kill: 'bkill {id}' }, /there is no field kill; the fields are name, submit, id/],
    [{ limit_s: 0 }, /limit_s: /],
  ])('%j is refused', async (change, says) => {
    expect(await refused(change)).toMatch(says);
  });

  it('is told apart from what is no file, and no JSON', async () => {
    expect(await platformProblem(join(spool, 'none.json'))).toMatch(/there is no file .*none\.json/);
    expect(await platformProblem(join(spool, 'none.mjs'))).toMatch(/there is no file .*none\.mjs/);
    expect(await platformProblem(spool)).toMatch(/is no file/);
    await cp(packageFile('README.md'), join(spool, 'text.json'));
    expect(await platformProblem(join(spool, 'text.json'))).toMatch(/text\.json: it must be JSON: /);
  });
});
