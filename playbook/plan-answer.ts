/**
 * The playbook's plan: the search's moves as specifications in the engine's format, with a reason for each practice
 * left out.
 */

import type { HistoryEntry, PlanTask } from '../agents/agent.js';
import { launchCommandProblem } from '../domain/command/launch-command-rules.js';
import { withFlag } from '../domain/command/launch-flags.js';
import { threadBudgetProblem } from '../domain/command/thread-budget.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import { experimentName, type Spec, SpecSchema } from '../domain/formats/spec.js';
import type { SearchMemory } from '../domain/memory/search-memory.js';
import { chanceText, foretold, foretoldText } from '../domain/model/foretold.js';
import type { OperatingPoint } from '../domain/model/operating-point.js';
import { MOVES, readMove } from '../domain/proposals/moves.js';
import { setChange } from './changes.js';
import { allowsOtherWork, impossiblePractices } from './impossible-practices.js';
import { type Axis, axisValue } from './search/axes.js';
import { BATCH_CAUTION } from './search/batch-moves.js';
import { proposeMoves, tagsOf } from './search/propose.js';
import type { Move } from './search/scored-moves.js';
import { objectiveOfEntry, type Trial } from './search/trials.js';
import type { Survey } from './survey.js';

export interface PlanInput {
  /** Of the base commit with the base launch command. */
  survey: Survey;
  history: readonly HistoryEntry[];
  evidence: Readonly<Record<string, Evidence>>;
  baseCommit: string;
  baseLaunchCommand: string;
  bestNodeId: string | null;
  /** What each job told of its pipeline; of a job that is missing here its evidence tells it. */
  points?: Readonly<Record<string, OperatingPoint>>;
  /** Ask the model of the pipeline for joint settings; else the search goes by rules alone. */
  withModel?: boolean;
  memory: SearchMemory;
  maxConcurrency: number;
  /** Parts of the best that did not help by themselves (agents/agent.ts). */
  doubted?: PlanTask['doubted'];
  /** Names of proposals that the engine has just refused. */
  refusedNames?: readonly string[];
  practices: { known: readonly string[]; tried: readonly string[]; notApplicable: readonly string[] };
  /** What the owner lets run besides the same work; absent for nothing. */
  allow?: readonly string[];
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
  const { baseLaunchCommand: baseCommand } = input;
  if (input.refusedNames?.includes(spec.name) || launchCommandProblem(command, baseCommand) !== null) return false;
  if (!allowsOtherWork(input) && (spec.work === 'other_work' || spec.changes.some(isOtherWork))) return false;
  const extended = axes.some(({ role, most }) => role === 'threads' && most > 16);
  return threadBudgetProblem(command, { baseCommand, gpuCount: null, sixteenBeatFewer: extended }) === null;
}

function isOtherWork(change: string): boolean {
  const move = readMove(change);
  return move !== null && MOVES[move.type].effect === 'other_work';
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
function specFor(move: Move, axes: readonly Axis[], incumbent: Trial, input: PlanInput): Spec {
  const { entry, setting } = move.from ?? incumbent;
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
    words.push(
      `${labelOf(axis, id)} ${axis ? axisValue(axis, setting) : (setting.values[id] ?? knob.value)} → ${value}`,
    );
    parts.push(axis ? shortName(axis, value) : `${wordOf(id)}_${value}`);
  }
  for (const change of move.structure) {
    changes.push(change);
    words.push(moveWords(change));
    parts.push(change.replace('split_stage:', 'split_').replace(/[^A-Za-z0-9_]+/g, '_'));
  }
  const tags = tagsOf(move, axes);
  const left = move.without === undefined ? '' : `${incumbent.entry.nodeId} without ${move.without}`;
  const summary = [left, words.join(', ')].filter((text) => text !== '').join(': ');
  const measured = objectiveOfEntry(entry);
  const predicted = move.predicted && measured ? foretold(move.predicted, measured) : null;
  const expects =
    predicted && move.predicted ? ` ${sentence(foretoldText(predicted))}${chanceText(move.predicted)}` : '';
  const caution = tags.includes('batch_size_tuning') ? ` ${BATCH_CAUTION}` : '';
  return SpecSchema.parse({
    name: nameOf(move.without === undefined ? parts : ['without', move.without.replace(/^\d+_/, ''), ...parts]),
    changes,
    change_summary: summary,
    description: `On top of ${entry.nodeId}: ${summary}.${caution}`,
    hypothesis: `${move.why}${expects}`,
    launch_command: command,
    goto: entry.commit === input.baseCommit ? null : entry.commit,
    best_practices_tags: tags,
    // Ours: what it builds on when flags alone tell them apart, and what it changes from.
    stacks_on: entry.nodeId,
    knobs_before: before,
    ...(move.work ? { work: move.work } : {}),
    ...(predicted ? { predicted } : {}),
  });
}

/** `own_executor:decode workers=8` -> `own executor decode (workers 8)`. */
function moveWords(change: string): string {
  const [name = '', ...numbers] = change.split(' ');
  const words = name.replaceAll('_', ' ').replace(':', ' ');
  return numbers.length === 0 ? words : `${words} (${numbers.join(', ').replaceAll('=', ' ')})`;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

const NAME_LENGTH = 40;

function nameOf(parts: readonly string[]): string {
  const name = experimentName(parts.join('_').toLowerCase().replace(/-/g, '_'));
  return name.slice(0, NAME_LENGTH).replace(/_+$/, '') || 'change';
}

function shortName(axis: Axis, value: number): string {
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
  if (!axis) return wordOf(id).replaceAll('_', ' ');
  return axis.role === 'concurrency' ? `${stageLabel(axis)} concurrency` : axis.knob.role.replaceAll('_', ' ');
}

function stageLabel(axis: Axis): string {
  return wordOf(axis.stages[0] ?? axis.knob.id) || 'stage';
}

/** The last part of a knob's id or a function's name, as a word. */
function wordOf(id: string): string {
  return id
    .split(/[/:.]/)
    .at(-1)!
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

function fileName(path: string): string {
  return path.split('/').at(-1)!;
}
