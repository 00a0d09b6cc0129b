/**
 * Proposed experiments against the rules that code enforces; a refusal says which rule, for the planner or a person.
 */

import { isBetter, objectiveOf } from '../belief/compare.js';
import { ceilingOf } from '../belief/repeats.js';
import { flagsOf } from '../command/launch-command.js';
import { launchCommandProblem } from '../command/launch-command-rules.js';
import { threadBudgetProblem } from '../command/thread-budget.js';
import type { Spec } from '../formats/spec.js';
import { awaitsApproval } from '../run/approval.js';
import { type EngineState, rowOf } from '../run/engine-state.js';
import {
  BASELINE_ID,
  commitOf,
  type ExperimentIdentity,
  type ExperimentRow,
  HEADSPACE_ID,
  isTerminal,
  isWaiting,
} from '../run/experiment-record.js';
import { changeSetOf, duplicateOf, ownCodeProblem } from './change-set.js';
import { startProblem } from './failed-starts.js';

export type Judged =
  | { ok: true; identity: Omit<ExperimentIdentity, 'nodeId' | 'kind' | 'origin'> }
  | { ok: false; reason: string };

export interface ProposalRules {
  state: EngineState;
  baseCommand: string;
  /** Launch command of each known experiment. */
  commands: ReadonlyMap<string, string>;
  gpuCount: number | null;
  /** Take launch commands that differ in more than the script's flags: what --allow-agent-commands says. */
  allowCommands: boolean;
  /** A person asks for it, who knows the machine: the budget of threads is for agents. */
  isPersons?: boolean;
  /** The proposal comes with its code, and needs no agent to write it. */
  hasCode?: boolean;
}

/** What travels in messages and stands in every prompt after this one has to be short. */
const LIST_LIMIT = 32;
const ITEM_LIMIT = 500;
const TEXT_LIMIT = 20_000;
/** The seeds are far within; anything beyond orders no better. */
const PRIORITY_LIMIT = 1_000_000;

export function judgeProposal(spec: Spec, rules: ProposalRules): Judged {
  const { state, baseCommand } = rules;
  const command = spec.launch_command || baseCommand;
  const otherCommand = launchCommandProblem(command, baseCommand);
  const refused =
    sizeProblem(spec) ??
    (rules.hasCode ? null : ownCodeProblem(spec.changes)) ??
    (rules.allowCommands ? null : otherCommand) ??
    (rules.isPersons
      ? null
      : threadBudgetProblem(command, {
          baseCommand,
          gpuCount: rules.gpuCount,
          sixteenBeatFewer: sixteenBeatFewer(rules),
        }));
  if (refused) return { ok: false, reason: refused };
  const start = startOf(spec.goto, state);
  if (!start)
    return {
      ok: false,
      reason: `goto ${JSON.stringify(spec.goto?.slice(0, 100))} is the commit of no experiment of this run`,
    };
  const parentId = stackedOn(spec, start.commit, state) ?? start.parentId;
  const ceiling = parentId === null ? HEADSPACE_ID : ceilingOf(state, parentId);
  const identity = {
    name: spec.name,
    parentId,
    // Only the log knows all parents: an engine may have left this one behind.
    ...(ceiling === HEADSPACE_ID ? {} : { ceiling }),
    startCommit: start.commit,
    priority: spec.priority ?? 0,
    // Flags do not tell two other programs apart.
    changeSet: changeSetOf(otherCommand === null ? spec.changes : [...spec.changes, command], command, baseCommand),
    tags: spec.best_practices_tags,
  };
  // Code is compared by its content, by who accepts it: other code under the same words is other work.
  const taught = rules.hasCode ? null : startProblem(state, identity);
  if (taught !== null) return { ok: false, reason: taught };
  const twin = rules.hasCode ? null : duplicateOf(state, identity);
  return twin ? { ok: false, reason: twinText(rowOf(state, twin)) } : { ok: true, identity };
}

/** What it repeats, and what may be done instead of it where that one still waits. */
function twinText(twin: ExperimentRow): string {
  const same = `${twin.nodeId} has the same changes on the same commit already`;
  if (awaitsApproval(twin)) return `${same}, and waits for an approval: approve that one`;
  if (isWaiting(twin)) return `${same}, and waits to be launched: a lower priority lets that one run first`;
  return isTerminal(twin) ? `${same}: it was tried` : `${same}: it is being tried`;
}

function sizeProblem(spec: Spec): string | null {
  for (const name of ['changes', 'best_practices_tags'] as const) {
    const list = spec[name];
    if (list.length > LIST_LIMIT) return `${name} has ${list.length} items; at most ${LIST_LIMIT} are taken`;
    const long = list.find((item) => item.length > ITEM_LIMIT);
    if (long !== undefined) return `${name} has an item of ${long.length} characters; at most ${ITEM_LIMIT} are taken`;
  }
  for (const name of ['description', 'hypothesis', 'change_summary', 'launch_command'] as const) {
    const { length } = spec[name];
    if (length > TEXT_LIMIT) return `${name} has ${length} characters; at most ${TEXT_LIMIT} are taken`;
  }
  const { priority } = spec;
  if (priority === null || Math.abs(priority) <= PRIORITY_LIMIT) return null;
  return `priority must be between -${PRIORITY_LIMIT} and ${PRIORITY_LIMIT}, not ${priority}`;
}

/**
 * Null or the base commit: from the base, under the baseline. Another commit (or 7 or more of its digits): under its
 * maker.
 */
export function startOf(
  goto: string | null,
  state: EngineState,
): { commit: string | null; parentId: string | null } | null {
  if (goto === null || goto === state.baseCommit || goto === state.anchorCommit)
    return { commit: null, parentId: BASELINE_ID };
  if (!/^[0-9a-f]{7,40}$/.test(goto)) return null;
  if (state.baseCommit?.startsWith(goto)) return { commit: null, parentId: BASELINE_ID };
  const maker = Object.values(state.experiments).find((row) => commitOf(row)?.startsWith(goto));
  return maker ? { commit: commitOf(maker), parentId: maker.nodeId } : null;
}

/** The experiment that a proposal says it builds on: one that changed flags alone shares its commit with others. */
function stackedOn(spec: Spec, startCommit: string | null, state: EngineState): string | null {
  const { stacks_on: below } = spec;
  const row = typeof below === 'string' && Object.hasOwn(state.experiments, below) && state.experiments[below];
  return row && commitOf(row) === (startCommit ?? state.baseCommit) ? row.nodeId : null;
}

/** Whether a measured run with 16 threads is better than every measured run with fewer. */
function sixteenBeatFewer({ state, commands }: ProposalRules): boolean {
  const measured = Object.values(state.experiments).flatMap((row) => {
    if (row.state.status !== 'completed' || row.kind === 'headspace') return [];
    const threads = Number(flagsOf(commands.get(row.nodeId) ?? '').get('--num-threads') ?? Number.NaN);
    return Number.isFinite(threads)
      ? [{ threads, objective: objectiveOf(row.state.metrics, row.state.durationS) }]
      : [];
  });
  const fewer = measured.filter(({ threads }) => threads < 16);
  const sixteen = measured.filter(({ threads }) => threads === 16);
  return fewer.length > 0 && sixteen.some((run) => fewer.every((other) => isBetter(run.objective, other.objective)));
}
