// The compiled program: TypeScript to dist/, the workflow bundle, and the `autoresearch` command for npx.
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildIdOf } from './build-id.mjs';
import { inProject, projectRoot, run, say } from './process.mjs';
import { contentHash, dropStamp, filesBelow, hasStamp, writeStamp } from './stamp.mjs';

const sourceFolders = () => JSON.parse(readFileSync(inProject('tsconfig.json'), 'utf8')).include;

const stampFile = inProject('dist', '.autoresearch-setup');
const entry = inProject('dist', 'client', 'main.js');
const bundler = inProject('dist', 'worker', 'bundle-workflows.js');
const buildIdFile = inProject('dist', 'build-id.txt');
const command = inProject('node_modules', '.bin', 'autoresearch');

/** The program, and the page that a browser runs: each with the libraries of its own world. */
const PROJECTS = { program: 'tsconfig.json', page: 'client/dashboard/page/tsconfig.json' };
/** Like the bundler, the page is looked for: the steps are the same where a checkout has none. */
const projects = () => Object.entries(PROJECTS).filter(([, project]) => existsSync(inProject(project)));
const sources = () => [...filesBelow(sourceFolders(), '.ts'), ...filesBelow(sourceFolders(), '.tsx')];
const inputs = () =>
  contentHash(['package.json', 'package-lock.json', ...projects().map(([, project]) => project), ...sources()]);

/** What was compiled from a source that is gone must not be found any more. */
function removeOrphans() {
  const folders = sourceFolders()
    .map((folder) => join('dist', folder))
    .filter((folder) => existsSync(inProject(folder)));
  for (const compiled of filesBelow(folders, '.js')) {
    const source = compiled.replace(/^dist\//, '').replace(/\.js$/, '');
    if (['.ts', '.tsx'].some((ending) => existsSync(inProject(source + ending)))) continue;
    rmSync(inProject(compiled));
    rmSync(inProject(`${compiled}.map`), { force: true });
  }
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** npm makes no command for the package in its own checkout. */
function linkCommand() {
  chmodSync(entry, 0o755);
  if (isLink(command)) return;
  mkdirSync(inProject('node_modules', '.bin'), { recursive: true });
  symlinkSync(join('..', '..', 'dist', 'client', 'main.js'), command);
}

async function compile(name, project) {
  const buildInfo = name === 'program' ? 'dist/.tsbuildinfo' : `dist/.tsbuildinfo-${name}`;
  const compiler = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['-p', project, '--incremental', '--tsBuildInfoFile', buildInfo, '--pretty', 'false'];
  await run(process.execPath, [compiler, ...flags], { failure: 'the TypeScript compiler found errors' });
}

export const build = {
  isDone: () => isLink(command) && existsSync(entry) && hasStamp(stampFile, inputs()),

  async run() {
    const value = inputs();
    dropStamp(stampFile);
    say('compiling to dist/ (tsc)');
    for (const [name, project] of projects()) await compile(name, project);
    removeOrphans();
    if (existsSync(bundler)) {
      say('bundling the workflows');
      await run(process.execPath, [bundler], { failure: 'the workflow bundle could not be made' });
    }
    const hashed = [...sourceFolders(), 'package.json', 'package-lock.json', 'tsconfig.json'];
    writeFileSync(buildIdFile, `${buildIdOf(projectRoot, hashed, value)}\n`);
    linkCommand();
    writeStamp(stampFile, value);
  },
};
