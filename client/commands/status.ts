/** `status`: where a run stands, once or at each change. */
import { speedup } from '../../domain/belief/compare.js';
import type { ExperimentView, StatusView } from '../../domain/protocol/views.js';
import { percent } from '../../domain/reports/confidence.js';
import { intervalText } from '../../domain/reports/judgement-text.js';
import { gainText, objectiveText } from '../../domain/reports/quantity-text.js';
import { spendingText, unpricedText } from '../../domain/reports/spending-text.js';
import { shownLimits } from '../../domain/run/limits.js';
import type { CommandDefinition } from '../command-definition.js';
import { EXIT } from '../output/exit-codes.js';
import { printed } from '../output/printed.js';
import { stalledText } from '../output/stalled-text.js';
import type { StatusAnswer } from '../run/run-status.js';

export const STATUS: CommandDefinition = {
  name: 'status',
  args: '<workdir>',
  help: 'where a run stands',
  flags: [{ flags: '--watch', help: 'show it anew at each change, until the run has ended' }],
  async act([workdir = ''], options, { output }) {
    const { status, watchStatus } = await import('../run/run-status.js');
    if (options.watch !== true) return printed(await status(workdir), statusText);
    const clear = output.isTerminal ? '\x1b[2J\x1b[H' : '';
    for await (const answer of watchStatus(workdir)) {
      output.out(options.json === true ? `${JSON.stringify(answer)}\n` : `${clear}${statusText(answer)}\n\n`);
    }
    return EXIT.ok;
  },
};

export function statusText(answer: StatusAnswer): string {
  const { status: view, engine, temporal } = answer;
  const lines = [
    `run        ${answer.run}`,
    `workdir    ${answer.workdir}`,
    `engine     ${engine ? `process ${engine.pid}${engine.host === undefined ? '' : ` on host ${engine.host}`}, since ${engine.since}` : 'not running'}`,
    ...(temporal ? [`temporal   ${temporal.address}, UI ${temporal.ui}`] : []),
  ];
  if (!view) return [...lines, 'status     not started'].join('\n');
  lines.push(
    `status     ${standing(view, engine !== null)}`,
    `counts     ${counts(view)}`,
    `rounds     ${rounds(view)}`,
    ...labelled('limits', otherLimits(view)),
    ...labelled('spent', spent(view)),
    ...labelled('warning', view.warnings),
    ...labelled('stuck', answer.stalled.map(stalledText)),
  );
  for (const name of ['baseline', 'headspace', 'best'] as const)
    lines.push(`${name.padEnd(10)} ${result(view[name], view)}`);
  lines.push(...labelled('gain', view.gain ? [intervalText(view.gain)] : []));
  lines.push(...labelled('left', view.headspace_left ? [`${intervalText(view.headspace_left)} to the ceiling`] : []));
  lines.push(...labelled('noise', noise(view)));
  return [
    ...lines,
    ...section('running', view.running),
    ...section('pending: until other jobs on this machine have ended', view.pending),
    ...section('next', answer.next),
    ...section('recent failures', answer.recent_failures),
  ].join('\n');
}

function standing(view: StatusView, isServed: boolean): string {
  if (view.stop) return `stopped (${view.stop.reason}): ${view.stop.detail}`;
  if (!isServed && view.status !== 'interrupted') return `${view.status}, but no engine serves it`;
  return view.planning ? `${view.status}, planning` : view.status;
}

function counts({ counts: count }: StatusView): string {
  const shown = Object.entries(count).filter(([name, value]) => name !== 'total' && value > 0);
  return [`${count.total} experiments`, ...shown.map(([name, value]) => `${value} ${name}`)].join(', ');
}

function rounds({ iteration, limits, plateau_count }: StatusView): string {
  return `${iteration} of ${limits.max_iterations}, ${plateau_count} in a row without a gain (patience ${limits.patience})`;
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

function result(view: ExperimentView | null, { baseline }: StatusView): string {
  if (!view) return '-';
  const objective = view.objective as Parameters<typeof objectiveText>[0];
  const gain = speedup(objective, (baseline?.objective ?? null) as typeof objective);
  const compared = view.node_id === baseline?.node_id ? '' : `  ${gainText(gain)}`;
  return `${objective ? objectiveText(objective) : view.status}  ${view.node_id}${compared}`;
}

function section(title: string, views: readonly ExperimentView[]): string[] {
  if (views.length === 0) return [];
  return ['', `${title}:`, ...views.map((view) => `  ${view.node_id}  ${detail(view)}`)];
}

function detail(view: ExperimentView): string {
  if (view.failure) return `${view.failure.kind}: ${view.failure.message.split('\n')[0]}`;
  return view.job_id ? `job ${view.job_id}` : `${view.status}, priority ${view.priority}`;
}
