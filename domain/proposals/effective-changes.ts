/**
 * What an experiment's code and command effectively differ by from the run's base, whatever path led there: its own
 * change set and the code changes of the commits that it stacks on. (Flags do not stack: each command is compared with
 * the base command.)
 */
import type { ExperimentIdentity } from '../run/experiment-record.js';

export interface Changed extends Pick<ExperimentIdentity, 'nodeId' | 'startCommit' | 'changeSet'> {
  /** The commit that it ran; null while it has none. */
  commit: string | null;
}

/**
 * Value by dimension (the name before `=`); '' for a change that is there or not: `mtp`, `--amp`, a change in words.
 */
export type Changes = ReadonlyMap<string, string>;

const ASSIGNMENT = /^([^\s=]+)\s*=\s*(\S.*)$/;
/** Names a try of the same change (repair.ts), and changes nothing. */
const LABEL = /^startup_retry_\d+$/;
/** Of the launch command, by a flag or by a key of a configuration (settingName in launch-command.ts). */
const FLAG = /^(removed )?(?:--?[a-z]|flag:)/;

export function isFlagChange(dimension: string): boolean {
  return FLAG.test(dimension);
}

/** By node id. `experiments` stand in the order in which they were added: the first one with a commit made it. */
export function effectiveChanges(experiments: readonly Changed[], baseCommit: string | null): Map<string, Changes> {
  const makers = new Map<string, Changed>();
  for (const each of experiments)
    if (each.commit !== null && each.commit !== baseCommit && !makers.has(each.commit)) makers.set(each.commit, each);
  const known = new Map<string, Changes>();
  const codeAt = (commit: string | null): Changes => {
    if (commit === null || commit === baseCommit) return NONE;
    const before = known.get(commit);
    if (before) return before;
    // Also what a commit that leads back to itself, which no honest log has, is taken for.
    known.set(commit, new Map([[`code of ${commit.slice(0, 12)}`, '']]));
    const maker = makers.get(commit);
    if (maker) known.set(commit, new Map([...changesOf(maker)].filter(([dimension]) => !isFlagChange(dimension))));
    return known.get(commit)!;
  };
  const changesOf = ({ startCommit, changeSet }: Changed): Changes =>
    new Map([...codeAt(startCommit), ...changeSet.filter((text) => !LABEL.test(text)).map(assignment)]);
  return new Map(experiments.map((each) => [each.nodeId, changesOf(each)]));
}

const NONE: Changes = new Map();

function assignment(text: string): [dimension: string, value: string] {
  const [, dimension, value] = ASSIGNMENT.exec(text) ?? [];
  return dimension !== undefined && value !== undefined ? [dimension, value] : [text, ''];
}

export function changeText([dimension, value]: readonly [string, string]): string {
  return value === '' ? dimension : `${dimension}=${value}`;
}

/** Equal for equal changes. */
export function changesKey(changes: Iterable<readonly [string, string]>): string {
  return [...changes].map(changeText).sort().join('\n');
}
