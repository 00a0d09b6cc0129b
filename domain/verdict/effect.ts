/**
 * Whether a change reached the job: an experiment that sets threads, concurrency, buffers or the batch size, and whose
 * job built the very pipelines that the job before it built, has measured that job again. It says nothing about what it
 * meant to change.
 */
import type { BuiltPipeline, Evidence } from '../evidence/evidence.js';

/** Names of what can be seen in a built pipeline. */
const SEEN = /concurren|workers?\b|worker|threads?|buffer|n_?jobs|parallel/i;
const BATCH = /batch/i;
const ASSIGNMENT = /^([^\s=]+)\s*=\s*\S/;

type Measured = Pick<Evidence, 'built' | 'delivered'>;

/**
 * The sentence for people, or null where the change had an effect or where that is not known. `before`: what it builds
 * on.
 */
export function withoutEffect(changeSet: readonly string[], own: Measured, before: Measured | null): string | null {
  if (!before?.built || !own.built || changeSet.length === 0) return null;
  const names = changeSet.map((change) => ASSIGNMENT.exec(change)?.[1] ?? null);
  if (!names.every((name) => name !== null && isSeen(lastPart(name), own, before))) return null;
  if (settingsKey(own.built) !== settingsKey(before.built)) return null;
  const is = names.length === 1 ? 'is' : 'are';
  return `the change had no effect: the job built its pipelines with the same threads, concurrency, buffers and batch sizes as before, so ${names.join(', ')} ${is} not where those come from`;
}

/** A batch that the source makes is in no setting of SPDL: only where both sinks tell its size is it seen. */
function isSeen(name: string, own: Measured, before: Measured): boolean {
  if (!BATCH.test(name)) return SEEN.test(name);
  const [size, was] = [own.delivered?.batchSize ?? null, before.delivered?.batchSize ?? null];
  return size !== null && size === was;
}

/** `code:loader.py:Loader.decode.concurrency` ends in what it sets; so does `config:conf.yaml:/loader/workers`. */
function lastPart(name: string): string {
  return name.split(/[.:/]/).at(-1)!;
}

/** Equal for equal pipelines, however often each was built. */
function settingsKey(built: readonly BuiltPipeline[]): string {
  const one = ({ threads, settings }: BuiltPipeline) =>
    [`threads=${threads}`, ...settings.map(({ stage, setting, value }) => `${stage}.${setting}=${value}`)].join();
  return [...new Set(built.map(one))].sort().join('\n');
}
