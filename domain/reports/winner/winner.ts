/**
 * How a person takes the best experiment over: its commit and ref, its difference from the anchor, its launch command.
 */

import { shellWord } from '../../command/shell-word.js';
import type { RunConfig } from '../../formats/config.js';
import type { Spec } from '../../formats/spec.js';
import type { EngineState } from '../../run/engine-state.js';
import { BASELINE_ID, commitOf } from '../../run/experiment-record.js';
import { changeCells } from '../change-against-parent.js';
import { fence, inline } from '../markdown.js';
import type { RunFacts } from '../run-facts.js';
import { partTexts } from './winner-parts.js';

export type Specs = ReadonlyMap<string, Spec>;

export function winnerLines(state: EngineState, facts: RunFacts, specs: Specs, config: RunConfig): string[] {
  const row = facts.best?.row;
  const commit = row ? commitOf(row) : null;
  if (!row || row.nodeId === BASELINE_ID || commit === null) return ['There is nothing to apply.'];
  const launch = specs.get(row.nodeId)?.launch_command || config.base_launch_command;
  return [
    `- Experiment: ${row.nodeId}`,
    ...madeOf(state, row.nodeId),
    `- Commit: ${commit}`,
    `- Kept by: refs/autoresearch/${state.run}/${row.nodeId} (its files: ${filesOf(state, row.nodeId)})`,
    ...(commit === state.baseCommit
      ? codeIsUnchanged()
      : ['', ...applyLines(state, facts), ...codeCommands(state, row.nodeId, config)]),
    '',
    launch === config.base_launch_command ? 'The launch command is the base launch command:' : 'Launch it with:',
    '',
    ...fence(launch, 'sh'),
  ];
}

function madeOf(state: EngineState, winner: string): string[] {
  const texts = [...partTexts(state, winner)];
  if (texts.length === 0) return [];
  const change = changeCells(state);
  return [
    '- Made of:',
    ...texts.map(([nodeId, text]) => `  - ${nodeId} (${inline(change(state.experiments[nodeId]!))}): ${text}`),
  ];
}

/** Nothing where there is no code to take over. */
export function applyLines(state: EngineState, { best }: RunFacts): string[] {
  const commit = best ? commitOf(best.row) : null;
  if (!best || best.row.nodeId === BASELINE_ID || commit === null || commit === state.baseCommit) return [];
  return [
    '`autoresearch apply .` in the workdir puts the code of the best on a new branch of your repository (`--patch FILE` into a patch), ' +
      'without the instrumentation; `autoresearch diff .` shows it before.',
  ];
}

function codeIsUnchanged(): string[] {
  return ['', 'Its code is that of the baseline: only the launch command differs.'];
}

/** The ref outlives the commit object itself, which git's housekeeping may remove (source/control/kept-commits.ts). */
function filesOf(state: EngineState, name: string): string {
  return `refs/autoresearch/${state.run}/${name}:source`;
}

function codeCommands(state: EngineState, nodeId: string, config: RunConfig): string[] {
  const isUsersRepository = config.scm === 'git';
  const git = isUsersRepository ? `git -C ${shellWord(config.source_dir)}` : 'git --git-dir=source.git';
  const [anchor, winner] = [filesOf(state, 'anchor'), filesOf(state, nodeId)];
  const lines = [
    `# everything that differs from your code as it was at the start, instrumentation included`,
    `${git} diff ${anchor} ${winner}`,
  ];
  if (state.baseCommit !== null && state.baseCommit !== state.anchorCommit) {
    lines.push(
      '# the experiment alone, without the instrumentation',
      `${git} diff ${filesOf(state, 'base')} ${winner}`,
    );
  }
  const where = isUsersRepository ? 'With git alone:' : 'With git alone, in the workdir:';
  return ['', where, '', ...fence(lines.join('\n'), 'sh')];
}
