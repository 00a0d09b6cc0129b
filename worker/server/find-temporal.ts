/** Finds the `temporal` command and says which version it is. */
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { BadSetting } from '../../host/bad-setting.js';
import { runApart } from '../../host/short-program.js';
import { toolFolder } from '../../host/tool-folder.js';

export class TemporalNotFound extends BadSetting {
  override readonly name = 'TemporalNotFound';
}

/**
 * Absolute path: TEMPORAL_CLI, else the first `temporal` on PATH, else the one in the tool folder. A database
 * that version `made` wrote keeps to the first of these that is of that version, because an open run should not change
 * its server in passing.
 */
export async function findTemporal(env: NodeJS.ProcessEnv = process.env, made: string | null = null): Promise<string> {
  const named = env.TEMPORAL_CLI?.trim();
  if (named) {
    if (await isExecutable(named)) return resolve(named);
    throw new TemporalNotFound(
      `TEMPORAL_CLI is ${JSON.stringify(named)}, which is not an executable file: set it to the path of the temporal command, or unset it`,
    );
  }
  const tool = join(toolFolder(env), 'venv', 'bin', 'temporal');
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const found: string[] = [];
  for (const candidate of [...onPath.map((folder) => join(folder, 'temporal')), tool]) {
    if (await isExecutable(candidate)) found.push(resolve(candidate));
  }
  for (const candidate of made === null ? [] : found) {
    // One that does not run is no candidate; where it is the only one, its start says what is wrong.
    if ((await temporalVersion(candidate).catch(() => null)) === made) return candidate;
  }
  if (found[0] !== undefined) return found[0];
  throw new TemporalNotFound(
    `no temporal command: neither TEMPORAL_CLI nor PATH names one, and ${tool} does not exist. ` +
      '`autoresearch setup` puts one there; or install it from https://docs.temporal.io/cli',
  );
}

/** Version of the command, such as `1.9.1`. It fixes the server's version, and so the database's schema. */
export async function temporalVersion(binary: string): Promise<string> {
  const { stdout = '' } = await runApart(binary, ['--version'], { stdin: 'ignore' });
  const version = /version v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (version === undefined) {
    throw new TemporalNotFound(`${binary} --version printed ${JSON.stringify(stdout.trim())}, which names no version`);
  }
  return version;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
