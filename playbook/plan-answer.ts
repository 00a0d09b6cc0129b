/**
 * The playbook's plan: the search's moves as specifications in the engine's format, with a reason for each practice
 * left out.
 */

import type { HistoryEntry } from '../agents/agent.js';
import { launchCommandProblem } from '../domain/command/launch-command-rules.js';
import { withFlag } from '../domain/command/launch-flags.js';
import { threadBudgetProblem } from '../domain/command/thread-budget.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import { experimentName, type Spec, SpecSchema } from '../domain/formats/spec.js';
import type { SearchMemory } from '../domain/memory/search-memory.js';
import { setChange } from './changes.js';
import { type Axis, axisValue } from './search/axes.js';
import { BATCH_CAUTION } from './search/batch-moves.js';
import { proposeMoves, tagsOf } from './search/propose.js';
import type { Move } from './search/scored-moves.js';
import type { Trial } from './search/trials.js';
import type { Survey } from './survey.js';

export interface PlanInput {
  /** Of the base commit with the base launch command. */
  survey: Survey;
  history: readonly HistoryEntry[];
  evidence: Readonly<Record<string, Evidence>>;
  baseCommit: string;
  baseLaunchCommand: string;
  bestNodeId: string | null;
  memory: SearchMemory;
  maxConcurrency: number;
  /** Names of proposals that the engine has just refused. */
  refusedNames?: readonly string[];
  practices: { known: readonly string[]; tried: readonly string[]; notApplicable: readonly string[] };
}

export interface Plan {
  action: 'launch' | 'stop';
  reasoning: string;
  experiments: Spec[];
  not_applicable: string[];
  /** What the code does not let the playbook change, a sentence each. */
  unreached: string[];
}

export function planProposals(input: PlanInput): Plan {
  const { history, practices } = input;
  const impossible = impossiblePractices(input);
  const isSettled = (tag: string) =>
    practices.tried.includes(tag) || practices.notApplicable.includes(tag) || impossible.has(tag);
  const untried = practices.known.filter((tag) => !isSettled(tag));
  const answer = proposeMoves({
    ...input,
    untried,
    allows: (move, axes, incumbent) => isAcceptable(specFor(move, axes, incumbent, input), axes, input),
  });
  const unseen = unseenOrigins(input);
  const reasons = [...answer.reasons, ...unseen, ...impossible.values()];
  const unreached = [...new Set([...unseen, ...impossible.values(), ...otherProblems(input, unseen)])];
  if (answer.action !== 'launch') {
    if (answer.action === 'stop') {
      for (const tag of untried) {
        if (isOpen(history, tag)) continue;
        const why = answer.isAtCeiling
          ? 'faster loading cannot make this run faster'
          : 'nothing untried of it is worth a job';
        impossible.set(tag, `${tag} is left out: ${why}.`);
        reasons.push(impossible.get(tag)!);
      }
    }
    return {
      action: answer.action === 'stop' ? 'stop' : 'launch',
      reasoning: reasons.join(' '),
      experiments: [],
      not_applicable: [...impossible.keys()],
      unreached,
    };
  }
  const { incumbent, moves, axes } = answer;
  const experiments = moves.map((move) => specFor(move, axes, incumbent, input));
  const not_applicable = [...impossible.keys()];
  return { action: 'launch', reasoning: reasons.join(' '), experiments, not_applicable, unreached };
}

/** The engine's own rules for commands, asked beforehand: a proposal that it refuses would be made again and again. */
function isAcceptable(spec: Spec, axes: readonly Axis[], input: PlanInput): boolean {
  const { launch_command: command } = spec;
  if (input.refusedNames?.includes(spec.name) || launchCommandProblem(command, input.baseLaunchCommand) !== null)
    return false;
  const extended = axes.some(({ role, most }) => role === 'threads' && most > 16);
  return threadBudgetProblem(command, { gpuCount: null, sixteenBeatFewer: extended }) === null;
}

/** Concurrencies that the code does not show, with what the jobs ran. */
function unseenOrigins({ survey, evidence }: PlanInput): string[] {
  const rows = Object.values(evidence).flatMap(({ stages }) => stages);
  const unseen = survey.pipelines.flatMap(({ stages }) =>
    stages.filter(({ kind, knob, concurrency }) => kind === 'pipe' && knob === null && concurrency === null),
  );
  return unseen.flatMap(({ function: name }) => {
    const row = rows.find((each) => each.function === name);
    return row === undefined
      ? []
      : [`\`${name}\` runs ${row.concurrency} at a time: where the ${row.concurrency} comes from could not be seen.`];
  });
}

/** What was not understood of the code, but for the concurrencies that a sentence of their own tells of. */
function otherProblems({ survey: { problems } }: PlanInput, unseen: readonly string[]): string[] {
  const told = (problem: string) => unseen.length > 0 && problem.includes('concurrency comes from');
  return problems.filter((problem) => !told(problem)).map((problem) => `${problem}.`);
}

