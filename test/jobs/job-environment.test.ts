import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ConfigSchema } from '../../domain/formats/config.js';
import { packageFile } from '../../host/package-files.js';
import { commandFor, pathListFor, type TreePlaces } from '../../jobs/command-paths.js';
import { buildEnvironment, jobEnvironment } from '../../jobs/job-environment.js';
import { Workdir } from '../../workdir/paths.js';

/** The source directory is a folder of a repository; the workdir lies elsewhere. */
const PLACES: TreePlaces = {
  originalSourceDir: '/home/me/repo/src',
  workdir: '/data/work',
  tree: { root: '/data/work/trees/n', sourceDir: '/data/work/trees/n/src' },
  home: '/home/me',
};
const SRC = '/data/work/trees/n/src';

describe('commandFor: paths', () => {
  it.each([
    ['python /home/me/repo/src/train.py', `python ${SRC}/train.py`],
    ['cd /home/me/repo/src && ./go', `cd ${SRC} && ./go`],
    ['cd /home/me/repo/src; ./go', `cd ${SRC}; ./go`],
    ['cd /home/me/repo/src/', `cd ${SRC}/`],
    ['x --root=/home/me/repo/src/a:/home/me/repo/src/b', `x --root=${SRC}/a:${SRC}/b`],
    ['PYTHONPATH=/home/me/repo/src python -m train', `PYTHONPATH=${SRC} python -m train`],
    ['"/home/me/repo/src/train.py"', `"${SRC}/train.py"`],
    ["bash -c 'python /home/me/repo/src/train.py'", `bash -c 'python ${SRC}/train.py'`],
    ['cc -I/home/me/repo/src/include', `cc -I${SRC}/include`],
    ['python ~/repo/src/train.py', `python ${SRC}/train.py`],
    [`python "$HOME/repo/src/train.py" \${HOME}/repo/src/x`, `python "${SRC}/train.py" ${SRC}/x`],
    ['fsspec file:///home/me/repo/src/data', `fsspec file://${SRC}/data`],
    ['a $(cat /home/me/repo/src/x) `cat /home/me/repo/src/y`', `a $(cat ${SRC}/x) \`cat ${SRC}/y\``],
    // The repository's top is the tree's.
    ['make -C /home/me/repo', 'make -C /data/work/trees/n'],
    ['/home/me/repo/.venv/bin/python', '/data/work/trees/n/.venv/bin/python'],
    ['python /home/me/repo/src/../tools/t.py', 'python /data/work/trees/n/tools/t.py'],
    ['python /home/me/repo/src/./train.py', `python ${SRC}/train.py`],
  ])('%s', (template, expected) => {
    expect(commandFor(template, '', PLACES)).toBe(expected);
  });

  it.each([
    'python /home/me/repo2/train.py',
    'python /home/me/repo-old/train.py',
    'python /home/me/repo.bak/train.py',
    'ls /home/me/repo*',
    'python /mnt/home/me/repo/src/train.py',
    'python $ROOT/home/me/repo/src/train.py',
    `python \${ROOT}/home/me/repo/src/train.py`,
    'python ../home/me/repo/src/train.py',
    'python /home/me/repo/../other/train.py',
    'python /data/work/trees/n/src/train.py',
    `$SOURCE_DIR/x $WORKDIR $NODE_ID \${SOURCE_DIR}`,
  ])('leaves %s alone', (template) => {
    expect(commandFor(template, 'img', PLACES)).toBe(template);
  });

  it.each([
    ['python /vol/7/repo/src/train.py', `python ${SRC}/train.py`],
    ['make -C /vol/7/repo', 'make -C /data/work/trees/n'],
    ['python /home/me/repo/src/train.py --to /vol/7/work/x', `python ${SRC}/train.py --to /vol/7/work/x`],
  ])('moves both the given and the real path: %s', (template, expected) => {
    const real = { realSourceDir: '/vol/7/repo/src', realWorkdir: '/vol/7/work' };
    expect(commandFor(template, '', { ...PLACES, ...real })).toBe(expected);
    expect(pathListFor('/vol/7/repo/src/lib', { ...PLACES, ...real })).toBe(`${SRC}/lib`);
  });

  it.each([
    ['/s/my (old) code', String.raw`python /s/my\ \(old\)\ code/t.py`, 'python /t/n/t.py'],
    ['/s/my (old) code', 'python "/s/my (old) code/t.py"', 'python "/t/n/t.py"'],
    ["/s/it's", String.raw`python /s/it\'s/t.py`, 'python /t/n/t.py'],
    ['/s/данные и код', "python '/s/данные и код/t.py'", "python '/t/n/t.py'"],
    // A vowel sign is part of the name before it: another folder.
    ['/s/हिन्द', 'python /s/हिन्दी/t.py', 'python /s/हिन्दी/t.py'],
    ['/s/हिन्दी', 'python /s/हिन्दी/t.py', 'python /t/n/t.py'],
    ['/s/コード', 'python /s/コード/t.py', 'python /t/n/t.py'],
  ])('finds %s in %s', (originalSourceDir, template, expected) => {
    const places = { originalSourceDir, workdir: '/w', tree: { root: '/t/n', sourceDir: '/t/n' } };
    expect(commandFor(template, '', places)).toBe(expected);
  });

  it('a neighbour of the source directory still lies in the repository', () => {
    expect(commandFor('ls /home/me/repo/src2', '', PLACES)).toBe('ls /data/work/trees/n/src2');
  });

  it('keeps the paths of a workdir that lies in the source directory', () => {
    const places = {
      originalSourceDir: '/a/src',
      workdir: '/a/src/work',
      tree: { root: '/a/src/work/trees/n', sourceDir: '/a/src/work/trees/n' },
    };
    expect(commandFor('x /a/src/work/cache /a/src/workers /a/src/t.py', '', places)).toBe(
      'x /a/src/work/cache /a/src/work/trees/n/workers /a/src/work/trees/n/t.py',
    );
  });

  it('replaces the paths of a source directory that lies in the workdir', () => {
    const tree = { root: '/w/trees/n', sourceDir: '/w/trees/n' };
    expect(commandFor('x /w/src/t.py /w/out', '', { originalSourceDir: '/w/src', workdir: '/w', tree })).toBe(
      'x /w/trees/n/t.py /w/out',
    );
  });

  it('quotes for the place where a path lands', () => {
    const places = {
      originalSourceDir: '/a/my src',
      workdir: '/w $x',
      tree: { root: '/w $x/n', sourceDir: '/w $x/n' },
    };
    expect(commandFor(`'/a/my src/t.py' "/a/my src/t.py" /a/my\\ src/t.py`, '', places)).toBe(
      `'/w $x/n/t.py' "/w \\$x/n/t.py" /w\\ \\$x/n/t.py`,
    );
  });
});

