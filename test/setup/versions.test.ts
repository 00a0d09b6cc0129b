/**
 * What tells one version of the program from another, and what shows that a new one still replays the old one's runs.
 */
import { rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { SetupProject } from './setup-project.js';

const GIT = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];

async function git(project: SetupProject, ...args: string[]): Promise<string> {
  return (await execa('git', [...GIT, ...args], { cwd: project.root })).stdout.trim();
}

async function commit(project: SetupProject): Promise<string> {
  await git(project, 'add', '-A');
  await git(project, 'commit', '-qm', 'a change');
  return git(project, 'rev-parse', 'HEAD');
}

it('kept histories may be added, and neither changed nor removed, committed or not', async () => {
  const history = (name: string) => `test/replay/histories/0.1.0/${name}.json`;
  await using project = await SetupProject.make({ [history('a')]: '1', [history('b')]: '2' });
  await git(project, 'init', '-q');
  const base = await commit(project);
  const look = () =>
    execa(process.execPath, [project.at('scripts', 'kept-histories.mjs'), base], { reject: false, all: true });
  await project.write(history('c'), '3');
  expect(await look()).toMatchObject({ exitCode: 0 });
  await project.write(history('a'), 'changed');
  expect(await look()).toMatchObject({ exitCode: 1, all: expect.stringContaining(`${history('a')} was changed`) });
  await commit(project);
  expect(await look()).toMatchObject({ exitCode: 1, all: expect.stringContaining(`${history('a')} was changed`) });
  await git(project, 'reset', '-q', '--hard', base);
  await rm(project.at(history('b')));
  await commit(project);
  expect(await look()).toMatchObject({ exitCode: 1, all: expect.stringContaining(`${history('b')} was removed`) });
  const unknown = await execa(process.execPath, [project.at('scripts', 'kept-histories.mjs'), 'abcdef1']);
  expect(unknown.stdout, 'without its git history').toContain('not compared');
});

it('a build is known by its commit, by its sources too where they differ, and a release by neither', async () => {
  await using project = await SetupProject.make({ 'src/a.ts': '1' });
  const script = pathToFileURL(project.at('scripts', 'setup', 'build-id.mjs')).href;
  const id = async () => {
    const code = `import { buildIdOf } from '${script}'; process.stdout.write(buildIdOf(${JSON.stringify(project.root)}, ['src'], 'abcdef0123456789'))`;
    return (await execa(process.execPath, ['--input-type=module', '-e', code])).stdout;
  };
  expect(await id()).toBe('');
  await git(project, 'init', '-q');
  const head = await commit(project);
  expect(await id()).toBe(head.slice(0, 12));
  await project.write('README.md', 'not compiled');
  expect(await id()).toBe(head.slice(0, 12));
  await project.write('src/a.ts', '2');
  expect(await id()).toBe(`${head.slice(0, 12)}-abcdef01`);
});
