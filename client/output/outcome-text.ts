/** How a run ended, as text: one fact a line, `name: value`. */

import { shellWord } from '../../domain/command/shell-word.js';
import { noGainText } from '../../domain/reports/caveats/confidence.js';
import { DURATIONS_COMPARED } from '../../domain/reports/headline.js';
import { intervalText, leftText } from '../../domain/reports/judgement-text.js';
import { objectiveText, speedupText } from '../../domain/reports/quantity-text.js';
import type { MeasuredNode, RunOutcome } from '../run/run-outcome.js';
import { BEGIN_ANEW } from './begin-anew.js';
import { withDocPaths } from './doc-paths.js';

export function outcomeText(outcome: RunOutcome): string {
  const { workdir, stop, interrupted, winning_changes: changes } = outcome;
  const ended = stop ? `stopped (${stop.reason}): ${stop.detail}` : `${outcome.status}`;
  const lines = [
    ...(byDuration(outcome) ? [DURATIONS_COMPARED] : []),
    `ended: ${interrupted ? 'interrupted; running jobs go on' : ended}`,
    `baseline: ${measured(outcome.baseline)}`,
    `headspace: ${ceiling(outcome)}`,
    `${outcome.is_provisional ? 'provisional best' : 'best'}: ${bestText(outcome)}`,
    ...(outcome.proven_gain ? [`gain: ${intervalText(outcome.proven_gain)}`] : []),
    ...(outcome.headspace_left ? [`left to the ceiling: ${leftText(outcome.headspace_left)}`] : []),
    ...changes.map(({ node_id, change, alone }) => `change: ${node_id}: ${change}${alone ? ` (${alone})` : ''}`),
  ];
  const nothing = outcome.baseline ? 'nothing beat the baseline' : 'there is no baseline to beat';
  if (changes.length === 0) lines.push(interrupted ? 'change: none yet' : `change: none; ${nothing}`);
  else {
    lines.push(`show the change: autoresearch diff ${shellWord(workdir)}`);
    lines.push(`take it over: autoresearch apply ${shellWord(workdir)}`);
  }
  lines.push(...outcome.why_nothing.map((why) => `why: ${why}`));
  if (changes.length > 0 && outcome.proven_gain) {
    lines.push(...noGainText(outcome.proven_gain).map((text) => `in doubt: ${text}`));
  }
  if (outcome.unclear_rate !== undefined) lines.push(`in doubt: ${outcome.unclear_rate}`);
  if (outcome.busy_machine !== undefined) lines.push(`in doubt: ${outcome.busy_machine}`);
  if (stop?.reason === 'baseline_failed') lines.push(`to do: ${BEGIN_ANEW}`);
  if (interrupted) lines.push(`go on with: autoresearch run ${shellWord(workdir)}`);
  else lines.push(`report: ${workdir}/report.md`);
  lines.push(`workdir: ${workdir}`);
  return withDocPaths(lines.join('\n'));
}

function byDuration({ baseline }: RunOutcome): boolean {
  return baseline?.objective.metric === 'duration_s';
}

function measured(node: MeasuredNode | null): string {
  return node ? objectiveText(node.objective) : 'not measured';
}

function ceiling({ headspace, headspace_unknown: unknown }: RunOutcome): string {
  return unknown
    ? `not known (with cached data it ran slower than the baseline: ${measured(headspace)})`
    : compared(headspace);
}

function bestText({ best, is_provisional: isProvisional }: RunOutcome): string {
  const open = isProvisional ? ', not confirmed by repeats yet' : '';
  return `${compared(best)}${best ? ` (${best.node_id}${open})` : ''}`;
}

function compared(node: MeasuredNode | null): string {
  return node && node.gain !== null ? `${measured(node)}, ${speedupText(node.gain)} vs the baseline` : measured(node);
}
