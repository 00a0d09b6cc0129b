import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { imageKey, makeBuildImage } from '../../activities/build-image.js';
import { makeCancelJob } from '../../activities/cancel-job.js';
import { makeReleaseTree } from '../../activities/release-tree.js';
import { processIdentity } from '../../host/process-identity.js';
import { ProgramInterrupted } from '../../host/short-program.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { Story } from '../domain/run-story.js';
import { removeFolder } from '../support/remove-folder.js';
import { runnersOf } from './job-fixture.js';
import { configOf, open, repository, temporaryFolder } from './source-fixture.js';

let folder: string;
let source: string;
let workdir: Workdir;
let code: SourceControl;
let anchor: string;

beforeEach(async () => {
  folder = temporaryFolder();
  source = repository(join(folder, 'repo'));
  workdir = new Workdir(join(folder, 'workdir'));
  code = await open(workdir.root, source);
  anchor = await code.anchor();
});
afterEach(() => removeFolder(folder));

async function prepare(nodeId: string, commit = anchor): Promise<{ run: string; nodeId: string }> {
  await code.commitEdits(nodeId, commit, new Map(), 'prepared');
  return { run: 'run-1', nodeId };
}

function contextOf(build_command: string, more: Record<string, unknown> = {}) {
  return { workdir, config: configOf(source, { build_command, ...more }), log: () => undefined };
}

function builder(build_command: string, more: Record<string, unknown> = {}, signal?: () => AbortSignal) {
  const context = contextOf(build_command, more);
  return makeBuildImage({ context, sourceControl: code, runLog: openRunLog(workdir), ...(signal && { signal }) });
}

const count = `echo built >> ${'$WORKDIR'}/count.txt`;
const builds = () =>
  existsSync(workdir.at('count.txt')) ? readFileSync(workdir.at('count.txt'), 'utf8').split('\n').length - 1 : 0;
const image = (nodeId: string) => readFileSync(workdir.run(nodeId, 'image.txt'), 'utf8');

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(10);
}

it('builds nothing without a build command, and has the tree ready for the launch', async () => {
  const build = builder('  ');
  expect(await build(await prepare('a'))).toEqual({ image: '', reused: true });
  expect(image('a')).toBe('\n');
  expect(existsSync(workdir.treeOf('a'))).toBe(true);
});

it('builds the commit that was made here, whatever a message claimed', async () => {
  const build = builder(count);
  await expect(build({ run: 'run-1', nodeId: 'a' })).rejects.toMatchObject({ type: 'launch_failed' });
  const story = new Story().add('a');
  story.tell({ type: 'experiment_preparing', nodeId: 'a' });
  story.tell({ type: 'experiment_prepared', nodeId: 'a', commit: 'c0ffee', image: '' });
  await openRunLog(workdir).append(story.events);
  await expect(build(await prepare('a'))).rejects.toMatchObject({ type: 'policy_refused' });
  expect(builds()).toBe(0);
});

it('builds once for the same content, and takes the last line for the image', async () => {
  const build = builder(`${count}; echo noise; printf '\\033[32mregistry/app:7\\033[0m\\n\\n'; echo warning >&2`);
  expect(await build(await prepare('a'))).toEqual({ image: 'registry/app:7', reused: false });
  expect(await build(await prepare('a'))).toEqual({ image: 'registry/app:7', reused: false });
  expect(await build(await prepare('b'))).toEqual({ image: 'registry/app:7', reused: true });
  expect(image('b')).toBe('registry/app:7\n');
  expect(builds()).toBe(1);
  const changed = await code.commitEdits('c', anchor, new Map([['train.py', 'pass\n']]), 'm');
  expect((await build(await prepare('c', changed))).reused).toBe(false);
  expect(await builder(`${count}; echo other`)(await prepare('d'))).toEqual({ image: 'other', reused: false });
  expect(builds()).toBe(3);
  expect(readFileSync(join(workdir.logs, 'build_a.log'), 'utf8')).toMatch(/noise\n.*warning/s);
});

