/**
 * The user's files are sacred: whatever a job writes below its tree, through whatever link, and however it ends, they
 * stay as they were, in content, mode and time. AUTORESEARCH_FILE_SEEDS=200 tries more random trees than the usual few,
 * AUTORESEARCH_FILE_SEEDS=16, that one.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namedOutside, shelterOf } from '../../jobs/job-shelter.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import { jobNameOf } from '../../jobs/platforms/platform.js';
import { Workdir } from '../../workdir/paths.js';
import { configOf, open, repository, temporaryFolder, write } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

/** A number of seeds, or some of them: by default those of which each has found a fault of another kind. */
const GIVEN = process.env.AUTORESEARCH_FILE_SEEDS ?? '4,16,23,43,93';
const SEEDS = GIVEN.includes(',') ? GIVEN.split(',').filter(Boolean).map(Number) : [...Array(Number(GIVEN)).keys()];

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  delete process.env.AUTORESEARCH_NATIVE_GIT;
  await removeFolder(folder);
});

/** Appends to, replaces, removes, renames and touches what it finds, through links as well, in an order of its own. */
const VANDAL = `
import os, random, shutil, sys
random.seed(int(sys.argv[1]))
places, seen = [], set()
for folder, folders, files in (found for start in (".", *sys.argv[4:]) for found in os.walk(start, followlinks=True)):
    real = os.path.realpath(folder)
    # The run's own files are no user's: what a job does to those is another matter.
    is_own = (real + "/").startswith(sys.argv[3] + "/") and not (real + "/").startswith(os.path.realpath(".") + "/")
    if real in seen or is_own or "/.git" in folder:
        folders[:] = []
        continue
    seen.add(real)
    places += [os.path.join(folder, name) for name in (*files, *folders)]
random.shuffle(places)
print("began", flush=True)
for place in places:
    try:
        open(os.path.join(os.path.dirname(place), "new-%d" % random.randrange(9)), "w").write("new")
        act = random.randrange(7)
        if os.path.isdir(place):
            holds_run = (sys.argv[3] + "/").startswith(os.path.realpath(place) + "/")
            if act == 0 and not holds_run: shutil.rmtree(os.path.realpath(place))
            elif act == 1: os.chmod(place, 0o700)
            else: os.utime(place, (1, 1))
        elif act == 0: open(place, "a").write("more")
        elif act == 1: open(place, "w").write("other")
        elif act == 2: os.chmod(place, 0o600)
        elif act == 3: os.utime(place, (1, 1))
        elif act == 4: os.unlink(os.path.realpath(place))
        elif act == 5:
            open(place + ".tmp", "w").write("x")
            os.replace(place + ".tmp", os.path.realpath(place))
        else: os.truncate(place, 0)
    except OSError:
        pass
print("ended", len(places), flush=True)
if sys.argv[2] == "hang":
    import time
    time.sleep(600)
`;

