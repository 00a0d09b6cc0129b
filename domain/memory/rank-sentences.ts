/** The ranks of a job in words and as rows of a table, for people and for agents. */
import type { RankShare, Ranks, SlowestRank } from '../evidence/evidence.js';
import { milliseconds, shareText } from './stage-sentences.js';

/** Which rank lags, by how much and, where that shows, why; null where none does. */
export function lagSentence({ each, slowest }: Ranks): string | null {
  if (slowest === null) return null;
  const theirs = each[0]?.rank === null ? 'the other processes' : 'the other ranks';
  return `${lagText(slowest, theirs)}${reasonText(slowest)}`;
}

function lagText({ name, by, ownMs, othersMs, behind }: SlowestRank, theirs: string): string {
  const [own, others] = [ownMs, othersMs].map((ms) => milliseconds(ms / 1000));
  if (by === 'wait')
    return `${name} holds ${theirs} up: their steps take equally long, and ${name} waits ${own} of a step for its data where their median is ${others} (${shareText(behind)} of a step more)`;
  const what = by === 'step' ? 'a step' : 'an item of its pipeline';
  return `${name} is ${shareText(behind)} slower than the median of ${theirs} (${own} ${what}, and ${others})`;
}

function reasonText({ stage, compute }: SlowestRank): string {
  if (stage)
    return `: its stage \`${stage.function}\` takes ${milliseconds(stage.ownS)} a task, and ${milliseconds(stage.othersS)} there`;
  if (!compute) return '';
  const [own, others] = [compute.ownMs, compute.othersMs].map((ms) => milliseconds(ms / 1000));
  return `: it computes ${own} in a step, and they ${others}`;
}

/** Whose stages a table of stages shows. */
export function judgedText({ each, slowest }: Ranks): string {
  const all = each[0]?.rank === null ? `${each.length} processes` : `${each.length} ranks`;
  return slowest === null ? `means of ${all} that are alike` : `of ${slowest.name}, the slowest of ${all}`;
}

/** For Markdown. */
export function rankTable(ranks: Ranks): string {
  const lines = [RANK_COLUMNS, RANK_COLUMNS.map(() => '---'), ...rankRows(ranks)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export const RANK_COLUMNS = ['rank', 'steps', 'step_ms', 'fetch_ms', 'compute_ms', 'samples_per_s', 'items_per_s'];

/** As many as a reader can use: the slowest is one of them. `-` is unknown. */
export function rankRows({ each, slowest }: Ranks, most = 16): string[][] {
  const shown = each.slice(0, most);
  const lagging = each.find(({ name }) => name === slowest?.name);
  if (lagging && !shown.includes(lagging)) shown.splice(-1, 1, lagging);
  const rows = shown.map(rowOf);
  const left = each.length - shown.length;
  return left > 0 ? [...rows, [`${left} more`, ...RANK_COLUMNS.slice(1).map(() => '')]] : rows;
}

function rowOf({ name, steps, samplesPerS, delivered }: RankShare): string[] {
  const cell = (value: number | null | undefined) => (value == null ? '-' : String(Number(value.toPrecision(4))));
  const { count, stepMs, fetchMs, computeMs } = steps;
  return [name, String(count), ...[stepMs, fetchMs, computeMs, samplesPerS, delivered?.itemsPerS].map(cell)];
}
