/** A synthetic run on disk: a workdir with its config and plans, and what activities are built from. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { Workdir } from '../../workdir/paths.js';
import type { RunContext } from '../../workdir/run-context.js';
import { writePlan } from '../../workdir/spec-store.js';
import { removeFolder } from './remove-folder.js';
import type { SyntheticRun } from './run-events.js';

/** An empty workdir that goes when the test ends. */
export async function temporaryWorkdir(): Promise<Workdir> {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-workdir-'));
  onTestFinished(() => removeFolder(root));
  return new Workdir(root);
}

export async function syntheticWorkdir(run: SyntheticRun): Promise<{ workdir: Workdir; context: RunContext }> {
  const workdir = await temporaryWorkdir();
  await writeJsonAtomic(workdir.config, run.config);
  for (const [iteration, plan] of run.plans) await writePlan(workdir, iteration, plan);
  return { workdir, context: { workdir, config: run.config, log: () => undefined } };
}

/** Every file under the workdir with its bytes (base64) by relative path. */
export async function filesOf(workdir: Workdir): Promise<Record<string, string>> {
  const entries = await readdir(workdir.root, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files[relative(workdir.root, path)] = (await readFile(path)).toString('base64');
  }
  return files;
}