describe('commandFor: the image', () => {
  it.each([
    ['run $IMAGE now', 'repo/img:1', 'run repo/img:1 now'],
    [`run \${IMAGE}_x`, 'img', 'run img_x'],
    ['run $IMAGE_NAME $IMAGES', 'img', 'run $IMAGE_NAME $IMAGES'],
    ['run $IMAGE', 'a b;c', 'run a\\ b\\;c'],
    ['run "$IMAGE"', 'a $b "c"', 'run "a \\$b \\"c\\""'],
    ["bash -c 'run $IMAGE'", "it's", String.raw`bash -c 'run it'\''s'`],
    ['echo \\$IMAGE', 'img', 'echo \\$IMAGE'],
    // What was inserted is not looked at again.
    ['run $IMAGE', '/home/me/repo/src/$IMAGE', 'run /home/me/repo/src/\\$IMAGE'],
  ])('%s with %s', (template, image, expected) => {
    expect(commandFor(template, image, PLACES)).toBe(expected);
  });
});

describe('pathListFor', () => {
  it('moves each entry by its longest folder', () => {
    expect(pathListFor('/home/me/repo/src:/opt/lib:/home/me/repo/lib::/data/work/x', PLACES)).toBe(
      '/data/work/trees/n/src:/opt/lib:/data/work/trees/n/lib:/data/work/x',
    );
  });
});

describe('the environment', () => {
  const config = ConfigSchema.parse({
    run_id: 'r1',
    source_dir: PLACES.originalSourceDir,
    pipeline_script: '/home/me/repo/src/train.py',
    base_launch_command: 'true',
    secret_env: ['MY_KEY'],
  });
  const base = {
    PATH: '/bin',
    HOME: '/home/me',
    PWD: '/home/me/repo/src',
    PYTHONPATH: '/home/me/repo/src/lib:/opt',
    ANTHROPIC_API_KEY: 'a',
    OPENAI_API_KEY: 'b',
    TEMPORAL_API_KEY: 'c',
    TEMPORAL_ADDRESS: 'd',
    AUTORESEARCH_CODEC_KEY: 'e',
    MY_KEY: 'f',
    OTHER: 'kept',
  };
  const workdir = new Workdir('/data/work');
  const input = { base, config, workdir, nodeId: 'n', tree: PLACES.tree, image: 'img', slot: 2 };

  it('of a job: no secret, the tree instead of the original, the probe in front', () => {
    expect(jobEnvironment(input)).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      OTHER: 'kept',
      PYTHONPATH: `${packageFile('probe')}:${SRC}/lib:/opt`,
      PYTHONUNBUFFERED: '1',
      IMAGE: 'img',
      SOURCE_DIR: SRC,
      WORKDIR: '/data/work',
      NODE_ID: 'n',
      AUTORESEARCH_PROBE_DIR: packageFile('probe'),
      AUTORESEARCH_RUN: 'r1',
      AUTORESEARCH_NODE: 'n',
      AUTORESEARCH_SLOT: '2',
      AUTORESEARCH_METRICS_DIR: '/data/work/runs/n/metrics',
      AUTORESEARCH_HOST: hostname(),
      AUTORESEARCH_TREE_DIR: SRC,
      AUTORESEARCH_ORIGINAL_DIR: PLACES.originalSourceDir,
    });
  });

  it('of a build: the same without the probe', () => {
    const env = buildEnvironment(input);
    expect(env.PYTHONPATH).toBe(`${SRC}/lib:/opt`);
    expect(Object.keys(env).filter((name) => /KEY|TEMPORAL|METRICS/.test(name))).toEqual([]);
    expect(buildEnvironment({ ...input, base: { PATH: '/bin' } })).not.toHaveProperty('PYTHONPATH');
  });
});
