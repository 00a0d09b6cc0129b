/**
 * What an experiment changes, as a set: its explicit changes and the launch flags that differ from the base command.
 * Equal sets on the same starting commit are duplicates; names and descriptions never decide.
 */

import { differingFlags } from '../command/launch-command.js';
import type { EngineState } from '../run/engine-state.js';
import { type ExperimentIdentity, type ExperimentRow, isPruned, originalOf } from '../run/experiment-record.js';

export function changeSetOf(changes: readonly string[], launchCommand: string, baseCommand: string): string[] {
  const flags = launchCommand === '' ? [] : differingFlags(launchCommand, baseCommand);
  const all = [...changes, ...flags].map((change) => change.trim().toLowerCase()).filter((change) => change !== '');
  return [...new Set(all)].sort();
}

function startOf(state: EngineState, experiment: Pick<ExperimentIdentity, 'startCommit'>): string | null {
  return experiment.startCommit ?? state.baseCommit;
}

export function hasFailed(row: ExperimentRow): boolean {
  return (row.state.status === 'failed' && !isPruned(row)) || row.state.status === 'cancelled';
}

/**
 * The experiment that already tries the same, or null. A declared repeat is no duplicate; nor is what has failed
 * before.
 */
export function duplicateOf(
  state: EngineState,
  candidate: Pick<ExperimentIdentity, 'startCommit' | 'changeSet'> & { kind?: ExperimentIdentity['kind'] },
): string | null {
  if (candidate.kind === 'repeat' || candidate.kind === 'repair') return null;
  const key = candidate.changeSet.join('\0');
  const start = startOf(state, candidate);
  const twin = Object.values(state.experiments).find(
    (row) =>
      !hasFailed(row) && row.kind !== 'repeat' && startOf(state, row) === start && row.changeSet.join('\0') === key,
  );
  if (twin !== undefined) return twin.nodeId;
  // What it would do was found to be another's work already.
  const copies = Object.values(state.experiments).filter(
    (row) => originalOf(row) !== null && startOf(state, row) === start && row.changeSet.join('\0') === key,
  );
  const originals = copies.map((row) => state.experiments[originalOf(row)!]);
  return originals.find((row) => row !== undefined && !hasFailed(row))?.nodeId ?? null;
}

const LABEL_LENGTH = 120;
const OWN_CODE = /\[code ([0-9a-f]{12})\]\s*$/i;

/**
 * A person's own code as a change, where they name none: in their words, or by its files; equal content, equal mark.
 */
export function ownCodeText(words: string, paths: readonly string[], contentHash: string): string {
  const [line = ''] = words.trim().split('\n');
  const label = line.slice(0, LABEL_LENGTH).trim() || `own code in ${paths.join(', ')}`.slice(0, LABEL_LENGTH);
  return `${label} [code ${contentHash.slice(0, 12)}]`;
}

/** Nobody else can make that change: it is had by building on the experiment that has it. */
export function ownCodeProblem(changes: readonly string[]): string | null {
  const own = changes.find((change) => OWN_CODE.test(change));
  return own === undefined
    ? null
    : `${JSON.stringify(own)} is code that a person wrote: start from its experiment's commit (goto) to have it`;
}