/** Everything that the folder holds: kind, mode, time in ns, content or target. Folders as well. */
function stateOf(root: string, except = ''): Record<string, string> {
  const state: Record<string, string> = {};
  const visit = (path: string) => {
    const facts = lstatSync(path, { bigint: true });
    const what = facts.isSymbolicLink()
      ? readlinkSync(path)
      : facts.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : '';
    state[path] = `${facts.mode.toString(8)} ${facts.mtimeNs} ${what}`;
    if (facts.isDirectory() && path !== except) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(root);
  return state;
}

/** A job in the tree of `source`, by the real runner, with the shelter that launchJob gives it. */
async function runJob(
  workdirPath: string,
  source: string,
  command: string,
  {
    config = {},
    sheltered = true,
    end,
  }: { config?: Record<string, unknown>; sheltered?: boolean; end?: 'cancel' | 'kill' } = {},
) {
  const workdir = new Workdir(workdirPath);
  const code = await open(workdirPath, source, config);
  const tree = await code.openTree('n1', await code.anchor());
  const context = { workdir, config: configOf(source, config), log: () => {} };
  const platform = new LocalPlatform(context, 0.3);
  const job = await platform.launch({
    jobName: jobNameOf('run-1', 'n1'),
    nodeId: 'n1',
    command,
    cwd: tree.sourceDir,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' },
    timeoutS: 60,
    stallTimeoutS: 0,
    metricsDir: workdir.metrics('n1'),
    cpus: null,
    hold: null,
    shelter: sheltered
      ? await shelterOf(
          workdir,
          'n1',
          await code.originals(),
          await namedOutside(workdir, { command, env: process.env }),
        )
      : null,
  });
  const record = JSON.parse(readFileSync(workdir.job(job.jobId, 'job.json'), 'utf8'));
  if (end !== undefined) {
    while (!(await platform.logs(job.jobId, 1000)).stdout.includes('began')) await new Promise((r) => setTimeout(r, 5));
    if (end === 'kill') process.kill(record.runner_pid, 'SIGKILL');
    await platform.cancel(job.jobId);
  }
  while ((await platform.status(job.jobId)).state !== 'ended')
    await platform.waitForChange(job.jobId, 10_000, new AbortController().signal);
  const { stdout, stderr } = await platform.logs(job.jobId, 100_000);
  return { code, tree, stdout, stderr, how: String(record.sheltered) };
}

describe.each(['native git', 'isomorphic-git'])('the user has files that git ignores, by %s', (backend) => {
  let source: string;
  let workdir: string;
  beforeEach(() => {
    if (backend === 'isomorphic-git') process.env.AUTORESEARCH_NATIVE_GIT = '0';
    source = join(folder, 'repo');
    workdir = join(folder, 'workdir');
  });

  it.each([
    {
      name: 'a cache that a step writes into the data folder, over an older one',
      ignore: 'data/\n',
      files: { 'data/a.txt': 'a', 'data/cache/index.bin': 'old' },
      command: 'echo new > data/cache/index.bin; echo new > data/cache/more.bin',
    },
    {
      name: 'checkpoints of an earlier training in runs/ and save/',
      ignore: 'runs/\nsave/\n',
      files: { 'runs/exp1/last.pt': 'days', 'save/model.pt': 'weeks' },
      command:
        'test ! -e runs/exp1/last.pt && test ! -e save/model.pt && echo 1 > runs/exp1/last.pt; echo 1 > save/model.pt',
    },
    {
      name: 'a repository of its own that is ignored',
      ignore: 'vendor/\n',
      files: { 'vendor/lib/state.json': '{}', 'vendor/lib/.git/HEAD': 'ref: refs/heads/main\n' },
      command: 'echo changed > vendor/lib/state.json; rm -f vendor/lib/.git/HEAD',
    },
    {
      name: 'a single file beside the code',
      ignore: '*.ckpt\n',
      files: { 'best.ckpt': 'best' },
      command: 'grep -q best best.ckpt && echo worse > best.ckpt',
    },
  ])('$name', async ({ ignore, files, command }) => {
    for (const sheltered of [true, false]) {
      const at = join(source, String(sheltered));
      repository(at, { '.gitignore': ignore });
      write(at, files as unknown as Record<string, string>);
      const before = stateOf(at);
      const job = await runJob(join(workdir, String(sheltered)), at, `${command}; echo done`, { sheltered });
      expect(job).toMatchObject({ stdout: 'done\n', stderr: '' });
      expect(withoutGit(stateOf(at))).toEqual(withoutGit(before));
    }
  });

  it('a chain of links that leads out of the source', async () => {
    repository(source, { '.gitignore': 'data\nweights\n' });
    write(folder, { 'disk/v1/a.txt': 'a', 'disk/weights.pt': 'w' });
    symlinkSync('v1', join(folder, 'disk/latest'));
    symlinkSync('../disk/latest', join(source, 'data'));
    symlinkSync(join(folder, 'disk/weights.pt'), join(source, 'weights'));
    const before = stateOf(join(folder, 'disk'));
    const job = await runJob(
      workdir,
      source,
      'cat data/a.txt weights; echo x > data/a.txt; echo y > data/b.txt; echo z > weights',
    );
    expect(job.stdout).toBe('aw');
    expect(stateOf(join(folder, 'disk'))).toEqual(before);
  });

  it('a folder that is linked because it is large, and an output folder that the command names', async (test) => {
    repository(source, { '.gitignore': 'data/\n' });
    write(source, { 'data/big/a.txt': 'a' });
    const output = join(folder, 'elsewhere/out');
    write(output, { 'last.json': '{"epoch": 1}' });
    const before = [stateOf(join(source, 'data')), stateOf(output)];
    const command = `cat ${output}/last.json; echo 3 > ${output}/last.json; cat ${output}/last.json; echo b > data/big/a.txt; cat data/big/a.txt`;
    const job = await runJob(workdir, source, `${command} # --output-dir ${output}`, {
      config: { link_paths: ['data'] },
    });
    if (job.how !== 'overlay') return test.skip('this host lets no job have a view of its own');
    expect(lstatSync(join(job.tree.root, 'data')).isSymbolicLink()).toBe(true);
    expect(job.stdout).toBe('{"epoch": 1}3\nb\n');
    expect([stateOf(join(source, 'data')), stateOf(output)]).toEqual(before);
  });

  it('finds in its tree the checkpoint that it starts from, whatever it is called', async () => {
    repository(source, { '.gitignore': 'outputs/\ncheckpoints/\n', 'conf.yaml': 'init: outputs/pretrained/base.pt\n' });
    write(source, { 'outputs/pretrained/base.pt': 'base', 'outputs/old/last.pt': 'old', 'checkpoints/start.pt': 's' });
    const job = await runJob(
      workdir,
      source,
      'cat outputs/pretrained/base.pt checkpoints/start.pt; ls outputs outputs/old',
    );
    expect(job.stdout).toBe('basesoutputs:\nold\npretrained\n\noutputs/old:\n');
  });
});

/** The repository's own data: our refs and objects belong there. */
function withoutGit(state: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(state).filter(([path]) => !/\/(true|false)\/\.git(\/|$)/.test(path)));
}

