/**
 * `apply` on real repositories: the branch holds the change and nothing else, and what is the user's stays as it was.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Applied } from '../../../client/apply/apply-change.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { openSourceControl } from '../../../source/control/open.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { Workdir } from '../../../workdir/paths.js';
import { writePlan } from '../../../workdir/spec-store.js';
import { configOf, run as git, repository, temporaryFolder, write } from '../../activities/source-fixture.js';
import { Story } from '../../domain/run-story.js';
import { removeFolder } from '../../support/remove-folder.js';
import { autoresearch } from '../command-line.js';

const TRAIN = `import loader

WORKERS = 2
BATCH = 16
NOTES = """
one
two
three
"""
for batch in loader.batches(WORKERS, BATCH):
    step(batch)
`;
const timed = (code: string) =>
  `def _autoresearch_timed(it):\n    return it\n\n\n${code.replace('loader.batches(WORKERS, BATCH)', '_autoresearch_timed(loader.batches(WORKERS, BATCH))')}`;
const faster = (code: string) => code.replace('WORKERS = 2', 'WORKERS = 8');

interface Made {
  source: string;
  workdir: string;
}

/** A run whose best experiment has the code that `winner` makes of the instrumented script. */
async function made(
  winner: (code: string) => string,
  { repo = true, sapling = false, launch = '', dirty = false, untracked = false, draft = false } = {},
): Promise<Made> {
  const root = temporaryFolder();
  const [source, workdir] = [join(root, 'my code'), new Workdir(join(root, 'workdir'))];
  if (repo) repository(source, { 'train.py': TRAIN, 'other.py': 'X = 1\n' });
  else write(source, { 'train.py': TRAIN, 'other.py': 'X = 1\n' });
  if (sapling) write(source, { '.sl/requires': 'store\n' });
  if (repo) {
    git(source, 'config', 'user.name', 'A Person');
    git(source, 'config', 'user.email', 'person@localhost');
  }
  if (dirty) write(source, { 'other.py': 'X = 3\n', 'größe.py': 'Y = 1\n' });
  if (untracked) git(source, 'rm', '-q', '--cached', 'train.py');
  if (draft) write(source, { 'train.py': TRAIN.replace('WORKERS = 2', 'WORKERS = 1') });
  if (untracked || draft) git(source, 'commit', '-qam', 'what is committed differs');
  if (draft) write(source, { 'train.py': TRAIN });
  const config = configOf(source, { base_launch_command: 'python3 train.py' });
  await writeJsonAtomic(workdir.config, config);
  const control = await openSourceControl({ workdir, config });
  const anchorCommit = await control.anchor();
  const base = timed(TRAIN);
  const baseCommit = await control.commitEdits('000_baseline', anchorCommit, new Map([['train.py', base]]), 'base');
  const commit = await control.commitEdits('002_fast', baseCommit, new Map([['train.py', winner(base)]]), 'fast');
  const spec = {
    name: 'fast',
    change_summary: 'Eight workers',
    hypothesis: 'Workers are waited for.',
    launch_command: launch,
  };
  await writePlan(workdir, 1, [SpecSchema.parse(spec)]);
  const story = new Story();
  story.tell({
    type: 'setup_completed',
    anchorCommit,
    baseCommit,
    practices: [],
    repair: { retries: 0, experiments: [] },
  });
  story.add('000_baseline', { kind: 'baseline', origin: { from: 'seed' }, parentId: null, changeSet: [] });
  story.completed('000_baseline', 100).tell({ type: 'best_changed', nodeId: '000_baseline' });
  story.tell({ type: 'planning_started', iteration: 1 }).add('002_fast');
  story.tell(
    { type: 'experiment_preparing', nodeId: '002_fast' },
    { type: 'experiment_prepared', nodeId: '002_fast', commit },
    { type: 'slot_granted', nodeId: '002_fast', slot: 0 },
    { type: 'job_launched', nodeId: '002_fast', jobId: 'j', launchedAtMs: 1 },
    { type: 'job_ended', nodeId: '002_fast', durationS: 10 },
  );
  const { result } = story.events.flatMap((event) => (event.type === 'experiment_completed' ? [event] : []))[0]!;
  const metrics = { ...result.metrics, throughput_samples_per_s: 300 };
  story.tell({ type: 'experiment_completed', nodeId: '002_fast', result: { ...result, metrics } });
  story.tell({ type: 'best_changed', nodeId: '002_fast' });
  await openRunLog(workdir).append(story.events);
  return { source, workdir: workdir.root };
}

