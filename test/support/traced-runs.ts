/** Runs whose workflows only leave traces: a bundle of those workflows for a test file, and workdirs to serve. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { packageFile } from '../../host/package-files.js';
import type { Workdir } from '../../workdir/paths.js';
import { buildWorkflowBundle } from '../../worker/workflow-bundle.js';
import { removeFolder } from './remove-folder.js';
import { temporalWorkdir } from './temporal-workdir.js';

/** Built once for the test file that asks; `codePath` is there when its tests run. */
export function tracedBundle(): { readonly codePath: string } {
  const bundle = { codePath: '' };
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'autoresearch-bundle-'));
    bundle.codePath = join(folder, 'bundle.js');
    const workflowsPath = packageFile('test', 'support', 'temporal-fixture-workflows.ts');
    await buildWorkflowBundle({ workflowsPath, sources: [], out: bundle.codePath });
  });
  afterAll(() => removeFolder(folder));
  return bundle;
}

/** A workdir of a run of that id, whose source is nowhere. */
export async function workdirOf(run: string): Promise<Workdir> {
  const workdir = await temporalWorkdir();
  const named = { pipeline_script: '/s/train.py', source_dir: '/s', base_launch_command: 'python train.py' };
  await writeJsonAtomic(workdir.config, { ...named, run_id: run });
  return workdir;
}