function isOpen(entries: readonly HistoryEntry[], tag: string): boolean {
  return entries.some(({ status, spec }) => status === 'open' && spec.best_practices_tags.includes(tag));
}

/** Tags that cannot be tried on this pipeline, each with a sentence that says why. */
function impossiblePractices({ survey, history, practices }: PlanInput): Map<string, string> {
  const reasons = new Map<string, string>();
  const has = (...roles: string[]) => survey.knobs.some(({ role }) => roles.includes(role));
  if (!has('batch_size')) {
    reasons.set('batch_size_tuning', 'batch_size_tuning does not apply: no batch size was found that could be set.');
  } else if (!history.some(({ result }) => result?.metrics.throughput_samples_per_s != null)) {
    reasons.set(
      'batch_size_tuning',
      'batch_size_tuning does not apply: no run tells its throughput, and step times of different batch sizes cannot be compared.',
    );
  }
  if (!has('stage_concurrency', 'num_threads')) {
    reasons.set(
      'concurrency_tuning',
      'concurrency_tuning does not apply: no stage concurrency or thread count was found that could be set.',
    );
  }
  const mtp = history.filter(({ spec }) => spec.best_practices_tags.includes('mtp'));
  if (mtp.length > 0 && mtp.every(({ status }) => status === 'failed' || status === 'cancelled')) {
    const why =
      survey.pipelines.map(({ mtp: m }) => m.reason).find((reason) => reason !== '') ?? mtp.at(-1)!.failure?.message;
    reasons.set('mtp', `mtp does not apply: ${(why ?? 'it did not run').split('\n')[0]!.slice(0, 300)}.`);
  }
  if (practices.known.includes('gpu_video_decode')) {
    const why = survey.decodesVideo ? 'the playbook cannot rewrite a decoder for the GPU' : 'no video is decoded';
    reasons.set('gpu_video_decode', `gpu_video_decode does not apply: ${why}.`);
  }
  for (const tag of practices.tried) reasons.delete(tag);
  return reasons;
}

function specFor(move: Move, axes: readonly Axis[], incumbent: Trial, input: PlanInput): Spec {
  const { entry, setting } = incumbent;
  let command = entry.spec.launch_command || input.baseLaunchCommand;
  const changes: string[] = [];
  const words: string[] = [];
  const parts: string[] = [];
  const before: Record<string, number> = {};
  for (const [id, value] of Object.entries(move.values)) {
    const knob = input.survey.knobs.find((each) => each.id === id);
    if (!knob) continue;
    if (knob.where.type === 'flag') command = withFlag(command, knob.where.flag, value, fileName(input.survey.script));
    else {
      changes.push(setChange(knob, value));
      before[id] = setting.values[id] ?? knob.value;
    }
    const axis = axes.find((each) => each.knob.id === id);
    words.push(`${labelOf(axis, id)} ${axis ? axisValue(axis, setting) : '?'} → ${value}`);
    parts.push(shortName(axis, value));
  }
  for (const change of move.structure) {
    changes.push(change);
    words.push(change.replace('split_stage:', 'split stage '));
    parts.push(change.replace('split_stage:', 'split_'));
  }
  const tags = tagsOf(move, axes);
  const summary = words.join(', ');
  const caution = tags.includes('batch_size_tuning') ? ` ${BATCH_CAUTION}` : '';
  return SpecSchema.parse({
    name: nameOf(parts),
    changes,
    change_summary: summary,
    description: `On top of ${entry.nodeId}: ${summary}.${caution}`,
    hypothesis: move.why,
    launch_command: command,
    goto: entry.commit === input.baseCommit ? null : entry.commit,
    best_practices_tags: tags,
    // Ours: what it builds on when flags alone tell them apart, and what it changes from.
    stacks_on: entry.nodeId,
    knobs_before: before,
  });
}

const NAME_LENGTH = 40;

function nameOf(parts: readonly string[]): string {
  const name = experimentName(parts.join('_').toLowerCase().replace(/-/g, '_'));
  return name.slice(0, NAME_LENGTH).replace(/_+$/, '') || 'change';
}

function shortName(axis: Axis | undefined, value: number): string {
  if (!axis) return `set${value}`;
  switch (axis.role) {
    case 'concurrency':
      return `${stageLabel(axis)}_c${value}`;
    case 'threads':
      return `threads${value}`;
    case 'batch':
      return `batch${value}`;
    case 'buffer':
      return `${axis.knob.role === 'prefetch' ? 'prefetch' : 'buffer'}${value}`;
  }
}

function labelOf(axis: Axis | undefined, id: string): string {
  if (!axis) return id;
  return axis.role === 'concurrency' ? `${stageLabel(axis)} concurrency` : axis.knob.role.replaceAll('_', ' ');
}

function stageLabel(axis: Axis): string {
  const name = axis.stages[0] ?? axis.knob.id.split(/[:.]/).at(-1)!;
  return (
    name
      .split('.')
      .at(-1)!
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '') || 'stage'
  );
}

function fileName(path: string): string {
  return path.split('/').at(-1)!;
}
