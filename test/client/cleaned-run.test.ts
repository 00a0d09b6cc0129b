/** A run after its end: cleaned, steered, exported to where nothing is. */
import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { engineLife } from '../../client/run/run-state.js';
import { openSourceControl } from '../../source/control/open.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { recordPlace, whereabouts } from '../../workdir/workdir-place.js';
import { acquireEngineLock } from '../../worker/engine-lock.js';
import { run as git, repository, temporaryFolder } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';
import { autoresearch } from './command-line.js';

/** An ended run with a repository, an anchor and one experiment of its own. */
async function ended() {
  const run = syntheticRun({ followUps: 3, stopped: true });
  const { workdir } = await syntheticWorkdir(run);
  const source = repository(temporaryFolder());
  onTestFinished(() => removeFolder(source));
  const config = { ...run.config, source_dir: source, pipeline_script: join(source, 'train.py'), scm: 'git' as const };
  await writeFile(workdir.config, JSON.stringify(config));
  await openRunLog(workdir).append(run.events);
  const code = await openSourceControl({ workdir, config });
  await code.commitEdits('001_mtp', await code.anchor(), new Map([['train.py', 'print(2)\n']]), 'x');
  return { workdir, source, config };
}

describe('clean', () => {
  it('says what would go without touching it, and then leaves nothing behind', async () => {
    const { workdir, source } = await ended();
    await mkdir(join(workdir.trees, '.scratch'), { recursive: true });
    const before = await autoresearch('clean', workdir.root);
    expect(before.out).toContain('would remove 3 refs');
    expect(before.out).toMatch(/the code of the best, \S+, goes with them unless .*`autoresearch apply /);
    expect(git(source, 'for-each-ref', 'refs/autoresearch')).not.toBe('');
    const done = await autoresearch('clean', workdir.root, '--yes');
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('removed 3 refs') });
    expect(git(source, 'for-each-ref', 'refs/autoresearch')).toBe('');
    expect(existsSync(workdir.trees)).toBe(false);
    for (const words of [[], ['--yes']]) {
      const again = await autoresearch('clean', workdir.root, ...words);
      expect(again.out).toBe(`${workdir.root}: nothing is left to remove\n`);
      expect(existsSync(workdir.trees)).toBe(false);
    }
  });

  it.each([['run'], ['start'], ['apply'], ['diff'], ['note', 'faster, please']])(
    'makes %s say what became of the run',
    async (command, ...more) => {
      const { workdir } = await ended();
      await autoresearch('clean', workdir.root, '--yes');
      const said = await autoresearch(command!, workdir.root, ...more);
      expect(said).toMatchObject({ code: 2, out: '' });
      expect(said.err).toMatch(/this run was cleaned: .*gave up its commits.*Begin a new run in another workdir/);
      expect((await autoresearch('status', workdir.root)).code).toBe(0);
    },
  );
});

describe('a copy of a workdir', () => {
  async function copied() {
    const { workdir, source } = await ended();
    await recordPlace(workdir);
    const copy = new Workdir(`${workdir.root}-copy`);
    onTestFinished(() => removeFolder(copy.root));
    await cp(workdir.root, copy.root, { recursive: true });
    return { workdir, copy, source };
  }

  it('is cleaned of what is its own, and leaves the original the commits', async () => {
    const { workdir, copy, source } = await copied();
    const refs = git(source, 'for-each-ref', 'refs/autoresearch');
    const done = await autoresearch('clean', copy.root, '--yes');
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining(`it is a copy of ${workdir.root}`) });
    expect(git(source, 'for-each-ref', 'refs/autoresearch')).toBe(refs);
    expect(existsSync(copy.trees)).toBe(false);
    expect((await autoresearch('clean', workdir.root)).out).toContain('would remove 3 refs');
  });

  it.each([['run'], ['start'], ['stop'], ['note', 'faster, please'], ['set', '--max-hours', '1']])(
    'is refused by %s, with what to do',
    async (command, ...more) => {
      const { workdir, copy } = await copied();
      const said = await autoresearch(command!, copy.root, ...more);
      expect(said).toMatchObject({ code: 2, out: '' });
      expect(said.err).toContain(`a copy of ${workdir.root}, which holds the same run`);
    },
  );

  it('has none of the processes that its files name', async () => {
    const { workdir, copy } = await copied();
    const lock = await acquireEngineLock(workdir);
    await cp(workdir.engine, copy.engine, { recursive: true });
    expect((await engineLife(workdir))?.pid).toBe(process.pid);
    expect(await engineLife(copy)).toBeNull();
    await lock.release();
  });

  it('is the run once the original is gone, as one that was moved', async () => {
    const { workdir, copy } = await copied();
    await removeFolder(workdir.root);
    expect(await whereabouts(copy)).toEqual({ is: 'moved', from: workdir.root });
    expect((await autoresearch('clean', copy.root)).out).toContain('would remove 3 refs');
  });
});

it('a run that has ended is said to have, to whoever steers it', async () => {
  const { workdir } = await ended();
  for (const words of [['pause'], ['resume'], ['cancel', '001_mtp']]) {
    const [command = '', ...rest] = words;
    const said = await autoresearch(command, workdir.root, ...rest);
    expect(said).toMatchObject({ code: 3, out: '' });
    expect(said.err).toMatch(/its run has ended \(plateau: .*\), so that there is nothing to steer/);
    expect(said.err).not.toContain('start it with');
  }
});

it('a run whose baseline failed is not said to go on with a note', async () => {
  const run = syntheticRun({ followUps: 0, stopped: true });
  const { workdir } = await syntheticWorkdir(run);
  const why = { reason: 'baseline_failed', detail: 'the baseline failed: no python.' } as const;
  await openRunLog(workdir).append(
    run.events.map((event) => (event.type === 'stopped' ? { ...event, ...why } : event)),
  );
  const said = await autoresearch('pause', workdir.root);
  expect(said).toMatchObject({ code: 3, out: '' });
  expect(said.err).toMatch(/nothing to steer; change what failed, and start again with a new workdir/);
  expect(said.err).not.toContain('goes on');
});

it.each(['--html', '--csv'])('export %s makes no folder for a slip of the pen', async (flag) => {
  const { workdir } = await ended();
  const folder = join(workdir.root, 'not', 'there');
  const said = await autoresearch('export', workdir.root, flag, join(folder, 'x'));
  expect(said).toMatchObject({ code: 2, out: '' });
  expect(said.err).toContain(`a file in a folder that exists (there is no ${folder})`);
  expect(existsSync(join(workdir.root, 'not'))).toBe(false);
});
