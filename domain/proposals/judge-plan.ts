/** One plan against the rules of a round: its proposals each, among themselves, and in their number. */
import type { PlanReply } from '../formats/agent-replies.js';
import type { PlanResult } from '../protocol/activities.js';
import { type Judged, judgeProposal } from './proposals.js';

const REASONING_LIMIT = 2000;
/** A planner that proposes more than this at once decides on stale results. */
const PROPOSALS_PER_ROUND = 12;
const PRACTICES_LIMIT = 50;
const PRACTICE_LENGTH = 100;
const UNREACHED_LIMIT = 20;
const UNREACHED_LENGTH = 400;

/** What a plan comes to, without what it cost. */
export type PlanJudgement = Omit<PlanResult, 'spent' | 'tookMs'>;

/**
 * Which proposals of a reply are taken, and why the others are not. `rules`: see proposals.ts; `problems`: what stands
 * in the way of some already, by their index.
 */
export function judgePlan(
  reply: PlanReply,
  rules: Parameters<typeof judgeProposal>[1],
  problems: ReadonlyMap<number, string> = new Map(),
): PlanJudgement {
  const unreached = reply.unreached.slice(0, UNREACHED_LIMIT).map((text) => text.slice(0, UNREACHED_LENGTH));
  const result: PlanJudgement = {
    action: reply.action,
    reasoning: reply.reasoning.slice(0, REASONING_LIMIT),
    proposals: [],
    refused: [],
    notApplicable: reply.not_applicable.slice(0, PRACTICES_LIMIT).map((tag) => tag.slice(0, PRACTICE_LENGTH)),
    ...(unreached.length > 0 ? { unreached } : {}),
  };
  if (reply.action !== 'launch') return result;
  const inThisPlan = new Set<string>();
  for (const [index, spec] of reply.experiments.entries()) {
    const problem = problems.get(index);
    const judged: Judged = problem === undefined ? judgeProposal(spec, rules) : { ok: false, reason: problem };
    const key = judged.ok ? JSON.stringify([judged.identity.startCommit, judged.identity.changeSet]) : '';
    if (!judged.ok) {
      result.refused.push({ name: spec.name, reason: judged.reason });
    } else if (inThisPlan.has(key)) {
      result.refused.push({
        name: spec.name,
        reason: 'the same changes on the same commit stand in this plan already',
      });
    } else if (result.proposals.length >= PROPOSALS_PER_ROUND) {
      result.refused.push({ name: spec.name, reason: `a plan may propose ${PROPOSALS_PER_ROUND} experiments` });
    } else {
      inThisPlan.add(key);
      result.proposals.push({ index, ...judged.identity });
    }
  }
  return result;
}
