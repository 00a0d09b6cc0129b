/**
 * The playbook's final report: what was tried, what worked and by how much, what did not and why, and how to keep the
 * winner.
 */

import type { HistoryEntry, ReportTask } from '../agents/agent.js';
import { isBetter, type Objective, objectiveOf, speedup } from '../domain/belief/compare.js';
import { isUndecided, speaksAgainst } from '../domain/belief/judgement.js';
import { setApart } from '../domain/proposals/work-effect.js';
import { verdictText } from '../domain/reports/judgement-text.js';
import { numberText } from '../domain/reports/quantity-text.js';
import { isWorthNaming } from '../domain/reports/standing.js';
import { isNoFault } from '../domain/run/failure.js';

export function reportAnswer({ history, bestNodeId, baseLaunchCommand, notes }: ReportTask): string {
  const baseline = history.find(({ kind }) => kind === 'baseline');
  const reference = baseline ? measured(baseline) : null;
  const best = history.find(({ nodeId }) => nodeId === bestNodeId);
  const followUps = history.filter(({ kind }) => !['baseline', 'headspace'].includes(kind));
  const factorOf = (entry: HistoryEntry) => speedup(measured(entry), reference);
  const isBroken = ({ status, failure }: HistoryEntry) => status === 'failed' && !(failure && isNoFault(failure));
  const broken = followUps.filter(isBroken);
  const pruned = followUps.filter(({ failure }) => failure?.kind === 'pruned');
  const gains = followUps.flatMap((entry) => {
    const start = startOf(entry, history) ?? baseline;
    const gain = speedup(measured(entry), start ? measured(start) : null);
    const startFactor = start ? factorOf(start) : null;
    return gain === null ? [] : [{ entry, start: start?.nodeId ?? '', startFactor, gain, factor: factorOf(entry) }];
  });
  const line = ({ entry, start, gain, factor }: (typeof gains)[number]) =>
    `${nameOf(entry)}: ${percentOf(gain)} against ${start}${factor === null ? '' : `, ${factor.toFixed(2)} times the baseline`}.`;
  // It was confirmed against the best of then; what it builds on, of which nothing was decided, measured more.
  const gainLine = (each: (typeof gains)[number]) =>
    each.gain > 1 || each.factor === null
      ? line(each)
      : `${nameOf(each.entry)}: ${each.factor.toFixed(2)} times the baseline; that it is faster than ${each.start}, which it builds on, is not shown.`;
  const confirms = history.some(({ judged }) => judged !== undefined);
  const isGain = ({ entry, factor, startFactor }: (typeof gains)[number]) =>
    isWorthNaming({ gain: factor, start: startFactor, verdict: entry.judged?.verdict ?? null }, confirms);
  const worked = gains
    .filter(isGain)
    .sort((x, y) => Number(y.entry === best) - Number(x.entry === best) || (y.factor ?? 0) - (x.factor ?? 0));
  const isOpen = ({ entry }: (typeof gains)[number]) =>
    isUndecided(entry.judged?.verdict) || entry.judged?.verdict === 'superseded' || isAboveBest(entry, best);
  const isApart = ({ judged }: HistoryEntry) => judged?.reason === setApart('other_work');
  const idle = gains.filter((each) => !isGain(each) && !isOpen(each) && !isApart(each.entry));
  const told = (each: (typeof gains)[number]) => `${line(each)} ${reasonOf(each.entry, best)}`.trim();
  const sections = [
    '# Final report',
    summary(best, baseline, history, factorOf),
    section('What worked', worked.map(gainLine)),
    section('What did not', [
      ...idle.map(told),
      ...pruned.map((entry) => `${nameOf(entry)}: ${firstLine(entry.failure?.message)}.`),
    ]),
    section(
      'What is not decided',
      gains.filter(isOpen).map((each) => (isAboveBest(each.entry, best) ? told(each) : line(each))),
    ),
    section(
      'Other work, kept apart',
      followUps
        .filter(isApart)
        .map((entry) => `${nameOf(entry)}: compared with nothing, as it is no gain of data loading.`),
    ),
    section(
      'What failed',
      broken.map(
        (entry) => `${nameOf(entry)}: ${entry.failure?.kind ?? 'failed'}, ${firstLine(entry.failure?.message)}`,
      ),
    ),
    section('Remaining headspace', headspaceLines(history, best)),
    best && best !== baseline ? applying(best, history, baseLaunchCommand) : '',
    section('Notes by the user', notes),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/** As every table tells it: of its runs that count. */
function measured(entry: HistoryEntry): Objective | null {
  if (entry.status !== 'completed') return null;
  return entry.objective ?? (entry.result ? objectiveOf(entry.result.metrics, entry.durationS) : null);
}

/** What an experiment builds on: told apart by its node where several share a commit. */
function startOf({ spec, parentId }: HistoryEntry, history: readonly HistoryEntry[]): HistoryEntry | undefined {
  const { stacks_on: stacksOn } = spec as { stacks_on?: unknown };
  const id = typeof stacksOn === 'string' ? stacksOn : parentId;
  return history.find(({ nodeId }) => nodeId === id);
}

function summary(
  best: HistoryEntry | undefined,
  baseline: HistoryEntry | undefined,
  history: readonly HistoryEntry[],
  factorOf: (entry: HistoryEntry) => number | null,
): string {
  const ended = history.filter(({ status }) => status !== 'open').length;
  const count = `${ended} experiments ended.`;
  if (!best) return `${count} None produced a measurement to compare.`;
  const figure = inWords(measured(best));
  const factor = factorOf(best);
  if (best === baseline || factor === null) return `${count} None was better than ${best.nodeId} (${figure}).`;
  return `${count} The best is **${best.nodeId}**: ${figure}, ${factor.toFixed(2)} times the baseline (${inWords(baseline ? measured(baseline) : null)}).`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function nameOf({ nodeId, spec }: HistoryEntry): string {
  return `**${nodeId}** (${spec.change_summary || spec.name})`;
}

/** The engine's verdict, and what the analysis found to be in the way, where it said so. */
function reasonOf(entry: HistoryEntry, best: HistoryEntry | undefined): string {
  const { result, judged } = entry;
  const [, limits = ''] = result?.findings ?? [];
  if (!judged || judged.reason === '') return limits;
  return `${verdictText(judged.verdict, isAboveBest(entry, best))}: ${judged.reason}. ${limits}`;
}

/** Whether the number of one that is called no better is above that of the best (domain/reports/standing.ts). */
function isAboveBest(entry: HistoryEntry, best: HistoryEntry | undefined): boolean {
  return speaksAgainst(entry.judged?.verdict) && best !== undefined && isBetter(measured(entry), measured(best));
}

function headspaceLines(history: readonly HistoryEntry[], best: HistoryEntry | undefined): string[] {
  const headspace = history.find(({ kind }) => kind === 'headspace');
  const ceiling = headspace ? measured(headspace) : null;
  if (!ceiling) return ['It was not measured.'];
  const left = best ? speedup(ceiling, measured(best)) : null;
  const text = `With cached data the loop runs at ${inWords(ceiling)}.`;
  if (left === null) return [text];
  if (left < 1 / 1.03)
    return [
      `${text} The best is ${(1 / left).toFixed(2)} times as fast as that: either it was measured too low, or the best does less work.`,
    ];
  return [
    left <= 1.03
      ? `${text} The best is as fast: the model’s compute is now the limit.`
      : `${text} That is ${left.toFixed(2)} times the best: up to this much may still be gained from loading.`,
  ];
}

/** The whole way from the user's source to the winner: its own changes and those of the experiments under it. */
function applying(best: HistoryEntry, history: readonly HistoryEntry[], baseLaunchCommand: string): string {
  const changes: string[] = [];
  const unproven: string[] = [];
  const seen = new Set<string>();
  for (let entry: HistoryEntry | undefined = best; entry && !seen.has(entry.nodeId); ) {
    seen.add(entry.nodeId);
    // What did not help by itself was only measured as a part of the whole.
    const isRefuted = entry !== best && speaksAgainst(entry.judged?.verdict);
    if (isRefuted && entry.spec.changes.length > 0) unproven.push(`${entry.nodeId} (${entry.spec.changes.join(', ')})`);
    changes.unshift(...entry.spec.changes);
    const goto: string | null = entry.spec.goto;
    entry = goto === null ? undefined : history.find(({ commit, nodeId }) => commit === goto && !seen.has(nodeId));
  }
  const { launch_command: command } = best.spec;
  const lines = [
    best.commit
      ? `Code: commit \`${best.commit}\`; \`autoresearch apply <workdir>\` puts it on a new branch of your repository, without the instrumentation, and \`autoresearch diff <workdir> ${best.nodeId}\` shows it before.`
      : '',
    changes.length > 0
      ? `Changes: ${lastOfEach(changes)
          .map((change) => `\`${change}\``)
          .join(', ')}.`
      : '',
    unproven.length > 0
      ? `Not confirmed by themselves, and only measured as parts of the whole: ${unproven.join('; ')}.`
      : '',
    command && command !== baseLaunchCommand ? `Launch command: \`${command}\`` : 'The launch command stays as it is.',
  ];
  return section(
    'How to apply the winner',
    lines.filter((line) => line !== ''),
  );
}

/** A knob that was changed again on the way has its last value. */
function lastOfEach(changes: readonly string[]): string[] {
  return [...new Map(changes.map((change) => [change.split('=')[0]!, change])).values()];
}

function inWords(objective: Objective | null): string {
  if (!objective) return 'not measured';
  const { metric, value } = objective;
  if (metric === 'throughput_samples_per_s') return `${value.toFixed(1)} samples/s`;
  if (metric === 'steady_step_time_ms') return `${value.toFixed(2)} ms a step`;
  return metric === 'duration_s' ? `${value.toFixed(1)} s` : `${numberText(value)} ${metric}`;
}

function percentOf(factor: number): string {
  const change = (factor - 1) * 100;
  return `${change >= 0 ? '+' : ''}${change.toFixed(1)}%`;
}

function firstLine(text: string | undefined): string {
  return (text ?? '').split('\n')[0]!.slice(0, 200);
}