it('builds in the tree of the experiment, with its names in the environment', async () => {
  const build = builder(`cd ${source} && pwd > $WORKDIR/where.txt; echo "$NODE_ID $SOURCE_DIR"`);
  const tree = workdir.treeOf('a');
  expect((await build(await prepare('a'))).image).toBe(`a ${tree}`);
  expect(readFileSync(workdir.at('where.txt'), 'utf8')).toBe(`${tree}\n`);
});

it('gives the files that a build left in its tree to trees of the same content', async () => {
  const build = builder(
    `${count}; mkdir -p gen && echo "V = 1" > gen/version.py && ln -s version.py gen/alias.py; echo "more" >> train.py; echo x`,
  );
  await build(await prepare('a'));
  await build(await prepare('b'));
  expect(builds()).toBe(1);
  expect(readFileSync(join(workdir.treeOf('b'), 'gen/alias.py'), 'utf8')).toBe('V = 1\n');
  expect(readFileSync(join(workdir.treeOf('b'), 'train.py'), 'utf8')).toMatch(/more\n$/);
  await code.closeTree('a');
  await build(await prepare('a'));
  expect(existsSync(join(workdir.treeOf('a'), 'gen/version.py'))).toBe(true);
  expect(existsSync(join(source, 'gen'))).toBe(false);
});

it('lets one build and the others wait when they come together', async () => {
  const build = builder(`${count}; sleep 0.3; echo img`);
  const ends = await Promise.all(['a', 'b', 'c'].map(async (node) => build(await prepare(node))));
  expect(ends.map((end) => end.image)).toEqual(['img', 'img', 'img']);
  expect(ends.filter((end) => !end.reused)).toHaveLength(1);
  expect(builds()).toBe(1);
});

it('says why a build failed, and builds again when asked again', async () => {
  const build = builder(`${count}; echo step one; echo "gcc: error: no such file" >&2; exit 3`);
  const fail = async () => {
    const failure = (await build(await prepare('a')).catch((error: unknown) => error)) as ApplicationFailure;
    expect(failure.type).toBe('build_failed');
    expect(failure.nonRetryable).toBe(true);
    expect(failure.message).toMatch(/exit code 3/);
    expect(failure.message).toMatch(/gcc: error: no such file/);
  };
  await fail();
  await fail();
  expect(builds()).toBe(2);
  expect(readFileSync(workdir.lastBuildError, 'utf8')).toMatch(/step one\n.*gcc: error/s);
  expect(existsSync(workdir.run('a', 'image.txt'))).toBe(false);
});

it('fails a build that names no image where the launch command needs one', async () => {
  const build = builder('true', { base_launch_command: 'docker run $IMAGE python train.py' });
  await expect(build(await prepare('a'))).rejects.toThrow(/printed no image name/);
  expect(await builder('true', { base_launch_command: 'python train.py $IMAGES' })(await prepare('a'))).toEqual({
    image: '',
    reused: false,
  });
});

it('kills all of a build that takes too long, also what ignores a polite request', async () => {
  const build = builder(`(trap '' TERM; echo $BASHPID > $WORKDIR/child.pid; while :; do sleep 0.05; done) & wait`, {
    build_timeout_s: 1,
  });
  await expect(build(await prepare('a'))).rejects.toThrow(/did not end within build_timeout_s = 1/);
  const child = Number(readFileSync(workdir.at('child.pid'), 'utf8'));
  // SIGKILL follows after the time of grace.
  for (;;) {
    if ((await processIdentity(child)) === null) break;
    await wait(50);
  }
});

it('kills a cancelled build, and lets the one that waited for it build itself', async () => {
  const cancel = new AbortController();
  const build = builder(
    `${count}; if [ ! -e $WORKDIR/pid ]; then echo $$ > $WORKDIR/pid; sleep 600; fi; echo img`,
    {},
    () => (existsSync(workdir.at('second')) ? new AbortController().signal : cancel.signal),
  );
  const first = build(await prepare('a')).then(
    () => 'ended',
    (error: unknown) => error,
  );
  await until(() => existsSync(workdir.at('pid')) && readFileSync(workdir.at('pid'), 'utf8').endsWith('\n'));
  writeFileSync(workdir.at('second'), '');
  const second = build(await prepare('b'));
  cancel.abort(new Error('cancelled by a person'));
  expect(await first).toMatchObject({ message: 'cancelled by a person' });
  expect(await processIdentity(Number(readFileSync(workdir.at('pid'), 'utf8')))).toBeNull();
  expect(await second).toEqual({ image: 'img', reused: false });
});