const out = (source: string, ...args: string[]) =>
  execFileSync('git', args, { cwd: source, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** What apply must leave alone. */
function standing(source: string): string {
  const heads = out(source, 'for-each-ref', 'refs/heads').split('\n');
  return JSON.stringify([
    out(source, 'status', '--porcelain'),
    readFileSync(join(source, '.git', 'HEAD'), 'utf8'),
    readFileSync(join(source, '.git', 'index')).toString('base64'),
    readFileSync(join(source, 'train.py'), 'utf8'),
    heads.filter((line) => !line.includes('autoresearch/')),
  ]);
}

async function applied({ workdir }: Made, ...words: string[]): Promise<Applied> {
  const { code, out: text, err } = await autoresearch('apply', workdir, ...words, '--json');
  expect(code, err).toBe(0);
  return JSON.parse(text) as Applied;
}

describe('apply', () => {
  const begun = async (...args: Parameters<typeof made>) => {
    const run = await made(...args);
    onTestFinished(() => removeFolder(dirname(run.source)));
    return run;
  };

  it('makes a branch that holds the change alone, and leaves everything else as it was', async () => {
    const run = await begun(faster);
    write(run.source, { 'mine.txt': 'not committed\n' });
    const before = standing(run.source);
    const answer = await applied(run);
    expect(standing(run.source)).toBe(before);
    expect(answer).toMatchObject({ branch: 'autoresearch/002_fast', files: ['train.py'], notes: [] });
    expect(out(run.source, 'show', `${answer.branch}:train.py`)).toBe(faster(TRAIN));
    expect(out(run.source, 'rev-parse', `${answer.branch}^`)).toBe(out(run.source, 'rev-parse', 'HEAD'));
    const ident = out(run.source, 'var', 'GIT_AUTHOR_IDENT').replace(/>.*/s, '>');
    expect(out(run.source, 'log', '-1', '--format=%an <%ae>', answer.branch!).trim()).toBe(ident);
    expect(answer.pull_request.title).toBe('Load data faster: Eight workers');
    expect(answer.pull_request.body).toContain('Workers are waited for.');
    expect(answer.pull_request.body).toMatch(/^## What\n\n- Eight workers\n\n## Why\n/);
    expect(answer.pull_request.body).toMatch(/Each was measured once/);
    const again = await autoresearch('apply', run.workdir);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('--branch: "autoresearch/002_fast"') });
  });

  it('carries it over to where the code has gone since, and says that it did', async () => {
    const run = await begun(faster, { launch: 'python3 train.py --prefetch 4' });
    write(run.source, { 'train.py': TRAIN.replace('three', 'three and more'), 'other.py': 'X = 2\n' });
    git(run.source, 'commit', '-qam', 'go on');
    const answer = await applied(run, 'best', '--branch', 'faster');
    expect(out(run.source, 'show', 'faster:train.py')).toBe(faster(TRAIN).replace('three', 'three and more'));
    expect(out(run.source, 'show', 'faster:other.py')).toBe('X = 2\n');
    expect(answer.notes).toEqual([expect.stringMatching(/^the code went on by 1 commit since/)]);
    expect(answer.launch_command).toBe('python3 train.py --prefetch 4');
    expect(answer.pull_request.body).toContain('python3 train.py --prefetch 4');
  });

  it('names changes that were there when the run began and are not committed', async () => {
    const run = await begun(faster, { dirty: true });
    const before = standing(run.source);
    const { notes, files } = await applied(run);
    expect(files).toEqual(['train.py']);
    expect(notes).toEqual(['what was not committed when the run began is not on the branch: größe.py, other.py']);
    expect(standing(run.source)).toBe(before);
  });

  it.each([
    ['a file', { untracked: true }],
    ['lines', { draft: true }],
  ])('says of %s that was not committed when the run began just that, and fits it once it is', async (_, state) => {
    const run = await begun(faster, state);
    const [before, refs] = [standing(run.source), out(run.source, 'for-each-ref')];
    const { code, out: said } = await autoresearch('apply', run.workdir);
    expect(code).toBe(2);
    expect(said).toMatch(/stands in what was not committed when the run began, and is not now; nothing was changed/);
    expect([standing(run.source), out(run.source, 'for-each-ref')]).toEqual([before, refs]);

    const [, anchor = ''] = /--onto (\w+) --patch FILE/.exec(said) ?? [];
    const patch = join(dirname(run.source), 'fast.patch');
    await applied(run, '--onto', anchor, '--patch', patch);
    expect(git(run.source, 'apply', '--check', patch)).toBe('');

    git(run.source, 'add', 'train.py');
    git(run.source, 'commit', '-qm', 'what it began with');
    await applied(run);
    expect(out(run.source, 'show', 'autoresearch/002_fast:train.py')).toBe(faster(TRAIN));
  });

  it('shows a conflict, and nothing is half done', async () => {
    const run = await begun(faster);
    write(run.source, { 'train.py': TRAIN.replace('WORKERS = 2', 'WORKERS = 3') });
    git(run.source, 'commit', '-qam', 'go on');
    const [before, refs] = [standing(run.source), out(run.source, 'for-each-ref')];
    const { code, out: said } = await autoresearch('apply', run.workdir);
    expect(code).toBe(2);
    expect(said).toMatch(/the code went on in the same lines; nothing was changed/);
    expect(said).toMatch(/--- train\.py\n<{7} yours\nWORKERS = 3\n={7}\nWORKERS = 8\n>{7} the experiment/);
    expect([standing(run.source), out(run.source, 'for-each-ref')]).toEqual([before, refs]);
  });

  it('says that the instrumentation is in the way, and takes it along where that is asked', async () => {
    const inLoop = (code: string) => code.replace('(WORKERS, BATCH)', '(WORKERS, BATCH, ahead=4)');
    const run = await begun(inLoop);
    const { code, out: said } = await autoresearch('apply', run.workdir);
    expect(code).toBe(2);
    expect(said).toMatch(/lines that time the loop.*--with-instrumentation/);
    await applied(run, '--with-instrumentation');
    expect(out(run.source, 'show', 'autoresearch/002_fast:train.py')).toBe(inLoop(timed(TRAIN)));
  });

  it('takes over what was put right beside the lines that time the loop, of this program too', async () => {
    const helper = '# [autoresearch] helper: begin\ndef _autoresearch_helper(it):\n    return it\n\n\n';
    const beside = (code: string) =>
      `${helper}${code.replace('WORKERS = 2', 'WORKERS = _autoresearch_helper(8)').replace('    step(batch)', '    step(batch)\n    more(batch)')}`;
    const run = await begun(beside);
    await applied(run);
    expect(out(run.source, 'show', 'autoresearch/002_fast:train.py')).toBe(beside(TRAIN));
  });

  it('takes no call of the timer along with code that moved', async () => {
    const moved = (code: string) => `${code}\nfor more in _autoresearch_timed([]):\n    step(more)\n`;
    const run = await begun(moved);
    const { code, out: said } = await autoresearch('apply', run.workdir);
    expect(code).toBe(2);
    expect(said).toMatch(/lines that time the loop.*--- train\.py\nfor more in _autoresearch_timed/s);
  });

  it('asks neither hooks nor for a signature, and says so; with --checkout git itself does the rest', async () => {
    const run = await begun(faster);
    const hook = join(run.source, '.git', 'hooks', 'pre-commit');
    write(run.source, { '.git/hooks/pre-commit': '#!/bin/sh\ntouch hooked; exit 1\n' });
    chmodSync(hook, 0o755);
    git(run.source, 'config', 'commit.gpgSign', 'true');
    git(run.source, 'config', 'gpg.program', '/bin/false');
    const answer = await applied(run, '--checkout');
    expect(existsSync(join(run.source, 'hooked'))).toBe(false);
    expect(answer).toMatchObject({ checked_out: true, notes: [expect.stringContaining('is not signed')] });
    expect(out(run.source, 'branch', '--show-current').trim()).toBe('autoresearch/002_fast');
    expect(readFileSync(join(run.source, 'train.py'), 'utf8')).toBe(faster(TRAIN));
  });

  it('says that the branch was switched to where only a hook failed after it', async () => {
    const run = await begun(faster);
    write(run.source, { '.git/hooks/post-checkout': '#!/bin/sh\necho told >&2; exit 1\n' });
    chmodSync(join(run.source, '.git', 'hooks', 'post-checkout'), 0o755);
    const answer = await applied(run, '--checkout');
    expect(answer).toMatchObject({
      checked_out: true,
      notes: [expect.stringMatching(/^git switched, and a hook .* failed \(exit code 1\): .*told/s)],
    });
    expect(out(run.source, 'branch', '--show-current').trim()).toBe('autoresearch/002_fast');
  });

  it('leaves a working tree alone that the branch would overwrite, and keeps the branch', async () => {
    const run = await begun(faster);
    write(run.source, { 'train.py': `${TRAIN}# mine\n` });
    const answer = await applied(run, '--checkout');
    expect(answer).toMatchObject({ checked_out: false, notes: [expect.stringContaining('git refused')] });
    expect(readFileSync(join(run.source, 'train.py'), 'utf8')).toBe(`${TRAIN}# mine\n`);
  });

  it.each([
    ['no repository', false],
    ['one of Sapling, and no `sl`', true],
  ])('writes a patch where there is %s, and overwrites none', async (_, sapling) => {
    const run = await begun(faster, { repo: false, sapling });
    const { code, err } = await autoresearch('apply', run.workdir);
    expect(code).toBe(2);
    expect(err).toMatch(
      /--patch: missing: a file to write: this run's commits are in no repository of yours; .*patch -p1 < FILE.*sl import/,
    );
    const patch = join(run.workdir, 'fast.patch');
    await applied(run, '--patch', patch);
    execFileSync('patch', ['-p1', '-s', '-i', patch], { cwd: run.source });
    expect(readFileSync(join(run.source, 'train.py'), 'utf8')).toBe(faster(TRAIN));
    const again = await autoresearch('apply', run.workdir, '--patch', patch);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('a file that does not exist yet') });
  });
});

