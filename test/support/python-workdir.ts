/** A copy of the workdir that the Python engine left behind (test/fixtures/python-workdir), with its git repository. */
import { cp, mkdtemp, readdir, readFile, realpath, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { Workdir } from '../../workdir/paths.js';
import { removeFolder } from './remove-folder.js';

export interface PythonWorkdir {
  root: string;
  source: string;
  workdir: Workdir;
}

/** Goes when the test ends. */
export async function pythonWorkdir(): Promise<PythonWorkdir> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-python-')));
  onTestFinished(() => removeFolder(root));
  const fixture = packageFile('test', 'fixtures', 'python-workdir');
  const source = join(root, 'src');
  await execa('git', ['clone', '--quiet', join(fixture, 'source.bundle'), source]);
  await execa('git', ['fetch', '--quiet', 'origin', '+refs/kept/*:refs/kept/*'], { cwd: source });
  const workdir = new Workdir(join(root, 'workdir'));
  await cp(join(fixture, 'workdir'), workdir.root, { recursive: true });
  for (const entry of await readdir(workdir.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('@ROOT@', root));
  }
  // A job's logs tell when it was last heard of.
  const logs = workdir.job(RUNNING.jobId, 'stdout.log');
  await utimes(logs, RUNNING.lastHeardOfS, RUNNING.lastHeardOfS);
  return { root, source, workdir };
}

/** The experiment whose job was out. */
export const RUNNING = { nodeId: '002_c15_b64', jobId: 'local_1795512006791', lastHeardOfS: 1795512012 };
/** It had its commit and no job yet. */
export const PREPARED = { nodeId: '003_c4_b64', commit: 'b3b8d1ae743d737adb9b64b0da9d22291f64d824' };
export const QUEUED = ['004_c11_b64', '005_c16_b64', '006_c7_b24', '007_c14_b32'];
