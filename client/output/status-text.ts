/** `status` as text. */

import { MAKE_ROOM } from '../../domain/overview/diagnostics.js';
import type { Overview, Worth } from '../../domain/overview/overview.js';
import type { ExperimentView, StatusView } from '../../domain/protocol/views.js';
import { intervalText, leftText } from '../../domain/reports/judgement-text.js';
import { patienceText } from '../../domain/reports/plateau-text.js';
import { durationText, gainText, isoTimeText, objectiveText, percent } from '../../domain/reports/quantity-text.js';
import { spendingText, unpricedText } from '../../domain/reports/spending-text.js';
import { namedCounts } from '../../domain/run/ended-counts.js';
import { ofLimitText, shownLimits } from '../../domain/run/limits.js';
import type { StatusAnswer } from '../run/run-status.js';
import { withDocPaths } from './doc-paths.js';
import { overviewSections, toComeText } from './overview-text.js';
import { stalledText } from './stalled-text.js';
import { plainLine } from './terminal-line.js';

export function statusText(answer: StatusAnswer): string {
  const { status: view, engine, temporal, overview } = answer;
  const lines = [
    `run        ${answer.run}`,
    `workdir    ${answer.workdir}`,
    `engine     ${engine ? `process ${engine.pid}${engine.host === undefined ? '' : ` on host ${engine.host}`}, since ${isoTimeText(engine.since)}` : 'not running'}`,
    ...(temporal ? [`temporal   ${temporal.address}, UI ${temporal.ui}`] : []),
  ];
  const stuck = answer.stalled.map(stalledText);
  if (!view || !overview) {
    const room = engine !== null && answer.short_of_room !== null ? [`${answer.short_of_room}; ${MAKE_ROOM}`] : [];
    return shown([...lines, 'status     not begun', ...labelled('stuck', [...room, ...stuck])]);
  }
  lines.push(
    `status     ${standingText(view, engine !== null)}`,
    `elapsed    ${elapsedText(overview)}`,
    `counts     ${countsText(view, overview)}`,
    `rounds     ${rounds(view, overview)}`,
    ...labelled('limits', otherLimits(view)),
    ...labelled('spent', spent(view)),
    ...labelled('warning', view.warnings),
    ...labelled('stuck', stuck),
  );
  for (const name of ['baseline', 'headspace', 'best'] as const)
    lines.push(`${name.padEnd(10)} ${result(overview[name], view[name], overview)}`);
  lines.push(...labelled('gain', view.gain ? [intervalText(view.gain)] : []));
  const left = view.headspace_left;
  lines.push(
    `left       ${left ? `${leftText(left)}${left.gain > 0 ? ' to the ceiling' : ''}` : overview.headspace_text}`,
  );
  lines.push(...labelled('noise', noise(view)));
  lines.push(...labelled('to come', [toComeText(overview) ?? []].flat()));
  const sections = overviewSections(overview).flatMap((section) => ['', section.title, ...section.lines]);
  return shown([...lines, ...sections]);
}

function shown(lines: readonly string[]): string {
  return withDocPaths(lines.map(plainLine).join('\n'));
}

function elapsedText({ started_at, elapsed_s, ran_s }: Overview): string {
  const since = started_at === null ? '' : `, since ${isoTimeText(started_at)}`;
  const away = elapsed_s - ran_s > 60 ? `, of which an engine ran for ${durationText(ran_s)}` : '';
  return `${durationText(elapsed_s)}${since}${away}`;
}

export function standingText(view: StatusView, isServed: boolean): string {
  if (view.stop) return `${view.status} (${view.stop.reason}): ${view.stop.detail}`;
  if (!isServed && view.status !== 'interrupted') return `${view.status}, but no engine serves it`;
  return view.planning ? `${view.status}, planning` : view.status;
}

/** Tables and reports show repeats with what they repeat: they are no experiments of their own here either. */
export function countsText(
  { counts }: StatusView,
  { repeats, refused }: Pick<Overview, 'repeats' | 'refused'>,
): string {
  const { total, queued, preparing, running, analyzing } = counts;
  const open = Object.entries({ queued, preparing, running, analyzing }).filter(([, value]) => value > 0);
  const ended = namedCounts({ ...counts, refused }).map(({ name, value }) => [name, value] as const);
  const all = `${numberOf(total - repeats, 'experiment')}${repeats === 0 ? '' : ` and ${numberOf(repeats, 'repeat')}`}`;
  const shown = [...open, ...ended].map(([name, value]) => `${value} ${name}`);
  return shown.length === 0 ? all : `${all}: ${shown.join(', ')}`;
}

function numberOf(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

function rounds({ iteration, limits }: StatusView, { plateau }: Overview): string {
  return `${ofLimitText(iteration, limits.max_iterations)}, ${plateau.rounds} in a row without a gain (patience ${patienceText(plateau)})`;
}

function noise({ confidence }: StatusView): string[] {
  if (!confidence) return [];
  return [`${percent(confidence.noise)} a run; a gain counts from ${percent(confidence.least)} on`];
}

function otherLimits({ limits }: StatusView): string[] {
  const parts = shownLimits(limits).map(({ value, unit }) => `${value} ${unit}`);
  return parts.length === 0 ? [] : [`at most ${parts.join(', ')}`];
}

function spent({ budget, unpriced_calls }: StatusView): string[] {
  const unpriced = unpricedText(unpriced_calls);
  return [...budget.map(spendingText), ...(unpriced === null ? [] : [unpriced])];
}

/** The name stands before the first line only. */
function labelled(name: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(10)} ${line}`);
}

/** What is measured as every text says it; else at which step it is. */
function result(worth: Worth | null, view: ExperimentView | null, { baseline }: Overview): string {
  if (!worth) return view ? `${view.status}  ${view.node_id}` : '-';
  const compared = worth.node_id === baseline?.node_id ? '' : `  ${gainText(worth.gain)}`;
  const open = view?.verdict === 'provisional' ? '  provisional: not confirmed yet' : '';
  return `${objectiveText(worth.objective)}  ${worth.node_id}${compared}${open}`;
}
