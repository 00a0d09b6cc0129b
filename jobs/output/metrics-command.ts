/**
 * `--metrics-command`: what the probe measured of a job, by a command of the user's own that prints its lines. A
 * command that fails is told, and costs no experiment.
 */
import { rendered } from '../../domain/command/command-template.js';
import { runApart } from '../../host/short-program.js';
import type { RunContext } from '../../workdir/run-context.js';
import { withoutSecrets } from '../job-environment.js';
import { ToldTables } from './told-tables.js';

/** It reads a log or a table, while an experiment waits. */
const LIMIT_MS = 60_000;
const MOST_BYTES = 256 * 1024 * 1024;
const SAID_LENGTH = 300;
const FLAG = '--metrics-command';

interface MeasuredJob {
  /** The scheduler's id of it; of a job on this host, ours. */
  id: string;
  name: string;
  node: string;
}

/** Puts the tables into the metrics folder, in place of what the job's log told. Gives findings. */
export async function tablesByCommand(
  { config }: Pick<RunContext, 'config'>,
  job: MeasuredJob,
  metricsDir: string,
): Promise<string[]> {
  if (config.metrics_command.trim() === '') return [];
  const { exitCode, timedOut, stdout, stderr } = await runApart(
    '/bin/sh',
    ['-c', rendered(config.metrics_command, { ...job })],
    {
      ...{ env: withoutSecrets(process.env, config.secret_env), extendEnv: false, stdin: 'ignore' },
      ...{ timeout: LIMIT_MS, maxBuffer: MOST_BYTES },
    },
  );
  if (timedOut) return [`${FLAG} did not end within ${LIMIT_MS / 1000} s, and is left out`];
  const said = String(stderr).trim().slice(-SAID_LENGTH);
  if (exitCode !== 0)
    return [`${FLAG} ended with exit code ${exitCode}, and is left out: ${said || 'it said nothing'}`];
  const tables = new ToldTables();
  for (const line of String(stdout).split('\n')) tables.readLine(line);
  if (!tables.hasLines) return [`${FLAG} printed no line of the probe ([autoresearch-probe] …)`];
  await tables.write(metricsDir, `the output of ${FLAG}`);
  return [];
}
