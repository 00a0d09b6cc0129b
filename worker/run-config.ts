/** The configuration of the run that a workdir holds, as a worker needs it. */

import { shellWord } from '../domain/command/shell-word.js';
import type { RunConfig } from '../domain/formats/config.js';
import { readConfig } from '../workdir/config-file.js';
import type { Workdir } from '../workdir/paths.js';

/** Throws an Error that names the file and the field. */
export async function loadRunConfig(workdir: Workdir): Promise<RunConfig> {
  const config = await readConfig(workdir);
  if (config === null) throw new Error(`${workdir.config} does not exist: ${workdir.root} holds no run`);
  if (config.run_id === '') {
    throw new Error(
      `${workdir.config}: run_id is missing: start the run with \`autoresearch run ${shellWord(workdir.root)}\``,
    );
  }
  return config;
}
