/**
 * What is submitted to a cluster whose hosts see the workdir: a shell script that starts the same job runner that owns
 * local jobs, so that a job's output, limits, samples and end are recorded in the same files wherever it runs.
 */
import { join } from 'node:path';
import { shellWord } from '../../domain/command/shell-word.js';
import { writeFileAtomic, writeJsonAtomic } from '../../host/atomic-file.js';
import { packageFile } from '../../host/package-files.js';
import type { RunnerRequest } from '../platforms/job-runner.js';

const REQUEST = 'request.json';
const SCRIPT = 'job.sh';

/** Gives the script's path. The environment stands in no file: the scheduler hands it over. */
export async function writeJobScript(jobDir: string, python: string, request: RunnerRequest): Promise<string> {
  const file = join(jobDir, REQUEST);
  await writeJsonAtomic(file, { ...request, env: null });
  const runner = [python, '-I', '-S', packageFile('probe', 'autoresearch_job'), 'run', jobDir].map(shellWord).join(' ');
  const path = join(jobDir, SCRIPT);
  await writeFileAtomic(
    path,
    `#!/bin/sh\nexec ${runner} < ${shellWord(file)} 2>> ${shellWord(join(jobDir, 'runner.log'))}\n`,
    0o700,
  );
  return path;
}
