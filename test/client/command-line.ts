/** Runs the command line in this process and keeps what it printed; and projects to point it at. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Output } from '../../client/output/output.js';
import { runCli } from '../../client/program.js';
import { removeFolder } from '../support/remove-folder.js';

export interface Said {
  code: number;
  out: string;
  err: string;
}

export async function autoresearch(...words: string[]): Promise<Said> {
  const said = { out: '', err: '' };
  const output: Output = {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    isTerminal: false,
    columns: 100,
  };
  const code = await runCli(words, output);
  return { code, ...said };
}

/** An empty folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-client-'));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

export interface Project {
  folder: string;
  source: string;
  script: string;
  workdir: string;
  /** What a first run needs. */
  flags: string[];
}

/** A source directory with a script, and a place for a workdir beside it. */
export async function project(): Promise<Project> {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  const script = join(source, 'train.py');
  await mkdir(source);
  await writeFile(script, 'print("training")\n');
  await writeFile(join(folder, 'elsewhere.py'), 'print("elsewhere")\n');
  const flags = ['--source-dir', source, '--pipeline-script', script, '--base-launch-command', 'python train.py'];
  return { folder, source, script, workdir: join(folder, 'workdir'), flags };
}

/** Path, mode and content of everything below a folder: equal before and after when nothing was touched. */
export async function fingerprint(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs } = await stat(path);
    const content = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    return [relative(folder, path), mode.toString(8), entry.isFile() ? mtimeMs : '', content].join(' ');
  });
  return (await Promise.all(lines)).sort();
}
