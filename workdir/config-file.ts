/** config.json of a workdir: read and written here alone. Keys that we do not know are kept. */
import { ConfigSchema, type RunConfig } from '../domain/formats/config.js';
import { makeFileAtomic, writeJsonAtomic } from '../host/atomic-file.js';
import { readChecked } from './checked-file.js';
import type { Workdir } from './paths.js';

/** Null where there is none. Throws InvalidFile, which names the file and the field. */
export async function readConfig(workdir: Workdir): Promise<RunConfig | null> {
  return await readChecked(workdir.config, ConfigSchema);
}

export async function writeConfig(workdir: Workdir, config: RunConfig): Promise<void> {
  await writeJsonAtomic(workdir.config, config);
}

/** Of a workdir that has none; false where another process has just made one, which stays. */
export async function makeConfig(workdir: Workdir, config: RunConfig): Promise<boolean> {
  return await makeFileAtomic(workdir.config, `${JSON.stringify(config, null, 2)}\n`);
}
