/** When a person is asked before something is done, as a run holds it and as texts say it; approval.ts applies it. */

/** `plans`: before anything of a proposal is made; `edits`: when its code stands, before its job. */
export const APPROVAL_STAGES = ['plans', 'edits'] as const;
export type ApprovalStage = (typeof APPROVAL_STAGES)[number];

/** What is done with a proposal that nobody answers in time. */
export const SILENCES = ['run', 'drop'] as const;
export type Silence = (typeof SILENCES)[number];

export interface ApprovalRules {
  stage: ApprovalStage;
  /** How long an answer may take, minutes; null = for ever. */
  waitMinutes: number | null;
  silence: Silence;
}

export function isSameApproval(one: ApprovalRules | null, other: ApprovalRules | null): boolean {
  if (one === null || other === null) return one === other;
  return one.stage === other.stage && one.waitMinutes === other.waitMinutes && one.silence === other.silence;
}

/** Where an experiment stands with its person. */
export interface Asked {
  stage: ApprovalStage;
  sinceMs: number;
  /** Absent while nobody has answered. */
  approved?: 'person' | 'silence';
}

/** Why a proposal was refused, for its failure and for the planner. */
export function refusalText(reason: string): string {
  return reason === '' ? 'a person refused it' : `a person refused it: ${reason}`;
}

export function droppedText(waitMinutes: number | null): string {
  return `nobody approved it within ${minutesText(waitMinutes ?? 0)}`;
}

/** As status and queue say it. */
export function approvalText({ stage, waitMinutes, silence }: ApprovalRules): string {
  const [what, waits, runs, are] =
    stage === 'plans'
      ? ['proposals', 'wait', 'run', 'are dropped']
      : ['the code of a proposal', 'waits', 'runs', 'is dropped'];
  if (waitMinutes === null) return `${what} ${waits} for your approval`;
  return `${what} ${waits} for your approval, and ${silence === 'run' ? `${runs} without it` : are} after ${minutesText(waitMinutes)}`;
}

function minutesText(minutes: number): string {
  return minutes === 1 ? 'a minute' : `${minutes} minutes`;
}
