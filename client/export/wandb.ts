/** Writes each experiment as an offline run of W&B, by the wandb package of the user's own Python. Nothing is sent. */
import type { RunConfig } from '../../domain/formats/config.js';
import type { TrackedRun } from '../../domain/tracking/tracked-run.js';
import { packageFile } from '../../host/package-files.js';
import { runApart } from '../../host/short-program.js';
import { targetPython } from '../../source/target-python.js';
import type { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';

/** What the Python file says where it finds no wandb. */
const NO_PACKAGE = 3;
/** W&B's own rule. */
const PROJECT = /^[^/\\#?%:\s][^/\\#?%:]{0,127}$/;

/** Into `wandb/` of the workdir. A Refusal says what to do where there is no wandb package. */
export async function writeWandb(
  workdir: Workdir,
  config: RunConfig,
  project: string,
  runs: AsyncIterable<TrackedRun>,
): Promise<{ folder: string; runs: number }> {
  if (!PROJECT.test(project))
    throw new Refusal('--wandb', project, 'the name of a project: up to 128 characters, none of them / \\ # ? % :');
  const python = await targetPython(config).catch((error: Error) => {
    throw new Refusal('--wandb', project, `a Python with the wandb package; ${error.message}`);
  });
  const result = await runApart(python, [packageFile('client', 'export', 'python', 'write_offline_runs.py')], {
    stdin: lines(workdir, config, project, runs),
    env: offlineEnvironment(),
    extendEnv: false,
    cwd: workdir.root,
  });
  if (result.exitCode === NO_PACKAGE)
    throw new Refusal(
      '--wandb',
      project,
      `the wandb package, which ${python} does not have: \`${python} -m pip install wandb\``,
    );
  if (result.failed) {
    const said = `${result.stderr ?? ''}`.trim().split('\n').at(-1) || result.shortMessage;
    throw new Refusal('--wandb', project, `a wandb package that works (${python}: ${said})`);
  }
  const { runs: count } = JSON.parse(`${result.stdout}`.trim().split('\n').at(-1) ?? '') as { runs: number };
  return { folder: workdir.root, runs: count };
}

/** One run a line, so that no more than one is in memory. */
async function* lines(
  workdir: Workdir,
  { run_id }: RunConfig,
  project: string,
  runs: AsyncIterable<TrackedRun>,
): AsyncGenerator<string, void> {
  for await (const { nodeId, settings, values, text, tags, series, status } of runs) {
    const run = {
      dir: workdir.root,
      project,
      group: run_id,
      id: `${run_id}-${nodeId}`,
      name: nodeId,
      job_type: String(settings.kind),
      notes: text,
      tags: tags.map((tag) => tag.slice(0, TAG_LIMIT)),
      config: settings,
      summary: { ...values, status },
      series,
    };
    yield `${JSON.stringify(run)}\n`;
  }
}

/** W&B refuses longer ones. */
const TAG_LIMIT = 64;

/** W&B's settings of the user mean trainings; the older names of two settings stand beside the newer ones. */
function offlineEnvironment(): Record<string, string | undefined> {
  const others = Object.entries(process.env).filter(([name]) => !/^WANDB_/i.test(name));
  return {
    ...Object.fromEntries(others),
    WANDB_MODE: 'offline',
    WANDB_SILENT: 'true',
    WANDB_CONSOLE: 'off',
    WANDB_DISABLE_GIT: 'true',
    WANDB_DISABLE_CODE: 'true',
    WANDB_ERROR_REPORTING: 'false',
    WANDB_X_DISABLE_STATS: 'true',
    WANDB__DISABLE_STATS: 'true',
    WANDB_X_DISABLE_META: 'true',
    WANDB__DISABLE_META: 'true',
    WANDB_X_DISABLE_MACHINE_INFO: 'true',
    WANDB_X_SAVE_REQUIREMENTS: 'false',
  };
}
