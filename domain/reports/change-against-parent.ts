/**
 * What an experiment changes against the one that it builds on, in a few words: for every table, list and page. Its
 * recorded change set is no answer, as that tells code against the parent and flags against the base command.
 */
import { type Changes, changeText, effectiveChanges, isFlagChange } from '../proposals/effective-changes.js';
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID, commitOf, type ExperimentRow } from '../run/experiment-record.js';
import { oneLine } from './markdown.js';
import { treeParent } from './run-record.js';

/** One for each setting, for files that name the parent beside them; none where nothing differs. */
export function changeListsAgainstParents(state: EngineState): (row: ExperimentRow) => string[] {
  const rows = Object.values(state.experiments).sort((a, b) => a.seq - b.seq);
  const all = effectiveChanges(
    rows.map((row) => ({ ...row, commit: commitOf(row) })),
    state.baseCommit,
  );
  return (row) => differences(all.get(row.nodeId) ?? NOTHING, all.get(treeParent(row) ?? '') ?? NOTHING);
}

/** Names the parent where that is not the baseline: `on 002_threads16: --batch-size=32`. */
export function changesAgainstParents(state: EngineState): (row: ExperimentRow) => string {
  const changesOf = changeListsAgainstParents(state);
  return (row) => {
    const parentId = treeParent(row);
    const isOnBase = parentId === null || parentId === BASELINE_ID || state.experiments[parentId] === undefined;
    if (row.kind === 'repeat') return `${parentId ?? row.name} again`;
    const text = changesOf(row).join(', ') || row.name;
    return isOnBase ? text : `on ${parentId}: ${text}`;
  };
}

/** What an experiment changes, as far as a cell has room. */
export function changeCells(state: EngineState): (row: ExperimentRow) => string {
  const changeOf = changesAgainstParents(state);
  return (row) => oneLine(changeOf(row), 120);
}

const NOTHING: Changes = new Map();
const REMOVED = /^removed /;

function differences(own: Changes, parent: Changes): string[] {
  const told = new Set([...own.keys()].map(settingOf));
  const made = [...own].filter(([name, value]) => parent.get(name) !== value).map(changeText);
  const undone = [...parent].filter(([name]) => !told.has(settingOf(name))).map(undoneText);
  return [...made, ...undone].sort();
}

/** `removed --amp` and `--amp` are about one flag. */
function settingOf(name: string): string {
  return name.replace(REMOVED, '');
}

/** What the parent has and this one has not is as the baseline has it. */
function undoneText([name, value]: readonly [string, string]): string {
  if (REMOVED.test(name)) return `${settingOf(name)} as in the baseline`;
  return value === '' && !isFlagChange(name) ? `without ${name}` : `${name} as in the baseline`;
}
