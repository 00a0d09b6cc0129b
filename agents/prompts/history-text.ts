/**
 * The experiments of a run as planners read them. A long run is summed up: those that matter in full, many of the rest
 * in a line each, and all of them in counts, so that the text has a bound however long the run.
 */
import { objectiveOf } from '../../domain/belief/compare.js';
import type { Judgement } from '../../domain/belief/judgement.js';
import { logSpeed } from '../../domain/belief/noise.js';
import { intervalText, VERDICT_TEXTS } from '../../domain/reports/judgement-text.js';
import { type Failure, suggestedAction } from '../../domain/run/failure.js';
import { lessonOf, lessonText } from '../../domain/verdict/start-cause.js';
import type { HistoryEntry } from '../agent.js';
import { tokensOf } from './token-estimate.js';

/** Of the experiments that are told in full, and of those that get a line. */
const FULL_TOKENS = 6000;
const LINE_TOKENS = 2000;
/** The newest are told in full, whatever came of them. */
const NEWEST = 8;
const LINE_LETTERS = 160;
const KINDS_MOST = 12;

export function historyText(history: readonly HistoryEntry[]): string {
  const order = byWorth(history);
  const full = taken(order, FULL_TOKENS, entryText);
  if (full.size === history.length) return history.map(entryText).join('\n\n');
  const rest = order.filter((entry) => !full.has(entry));
  const lines = taken(rest, LINE_TOKENS, lineText);
  const shown = history.filter((entry) => full.has(entry)).map(entryText);
  const short = history.filter((entry) => lines.has(entry)).map(lineText);
  const hidden = rest.length - lines.size;
  return [
    sumsText(history),
    ...shown,
    `The others in short${hidden > 0 ? `, but for ${hidden} that are in the counts alone` : ''}:\n\n${short.join('\n')}`,
  ].join('\n\n');
}

/** Those of the history that are told in full, the most important first. */
export function toldInFull(history: readonly HistoryEntry[]): ReadonlySet<HistoryEntry> {
  return taken(byWorth(history), FULL_TOKENS, entryText);
}

/** Seeds, the way to the best, what is open, the newest; then the fastest; then the newest of what failed. */
function byWorth(history: readonly HistoryEntry[]): HistoryEntry[] {
  const byId = new Map(history.map((entry) => [entry.nodeId, entry]));
  const way: HistoryEntry[] = [];
  for (let at = history.find(({ isBest }) => isBest); at && !way.includes(at); at = byId.get(at.parentId ?? ''))
    way.push(at);
  const seeds = history.filter(({ kind }) => kind === 'baseline' || kind === 'headspace' || kind === 'mtp');
  const open = history.filter(({ status }) => status === 'open');
  const speed = (entry: HistoryEntry) => (entry.objective ? logSpeed(entry.objective) : Number.NEGATIVE_INFINITY);
  const fastest = history.filter(({ objective }) => objective).sort((a, b) => speed(b) - speed(a));
  return [...new Set([...seeds, ...way, ...open, ...history.slice(-NEWEST), ...fastest, ...[...history].reverse()])];
}

function taken(
  order: readonly HistoryEntry[],
  tokens: number,
  text: (entry: HistoryEntry) => string,
): Set<HistoryEntry> {
  const found = new Set<HistoryEntry>();
  let left = tokens;
  for (const entry of order) {
    left -= tokensOf(text(entry)) + 1;
    if (left < 0) break;
    found.add(entry);
  }
  return found;
}

function sumsText(history: readonly HistoryEntry[]): string {
  const verdicts = counted(history.flatMap(({ judged }) => (judged ? [VERDICT_TEXTS[judged.verdict]] : [])));
  const failed = history.flatMap(({ failure }) => (failure ? [failure] : []));
  const kinds = [...counted(failed.map(({ kind }) => kind))].sort((a, b) => b[1] - a[1]).slice(0, KINDS_MOST);
  const newest = (kind: string) =>
    failed
      .filter((each) => each.kind === kind)
      .at(-1)
      ?.message.split('\n')[0] ?? '';
  const failures = kinds.map(([kind, count]) => `  - ${count} × ${kind}; the newest: ${cut(newest(kind))}`);
  return [
    `${history.length} experiments: ${listed(counted(history.map(({ status }) => status)))}.`,
    `Verdicts: ${listed(verdicts) || 'none yet'}.`,
    ...(failures.length === 0 ? [] : ['What failed:', ...failures]),
  ].join('\n');
}

function counted(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([value, count]) => `${count} ${value}`).join(', ');
}

function lineText(entry: HistoryEntry): string {
  const { spec } = entry;
  const what = spec.changes.join('; ') || spec.change_summary || spec.launch_command || 'no change';
  return `- ${entry.nodeId}: ${cut(what)}; ${outcomeText(entry)}`;
}

function cut(text: string): string {
  return text.length > LINE_LETTERS ? `${text.slice(0, LINE_LETTERS)}…` : text;
}

export function entryLine(entry: HistoryEntry): string {
  const { nodeId, kind, status, isBest, commit } = entry;
  return `${nodeId} (${kind}, ${status}${isBest ? ', best' : ''}): ${outcomeText(entry)}, commit ${commit ?? 'none'}`;
}

function outcomeText(entry: HistoryEntry): string {
  const objective = entry.objective ?? (entry.result ? objectiveOf(entry.result.metrics, entry.durationS) : null);
  if (!objective) return entry.failure?.kind ?? entry.status;
  const direction = objective.direction === undefined ? '' : ` (${objective.direction} is better)`;
  return `${objective.metric} ${objective.value}${direction}`;
}

function entryText(entry: HistoryEntry): string {
  const { spec, result, failure, judged } = entry;
  const lines = [
    `- ${entryLine(entry)}`,
    `  changes: ${spec.changes.join('; ') || 'none'}; starts from ${spec.goto ?? 'the base commit'}; launch: \`${spec.launch_command || 'base command'}\``,
    `  summary: ${spec.change_summary || spec.description}`,
  ];
  if (judged) lines.push(`  verdict: ${verdictText(judged)}`);
  if (result) lines.push(`  metrics: ${JSON.stringify(withoutNull(result.metrics))}`);
  for (const finding of result?.findings.slice(0, 4) ?? []) lines.push(`  finding: ${finding}`);
  if (failure?.kind === 'pruned') lines.push(`  measured, and slow: ${failure.message}`);
  else if (failure?.kind === 'duplicate_work') lines.push(`  not run: ${failure.message}`);
  else if (failure) lines.push(`  failed: ${failure.message.split('\n')[0]} (${lessonIn(failure)})`);
  return lines.join('\n');
}

function lessonIn(failure: Failure): string {
  const lesson = lessonOf(failure);
  return lesson === null ? suggestedAction(failure.kind) : lessonText(lesson);
}

function verdictText({ verdict, against, gain, reason }: Judgement): string {
  const compared = gain && against !== null ? `; against ${against} ${intervalText(gain)}` : '';
  return `${VERDICT_TEXTS[verdict]} (${reason}${compared})`;
}

function withoutNull(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
