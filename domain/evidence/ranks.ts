/**
 * The ranks of a job, each with what it printed and what the probe recorded of it: by the rank that its launcher gave
 * it, else, of a pool of workers, by process.
 */
import { delivery } from './delivery.js';
import type { RankShare } from './evidence.js';
import type { ProcessLines, StepLine } from './process-lines.js';
import { type ProcessSamples, stageStatistics } from './stage-statistics.js';

/** Samples of one process, and which one it was. */
export interface ProbedProcess extends ProcessSamples {
  rank: number | null;
  pid: number | null;
}

interface Member {
  name: string;
  rank: number | null;
  lines: ProcessLines[];
  probed: ProbedProcess[];
}

type StepsOf = (lines: readonly StepLine[]) => RankShare['steps'];

/**
 * None where fewer than two train side by side. `isSideBySide`: whether those that print do; ranks that the probe saw
 * always do.
 */
export function rankShares(
  spoke: readonly ProcessLines[],
  probed: readonly ProbedProcess[],
  isSideBySide: boolean,
  stepsOf: StepsOf,
): RankShare[] {
  const ranks = byRank(spoke, probed, isSideBySide);
  const members = ranks.length >= 2 || !isSideBySide ? ranks : byProcess(spoke, probed);
  return members.length < 2 ? [] : members.map((member) => shareOf(member, stepsOf));
}

/** How many ranks the probe saw. */
export function ranksSeen(probed: readonly Pick<ProbedProcess, 'rank'>[]): number {
  return new Set(probed.flatMap(({ rank }) => rank ?? [])).size;
}

function byRank(spoke: readonly ProcessLines[], probed: readonly ProbedProcess[], isSideBySide: boolean): Member[] {
  const rankOf = rankOfSpeakers(probed);
  const members = new Map<number, Member>();
  const member = (rank: number) => {
    const found = members.get(rank) ?? { name: `rank ${rank}`, rank, lines: [], probed: [] };
    members.set(rank, found);
    return found;
  };
  for (const process of probed) if (process.rank !== null) member(process.rank).probed.push(process);
  const wasSeen = members.size >= 2;
  for (const lines of spoke) {
    const { pid } = lines.speaker;
    const known = rankOf(lines);
    if (known === null || (!wasSeen && !isSideBySide)) continue;
    member(known).lines.push(lines);
    if (!wasSeen) member(known).probed.push(...probed.filter((one) => one.rank === null && one.pid === pid));
  }
  return [...members.values()].sort((a, b) => a.rank! - b.rank!);
}

/**
 * Null for one that names none. What the probe saw of the process itself is better than a label, which may count within
 * a host.
 */
export function rankOfSpeakers(
  probed: readonly Pick<ProbedProcess, 'rank' | 'pid'>[],
): (lines: ProcessLines) => number | null {
  const ofPid = ranksOfPids(probed);
  return ({ speaker: { pid, rank } }) => (pid === null ? undefined : ofPid.get(pid)) ?? rank;
}

/** Without the pids that processes of two ranks have, on two hosts. */
function ranksOfPids(probed: readonly Pick<ProbedProcess, 'rank' | 'pid'>[]): Map<number, number> {
  const ranks = new Map<number, Set<number>>();
  for (const { pid, rank } of probed) {
    if (pid !== null && rank !== null) ranks.set(pid, (ranks.get(pid) ?? new Set()).add(rank));
  }
  return new Map([...ranks].flatMap(([pid, known]) => (known.size === 1 ? [[pid, [...known][0]!]] : [])));
}

function byProcess(spoke: readonly ProcessLines[], probed: readonly ProbedProcess[]): Member[] {
  return spoke.flatMap((lines): Member[] => {
    const { pid, label } = lines.speaker;
    const name = pid === null ? label : `process ${pid}`;
    if (name === null) return [];
    return [{ name, rank: null, lines: [lines], probed: probed.filter((one) => pid !== null && one.pid === pid) }];
  });
}

function shareOf({ name, rank, lines, probed }: Member, stepsOf: StepsOf): RankShare {
  // A rank that was started again printed as two processes; the one that trained more tells how fast it is.
  const [most] = [...lines].sort((a, b) => b.stepCount - a.stepCount);
  const delivered = delivery(probed.map(({ queues }) => queues));
  return {
    name,
    rank,
    steps: most ? stepsOf(most.steps) : { count: 0, stepMs: null, fetchMs: null, computeMs: null },
    samplesPerS: most?.singles.throughput_samples_per_s ?? null,
    ...(delivered ? { delivered } : {}),
    stages: stageStatistics(probed),
  };
}