describe('random trees', () => {
  it.each(SEEDS)('seed %i', async (seed) => {
    if (seed % 2 === 1) process.env.AUTORESEARCH_NATIVE_GIT = '0';
    const random = generator(seed);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const user = join(folder, 'user');
    const source = join(user, 'repo');
    const NAMES = [
      'data',
      'outputs',
      'checkpoints',
      'runs',
      '.venv',
      'vendor',
      'pics',
      'my data',
      'данные',
      'x.pt',
      '.env',
    ];
    const chosen = NAMES.filter(() => random() < 0.6);
    repository(source, { '.gitignore': `${chosen.map((name) => `/${name}`).join('\n')}\n` });
    write(user, { 'disk/a/1.bin': 'one', 'disk/a/2.bin': 'two', 'disk/3.bin': 'three' });
    write(user, { 'scratch/out/deep/best.pt': 'days', 'lib/lib.py': 'L = 1\n' });
    write(source, { 'conf.yaml': `ckpt: "${user}/ckpts/last.pt"\nlib: ../lib/lib.py\n` });
    write(user, { 'ckpts/last.pt': 'weeks', 'ckpts/old/first.pt': 'months' });
    for (const name of NAMES) {
      const at = join(source, name);
      const isIgnored = chosen.includes(name);
      if (/\./.test(name.slice(1)) || name === '.env') write(source, { [name]: `content of ${name}` });
      else if (isIgnored && random() < 0.2) symlinkSync(pick(['../disk/a', join(user, 'disk'), 'pkg']), at);
      else {
        for (let file = 0; file < 1 + random() * 6; file++) {
          const path = `${pick(['', 'deep/', 'deep/er/', 'other one/'])}f${file}.${pick(['bin', 'py', 'txt'])}`;
          write(at, { [path]: `${name} ${file} ${random()}` });
          if (random() < 0.3) chmodSync(join(at, path), pick([0o444, 0o755, 0o600]));
          utimesSync(join(at, path), 1e9 + seed, 1e9 + file);
        }
        if (random() < 0.3)
          symlinkSync(pick([join(user, 'disk/3.bin'), '../../disk', 'f0.bin', '..', 'nowhere']), join(at, 'link'));
        if (name === 'vendor') repository(join(at, 'nested'), { 'nested.py': 'N = 1\n' });
      }
    }
    const workdir = pick([join(folder, 'workdir'), join(source, 'runs/work'), join(source, 'work')]);
    const end = pick([undefined, undefined, 'cancel', 'kill'] as const);
    const code = await open(workdir, source);
    await code.anchor();
    const before = userState(user, realpathSync(workdir));
    write(folder, { 'vandal.py': VANDAL });
    // Paths outside of the tree, that no link leads to, are kept apart where the host lets jobs have a view of their
    // own.
    const absolute = code.parts.trees.place.byFile ? [] : [source, `${user}/ckpts`, `${user}/scratch/out`];
    const words = [seed, end ? 'hang' : 'end', realpathSync(workdir), ...absolute].map((word) => `'${word}'`);
    const job = await runJob(
      workdir,
      source,
      `python3 ${join(folder, 'vandal.py')} ${words.join(' ')} # ${user}/scratch/out/deep/best.pt ../lib`,
      { ...(end && { end }) },
    );
    expect(job.stderr).toBe('');
    expect(job.stdout).toContain('began');
    // Where a host lets no job have a view of its own, environments are linked, and nothing keeps writes to them apart.
    if (job.how === 'none' && chosen.includes('.venv')) return;
    expect(changes(before, userState(user, realpathSync(workdir)))).toEqual([]);
    // The tree and what the job wrote elsewhere go, and nothing of the user's with them.
    await job.code.closeTree('n1');
    expect(changes(before, userState(user, realpathSync(workdir)))).toEqual([]);
    // A job in a workdir inside of the source may have removed the folder itself, which is the run's.
    const writes = join(workdir, 'trees/.writes');
    expect(existsSync(writes) ? readdirSync(writes) : []).toEqual([]);
  });
});

