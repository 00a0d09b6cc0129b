/** config.json of a workdir: read and written here alone. Keys that we do not know are kept. */
import { ConfigSchema, type RunConfig } from '../domain/formats/config.js';
import { writeJsonAtomic } from '../host/atomic-file.js';
import { readChecked } from './checked-file.js';
import type { Workdir } from './paths.js';

/** Null where there is none. Throws InvalidFile, which names the file and the field. */
export async function readConfig(workdir: Workdir): Promise<RunConfig | null> {
  return await readChecked(workdir.config, ConfigSchema);
}

export async function writeConfig(workdir: Workdir, config: RunConfig): Promise<void> {
  await writeJsonAtomic(workdir.config, config);
}