it.each(['kill -TERM $$; sleep 5', 'kill -INT $$; sleep 5', '(exit 143)', 'exit 130'])(
  'takes a build that somebody outside ended for interrupted, and builds again: %s',
  async (end) => {
    const once = `test -e $WORKDIR/again && { echo image:1; exit 0; }; touch $WORKDIR/again; ${end}`;
    const build = builder(once);
    const input = await prepare('a');
    await expect(build(input)).rejects.toThrow(ProgramInterrupted);
    expect(await build(input)).toEqual({ image: 'image:1', reused: false });
  },
);

it('ends the build that a killed worker left behind before it builds again', async () => {
  const cancel = new AbortController();
  const slow = `echo $$ >> $WORKDIR/pids; [ $(wc -l < $WORKDIR/pids) -gt 1 ] || sleep 600; echo img`;
  const lost = builder(slow, {}, () => cancel.signal)(await prepare('a')).catch((error: unknown) => error);
  const pids = workdir.at('pids');
  const process = join(workdir.images, `${imageKey(await code.contentHash(anchor), slow, source)}.process.json`);
  await until(() => existsSync(pids) && existsSync(process));
  // Another worker: it knows nothing of the first one's promise.
  expect(await builder(slow)(await prepare('a'))).toEqual({ image: 'img', reused: false });
  expect(await processIdentity(Number(readFileSync(pids, 'utf8').split('\n')[0]))).toBeNull();
  expect(await lost).toBeInstanceOf(ProgramInterrupted);
});

it('does not wait for a daemon that keeps the output open', async () => {
  const build = builder('(setsid sleep 600 & echo $! > $WORKDIR/daemon.pid); echo img');
  expect((await build(await prepare('a'))).image).toBe('img');
  process.kill(Number(readFileSync(workdir.at('daemon.pid'), 'utf8')));
});

it('knows the same build in a source directory of another name', () => {
  expect(imageKey('t', 'make -C /a/src', '/a/src')).toBe(imageKey('t', 'make -C /b/src ', '/b/src'));
  expect(imageKey('t', 'make', '/a')).not.toBe(imageKey('u', 'make', '/a'));
});

it('releases a tree, twice, and keeps it where trees are kept', async () => {
  const release = (keep_trees: boolean) =>
    makeReleaseTree({
      context: { workdir, config: configOf(source, { keep_trees }), log: () => undefined },
      sourceControl: code,
    });
  const { root } = await code.openTree('a', anchor);
  await release(true)({ run: 'run-1', nodeId: 'a' });
  expect(existsSync(root)).toBe(true);
  await release(false)({ run: 'run-1', nodeId: 'a' });
  await release(false)({ run: 'run-1', nodeId: 'a' });
  expect(existsSync(root)).toBe(false);
});

it.each([false, true])(
  'leaves nothing of an experiment that ended while it was built (keep_trees: %s)',
  async (keep) => {
    const build_command = 'touch $WORKDIR/began; while ! test -e $WORKDIR/go-on; do sleep 0.02; done; echo img';
    const context = contextOf(build_command, { keep_trees: keep });
    const platform = new LocalPlatform(context);
    const deps = { context, platform, sourceControl: code, runLog: openRunLog(workdir) };
    const node = await prepare('a');
    const built = makeBuildImage(deps)(node);
    await until(() => existsSync(workdir.at('began')));
    // What the engine has done for one whose workflow somebody terminated; nobody tells the build.
    await makeCancelJob(deps)(node);
    writeFileSync(workdir.at('go-on'), '');
    expect((await built).image).toBe('img');
    const waiting = async () => (await runnersOf(workdir.job('local_a'))).length;
    while ((await waiting()) > 0) await wait(10);
    expect(existsSync(workdir.treeOf('a'))).toBe(keep);
  },
);