/** Without the workdir, whose place in the source changes the time of the folder around it, and git's own data. */
function userState(user: string, workdir: string): Record<string, string> {
  const around = new Set([workdir, join(workdir, '..')]);
  return Object.fromEntries(
    Object.entries(stateOf(user, workdir)).filter(
      ([path]) => !around.has(path) && !path.startsWith(`${workdir}/`) && !path.startsWith(join(user, 'repo/.git')),
    ),
  );
}

function changes(before: Record<string, string>, after: Record<string, string>): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return paths
    .filter((path) => before[path] !== after[path])
    .map((path) => `${path}: ${before[path] ?? 'none'} -> ${after[path] ?? 'none'}`);
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

it('makes a tree with 20,000 ignored files in a time that does not grow with them', async () => {
  const source = repository(join(folder, 'repo'), { '.gitignore': 'data/\n' });
  for (let at = 0; at < 20_000; at++) {
    if (at % 200 === 0) mkdirSync(join(source, `data/${at / 200}`), { recursive: true });
    writeFileSync(join(source, `data/${Math.floor(at / 200)}/${at}.bin`), '');
  }
  const code = await open(join(folder, 'workdir'), source);
  const anchor = await code.anchor();
  const start = performance.now();
  const tree = await code.openTree('n1', anchor);
  const tookMs = performance.now() - start;
  const how = lstatSync(join(tree.root, 'data')).isSymbolicLink() ? 'by folder' : 'by file';
  console.info(`20,000 ignored files, linked ${how}: a tree in ${tookMs.toFixed(0)} ms`);
  expect(readdirSync(join(tree.root, 'data/99'))).toHaveLength(200);
  // By folder where jobs have a view of their own; no link a file, nor a copy.
  if (how === 'by folder') expect(tookMs).toBeLessThan(2000);
});