describe('apply refuses', () => {
  let run: Made;
  beforeAll(async () => {
    run = await made(faster);
  });
  afterAll(() => removeFolder(dirname(run.source)));

  it.each([
    ['an id of nothing', ['009_none'], /node: "009_none": no experiment of this run/],
    ['a near miss, with what may be meant', ['002_fsat'], /node: "002_fsat": .*is it 002_fast that is meant\?/],
    ['a commit that is not there', ['--onto', 'nowhere'], /--onto: "nowhere": a commit of the repository/],
    ['a name that no branch can have', ['--branch', 'a..b'], /--branch: "a\.\.b": the name of a branch/],
    ['a branch that is there', ['--branch', 'main'], /--branch: "main": a branch that does not exist yet/],
    ['the baseline', ['000_baseline'], /an experiment that changes something/],
  ])('%s', async (_, words, says) => {
    const before = standing(run.source);
    const { code, err } = await autoresearch('apply', run.workdir, ...words);
    expect(code).toBe(2);
    expect(err).toMatch(says);
    expect(standing(run.source)).toBe(before);
  });

  it('a branch below one that is there, of which git itself says so', async () => {
    git(run.source, 'branch', 'autoresearch');
    const { code, err } = await autoresearch('apply', run.workdir);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: --branch: "autoresearch\/002_fast": a branch that git can make/);
  });

  it('no experiment that is named by its number or its name alone, and neither does diff', async () => {
    for (const name of ['2', 'fast']) {
      const { out: said } = await autoresearch('diff', run.workdir, name, '--json');
      expect(JSON.parse(said)).toMatchObject({ node_id: '002_fast' });
    }
  });
});
