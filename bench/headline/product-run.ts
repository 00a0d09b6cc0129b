/** One run of the built command on a copy of a pipeline of this bench, as a person starts it, and what it measured. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageFile } from '../../host/package-files.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Workdir } from '../../workdir/paths.js';
import { type Course, courseOf } from './course.js';

export interface ProductRun {
  /** Folder beside this file. */
  pipeline: 'source' | 'one-stage';
  /** Numbers of its script that are set otherwise, by name. */
  values?: Readonly<Record<string, number>>;
  scriptFlags: string;
  agent: string;
  /** Whether the playbook searches by its model of the pipeline. */
  withModel: boolean;
  flags: readonly string[];
}

const python = packageFile('.tools', 'venv', 'bin', 'python');

export async function productRun(run: ProductRun): Promise<Course> {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-headline-'));
  try {
    const [source, workdir] = [join(root, 'source'), join(root, 'workdir')];
    await cp(packageFile('bench', 'headline', run.pipeline), source, { recursive: true });
    await setNumbers(join(source, 'train.py'), run.values ?? {});
    await execa(
      process.execPath,
      [
        ...[packageFile('dist', 'client', 'main.js'), 'run', workdir, '--json', '--source-dir', source],
        ...['--pipeline-script', join(source, 'train.py'), '--python', python],
        ...['--base-launch-command', `${python} train.py ${run.scriptFlags}`],
        ...['--agent', run.agent, '--max-concurrency', '1', ...run.flags],
      ],
      // How it ended is read from the workdir.
      { reject: false, env: { TEMPORAL_ADDRESS: undefined, AUTORESEARCH_PLAYBOOK: run.withModel ? 'model' : 'rules' } },
    );
    return courseOf(await openRunLog(new Workdir(workdir)).record());
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function setNumbers(path: string, values: Readonly<Record<string, number>>): Promise<void> {
  let script = await readFile(path, 'utf8');
  for (const [name, value] of Object.entries(values))
    script = script.replace(new RegExp(`^${name} = .*$`, 'm'), `${name} = ${value}`);
  await writeFile(path, script);
}
