/** A run whose commits and trees `clean` gave up: it can be read, and nothing of its code can be run or shown. */
import { readJsonIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';

/** Before the first ref goes, so that a clean-up that was cut short is one as well. */
export async function markCleaned(workdir: Workdir): Promise<void> {
  if ((await cleanedAt(workdir)) === null) await writeJsonAtomic(workdir.cleaned, { at: new Date().toISOString() });
}

/** `path` as the person gave it. */
export async function refuseCleaned(workdir: Workdir, path: string = workdir.root): Promise<void> {
  const at = await cleanedAt(workdir);
  if (at === null) return;
  const advice = `this run was cleaned: \`autoresearch clean\` gave up its commits and trees (${at}), so that it cannot go on and its changes are gone; its reports stay. Begin a new run in another workdir`;
  throw new Refusal('workdir', path, advice);
}

async function cleanedAt(workdir: Workdir): Promise<string | null> {
  const mark = (await readJsonIfAny(workdir.cleaned)) as { at?: unknown } | null;
  return mark === null ? null : String(mark.at);
}
