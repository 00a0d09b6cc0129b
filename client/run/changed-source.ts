/** For a person who goes on with a run after changing its code: the run keeps to the code that it began with. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { RunConfig } from '../../domain/formats/config.js';
import { openSourceControl } from '../../source/control/open.js';
import type { Workdir } from '../../workdir/paths.js';

/** Names in a line. */
const SHOWN = 3;

/** One line, or none: where nothing was changed, nothing was anchored yet, or the source cannot be looked at now. */
export async function changedSourceNotices(workdir: Workdir, config: RunConfig): Promise<string[]> {
  if (!existsSync(workdir.source)) return [];
  // Whoever needs a source that cannot be looked at says what is wrong with it.
  const found = await lookAt(workdir, config).catch(() => null);
  if (found === null || found.changed.length === 0) return [];
  const { anchor, changed } = found;
  const script = relative(config.source_dir, config.pipeline_script);
  // What a person most likely changed stands first.
  const names = [...changed].sort((a, b) => Number(b === script) - Number(a === script) || a.localeCompare(b));
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return [
    `changed in ${config.source_dir} since this run began: ${names.slice(0, SHOWN).join(', ')}${more}; ` +
      `the run goes on with the code of then (anchor ${anchor.slice(0, 10)}), and a run of the new code is begun in a new workdir`,
  ];
}

async function lookAt(workdir: Workdir, config: RunConfig): Promise<{ anchor: string; changed: string[] } | null> {
  const source = await openSourceControl({ workdir, config });
  const anchor = await source.commitOf('anchor');
  return anchor === null ? null : { anchor, changed: await source.changedSince(anchor) };
}
