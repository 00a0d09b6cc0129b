/** The configuration of the run that a workdir holds, as a worker needs it. */

import { shellWord } from '../domain/command/shell-word.js';
import { ConfigSchema, type RunConfig } from '../domain/formats/config.js';
import { readJsonIfAny } from '../host/atomic-file.js';
import type { Workdir } from '../workdir/paths.js';

/** Throws an Error that names the file and the field. */
export async function loadRunConfig(workdir: Workdir): Promise<RunConfig> {
  const json = await readJsonIfAny(workdir.config);
  if (json === null) throw new Error(`${workdir.config} does not exist: ${workdir.root} holds no run`);
  const parsed = ConfigSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${workdir.config}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  }
  if (parsed.data.run_id === '') {
    throw new Error(
      `${workdir.config}: run_id is missing: start the run with \`autoresearch run ${shellWord(workdir.root)}\``,
    );
  }
  return parsed.data;
}
